/// How a server lets clients come back without a full handshake.
@nonexhaustive
public enum ServerResumption: Sendable {
    /// Not at all: no tickets are given out.
    case disabled
    /// Tickets that carry the session, sealed under these keys.
    case tickets(TicketKeys)
    /// Tickets that name a session in this store; each is good once.
    case store(SessionStore)
    /// Tickets that carry the session, sealed and opened by somebody else within the call.
    case sealer(any TicketSealer)
    /// Tickets that carry the session, sealed and opened elsewhere: the connection pauses for `Need.ticketSealing` and
    /// `Need.ticketOpening`.
    case asksForTickets
}

/// Seals and opens tickets with keys of its own. Who needs time for it uses `ServerResumption.asksForTickets`.
public protocol TicketSealer: Sendable {
    /// Makes a ticket of a session.
    ///
    /// - Parameter session: some hundred bytes, more with a client's certificates. They are a secret: who has them can
    ///   pose as the client, and read what it sends early.
    /// - Returns: 1 to 4096 bytes, which keep the session secret and show any change; `nil`: no ticket.
    func seal(_ session: [UInt8]) -> [UInt8]?

    /// Opens a ticket.
    ///
    /// - Parameter ticket: whatever a client sends.
    /// - Returns: the session; `nil` when it is no ticket of ours.
    func open(_ ticket: [UInt8]) -> [UInt8]?
}

/// Whether a pre-shared key is the only way in.
@nonexhaustive
public enum PreSharedKeyPolicy: Sendable {
    /// Clients that offer no key that we know are served with a certificate.
    case orCertificate
    /// They are turned away.
    case required
}

/// What a server takes as early data (RFC 9846 §2.3): data that anybody who saw it can send again, elsewhere or later,
/// and that is not forward secret. Only requests that may be repeated belong there.
public struct EarlyDataPolicy: Sendable {
    /// How much a client may send, in bytes of plaintext; at least 1.
    public var maximumSize: UInt32
    /// Remembers which tickets have been used.
    public var replayGuard: any ReplayGuard
    /// By how many seconds the client's idea of its ticket's age may differ from ours.
    public var ageTolerance = 10

    /// Early data up to `maximumSize` bytes, each ticket's at most once.
    public init(maximumSize: UInt32, replayGuard: any ReplayGuard) {
        self.maximumSize = maximumSize
        self.replayGuard = replayGuard
    }
}
