/// How a server lets clients come back without a full handshake.
@nonexhaustive
public enum ServerResumption: Sendable {
    /// Not at all: no tickets are given out.
    case disabled
    /// Tickets that carry the session, sealed under these keys.
    case tickets(TicketKeys)
    /// Tickets that name a session in this store; each is good once.
    case store(SessionStore)
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
