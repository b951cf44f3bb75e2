public import GatehouseTLS
import Synchronization

/// What a server has seen since it was made.
public struct SSLServerStatistics: Sendable, Hashable {
    /// Connections accepted.
    public internal(set) var accepted = 0
    /// Handshakes completed.
    public internal(set) var completed = 0
    /// How many of the completed handshakes resumed an earlier session; the others were full ones.
    public internal(set) var resumed = 0
    /// Connections that failed before they were encrypted, by what went wrong: `.notTLS`, `.socketTimeout`, and
    /// `.socketResource` for those that had to make room for others.
    public internal(set) var failures: [SocketError: Int] = [:]
    /// Alerts written to the transport, `close_notify` included, on all connections that were accepted.
    public internal(set) var alertsSent: [AlertDescription: Int] = [:]
    /// Alerts that clients have sent, `close_notify` included.
    public internal(set) var alertsReceived: [AlertDescription: Int] = [:]
    /// Handshakes in flight now.
    public internal(set) var inFlight = 0
    /// Encrypted connections that wait to be taken.
    public internal(set) var queued = 0
    /// Connections that are open now, those in flight and queued included.
    public internal(set) var open = 0

    /// Connections that failed before they were encrypted, for whatever reason.
    public var failed: Int { failures.values.reduce(0, +) }
}

/// The counters of one loop: each loop writes its own, so that none waits for another.
final class LoopCounters: Sendable {
    /// What is counted by kind; it happens a few times in a connection's life.
    struct Tally: Sendable {
        var failures: [SocketError: Int] = [:]
        var alertsSent: [AlertDescription: Int] = [:]
        var alertsReceived: [AlertDescription: Int] = [:]
    }

    let accepted = Atomic<Int>(0)
    let completed = Atomic<Int>(0)
    let resumed = Atomic<Int>(0)
    let inFlight = Atomic<Int>(0)
    let open = Atomic<Int>(0)
    let tally = Mutex(Tally())

    var openNow: Int { open.load(ordering: .relaxed) }

    fileprivate func add(to statistics: inout SSLServerStatistics) {
        statistics.accepted += accepted.load(ordering: .relaxed)
        statistics.completed += completed.load(ordering: .relaxed)
        statistics.resumed += resumed.load(ordering: .relaxed)
        statistics.inFlight += inFlight.load(ordering: .relaxed)
        statistics.open += openNow
        let tally = tally.withLock { $0 }
        statistics.failures.merge(tally.failures, uniquingKeysWith: +)
        statistics.alertsSent.merge(tally.alertsSent, uniquingKeysWith: +)
        statistics.alertsReceived.merge(tally.alertsReceived, uniquingKeysWith: +)
    }
}

/// What a server's loops share: their counters, at whose sums limits look, and whether anything is accepted.
final class ServerCounters: Sendable {
    let loops: [LoopCounters]
    /// A pause counts at once on every loop, before the loop hears of it.
    let isPaused = Atomic<Bool>(false)

    init(loops: Int) {
        self.loops = (0..<loops).map { _ in LoopCounters() }
    }

    /// Connections that are open now.
    var open: Int { loops.reduce(0) { $0 + $1.openNow } }
    /// Handshakes that are in flight now.
    var inFlight: Int { loops.reduce(0) { $0 + $1.inFlight.load(ordering: .relaxed) } }

    /// Everything but the queue's length.
    var statistics: SSLServerStatistics {
        var statistics = SSLServerStatistics()
        for loop in loops { loop.add(to: &statistics) }
        return statistics
    }
}
