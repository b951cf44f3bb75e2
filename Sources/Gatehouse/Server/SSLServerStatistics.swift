import Synchronization

/// What a server has seen since it was made.
public struct SSLServerStatistics: Sendable, Hashable {
    /// TCP connections accepted.
    public internal(set) var accepted = 0
    /// Handshakes completed.
    public internal(set) var completed = 0
    /// Connections that failed before they were encrypted, for whatever reason; the following are part of it.
    public internal(set) var failed = 0
    /// Connections whose first byte was not that of a TLS handshake.
    public internal(set) var notTLS = 0
    /// Connections that were not encrypted in time.
    public internal(set) var timedOut = 0
    /// Connections that had to make room for others.
    public internal(set) var displaced = 0
    /// Handshakes in flight now.
    public internal(set) var inFlight = 0
    /// Encrypted connections that wait to be taken.
    public internal(set) var queued = 0
    /// Connections that are open now, those in flight and queued included.
    public internal(set) var open = 0
}

/// The counters of one loop: each loop writes its own, so that none waits for another.
final class LoopCounters: Sendable {
    let accepted = Atomic<Int>(0)
    let completed = Atomic<Int>(0)
    let failed = Atomic<Int>(0)
    let notTLS = Atomic<Int>(0)
    let timedOut = Atomic<Int>(0)
    let displaced = Atomic<Int>(0)
    let inFlight = Atomic<Int>(0)
    let open = Atomic<Int>(0)

    func add(to statistics: inout SSLServerStatistics) {
        statistics.accepted += accepted.load(ordering: .relaxed)
        statistics.completed += completed.load(ordering: .relaxed)
        statistics.failed += failed.load(ordering: .relaxed)
        statistics.notTLS += notTLS.load(ordering: .relaxed)
        statistics.timedOut += timedOut.load(ordering: .relaxed)
        statistics.displaced += displaced.load(ordering: .relaxed)
        statistics.inFlight += inFlight.load(ordering: .relaxed)
        statistics.open += open.load(ordering: .relaxed)
    }
}
