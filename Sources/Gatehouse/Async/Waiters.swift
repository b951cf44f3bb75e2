/// Tasks that wait until a server's state changes.
struct Waiters: Sendable {
    private var waiting: [(id: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
    private var lastID: UInt64 = 0

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func add(_ id: UInt64, _ continuation: CheckedContinuation<Void, Never>) {
        waiting.append((id, continuation))
    }

    /// Lets one go on, if it still waits.
    mutating func resume(_ id: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume()
    }

    /// Lets all go on, in the order in which they came.
    mutating func resumeAll() {
        guard !waiting.isEmpty else { return }
        let resumed = waiting
        waiting = []
        for waiter in resumed { waiter.continuation.resume() }
    }
}
