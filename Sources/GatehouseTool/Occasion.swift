import Synchronization

/// Something that happens once, for one who waits for it.
final class Occasion: Sendable {
    private struct State {
        var hasHappened = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Later calls change nothing.
    func happen() {
        let waiter = state.withLock { state in
            state.hasHappened = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when it has happened.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasHappened { state.waiter = continuation }
                return state.hasHappened
            }
            if isOver { continuation.resume() }
        }
    }
}
