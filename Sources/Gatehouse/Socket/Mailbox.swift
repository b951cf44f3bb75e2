import GatehouseSystem
import Synchronization

/// What other threads have for a socket. Its loop takes it; so does a wait that holds the loop up.
final class Mailbox: Sendable {
    typealias Letter = @Sendable (_ socket: isolated SSLSocket) -> Void

    private struct State {
        var letters: [Letter] = []
        var sleeper: Poller?
    }

    private let state = Mutex(State())

    /// Puts a letter in and wakes a sleeping wait.
    func add(_ letter: @escaping Letter) {
        let sleeper = state.withLock { state in
            state.letters.append(letter)
            return state.sleeper
        }
        sleeper?.wake()
    }

    func takeAll() -> [Letter] {
        state.withLock { state in
            defer { state.letters = [] }
            return state.letters
        }
    }

    /// Sleeps until the poller has something to tell, a letter comes, or the time is over.
    func sleep(on poller: Poller, milliseconds: Int32?) -> [Readiness] {
        let hasLetters = state.withLock { state in
            state.sleeper = poller
            return !state.letters.isEmpty
        }
        defer { state.withLock { $0.sleeper = nil } }
        var ready: [Readiness] = []
        poller.wait(milliseconds: hasLetters ? 0 : milliseconds, into: &ready)
        return ready
    }
}

extension SSLSocket {
    /// Runs `body` on the loop, as ``LoopBound/perform(_:)`` does, and also while a slot of the loop waits for this
    /// socket.
    nonisolated func post(_ body: @escaping Mailbox.Letter) {
        mailbox.add(body)
        perform { $0.readMail() }
    }

    /// Runs `body` in a turn of the loop of its own, whoever calls, and also while a slot of the loop waits for this
    /// socket.
    nonisolated func postpone(_ body: @escaping Mailbox.Letter) {
        mailbox.add(body)
        loop.post { self.assumeIsolated { $0.readMail() } }
    }

    func readMail() {
        for letter in mailbox.takeAll() { letter(self) }
    }
}
