import GatehouseSystem
import Synchronization

/// Remembers the tickets whose early data has been taken, so that none is taken twice (RFC 9846 §8.1).
///
/// One guard serves all connections of a server, whatever their thread; several servers that accept each other's
/// tickets share a store of their own behind this protocol.
public protocol ReplayGuard: Sendable {
    /// Names the guard's memory. A ticket is good for early data only with the guard that it was issued under, so that
    /// what a lost memory knew cannot be replayed. At most 255 bytes; random, and new whenever the memory is lost.
    var id: [UInt8] { get }

    /// Records that a ticket is used.
    ///
    /// - Parameters:
    ///   - ticketID: 16 bytes.
    ///   - expiry: seconds since 1970: from then on the ticket is refused without asking.
    ///   - now: seconds since 1970.
    /// - Returns: whether this is the first use, and it has been recorded. A store that is full or cannot be reached
    ///   answers `false`: the handshake goes on without early data.
    func recordFirstUse(of ticketID: [UInt8], until expiry: Int64, now: Int64) -> Bool
}

/// A replay guard in the memory of one process.
public final class InMemoryReplayGuard: ReplayGuard {
    /// Random, and new with each guard.
    public let id = SystemRandomness.bytes(16)
    private let capacity: Int
    private let expiries = Mutex<[[UInt8]: Int64]>([:])

    /// A guard that remembers at most `capacity` tickets, about 100 bytes each. When it is full of tickets that have
    /// not expired, early data is refused.
    public init(capacity: Int = 100_000) {
        self.capacity = max(capacity, 1)
    }

    /// Records that a ticket is used; `false` when it was before, or the guard is full.
    public func recordFirstUse(of ticketID: [UInt8], until expiry: Int64, now: Int64) -> Bool {
        expiries.withLock { expiries in
            guard expiries[ticketID] == nil else { return false }
            if expiries.count >= capacity { expiries = expiries.filter { $0.value > now } }
            guard expiries.count < capacity else { return false }
            expiries[ticketID] = expiry
            return true
        }
    }
}
