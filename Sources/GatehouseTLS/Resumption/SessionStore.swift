import GatehouseSystem
import Synchronization

/// Sessions kept on the server; the ticket is only their name. Each is given out once.
///
/// It is bounded: when it is full, the oldest session goes. All connections that share it see the same sessions.
///
/// ```swift
/// configuration.resumption = .store(SessionStore(capacity: 10_000))
/// ```
public final class SessionStore: Sendable {
    private static let magic = Array("GHs1".utf8)

    private struct Contents {
        var sessions: [[UInt8]: SessionState] = [:]
        /// The tickets in the order in which they were given out; those already used are skipped when they come up.
        var order: [[UInt8]] = []
        var oldest = 0
    }

    private let capacity: Int
    private let contents = Mutex(Contents())

    /// A store for at most `capacity` sessions, at least one.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    /// How many sessions are kept.
    public var count: Int {
        contents.withLock { $0.sessions.count }
    }

    static func isOurs(_ identity: [UInt8]) -> Bool {
        identity.starts(with: magic)
    }

    func keep(_ session: SessionState) -> [UInt8] {
        let ticket = Self.magic + SystemRandomness.bytes(32)
        keep(session, as: ticket)
        return ticket
    }

    func keep(_ session: SessionState, as ticket: [UInt8]) {
        contents.withLock { contents in
            contents.sessions[ticket] = session
            contents.order.append(ticket)
            while contents.sessions.count > capacity, contents.oldest < contents.order.count {
                contents.sessions[contents.order[contents.oldest]] = nil
                contents.oldest += 1
            }
            // Names of sessions that are gone are dropped in bulk: no more of them are held than of sessions.
            if contents.order.count > 2 * capacity + 64 {
                contents.order.removeFirst(contents.oldest)
                contents.order.removeAll { contents.sessions[$0] == nil }
                contents.oldest = 0
            }
        }
    }

    func session(for ticket: [UInt8]) -> SessionState? {
        contents.withLock { $0.sessions[ticket] }
    }

    /// Uses a ticket up; `false` when somebody else was faster.
    func use(_ ticket: [UInt8]) -> Bool {
        contents.withLock { $0.sessions.removeValue(forKey: ticket) != nil }
    }
}
