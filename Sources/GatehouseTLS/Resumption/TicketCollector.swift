import GatehouseCrypto

/// Makes sessions of the tickets that a server sends (RFC 9846 §4.7.1).
struct TicketCollector: ~Copyable, Sendable {
    private let resumptionSecret: ResumptionSecret
    /// What every ticket of this connection has in common.
    private let template: SessionState
    private let isDoubtful: Bool

    init(
        _ offer: borrowing ClientOffer, _ parameters: CipherSuiteParameters, _ selected: OfferedKey?,
        _ resumptionSecret: consuming ResumptionSecret, _ authentication: borrowing ServerAuthentication,
        _ session: NegotiatedSession?, now: Int64
    ) {
        self.resumptionSecret = resumptionSecret
        var (authenticatedAt, authenticationEnds) = (now, Int64.max)
        switch authentication {
        case .certificate(let proof):
            isDoubtful = proof.certificate.isDoubtful
            authenticationEnds = proof.certificate.validUntil
        case .resumption(let proof): isDoubtful = proof.certificate.isDoubtful
        case .preSharedKey: isDoubtful = false
        }
        if let earlier = selected?.session?.state {
            (authenticatedAt, authenticationEnds) = (earlier.authenticatedAt, earlier.authenticationEnds)
        }
        template = SessionState(
            cipherSuite: parameters.suite, preSharedKey: SharedSecret(copying: []), ticketID: [], issuedAt: now,
            lifetime: 0, ticketAgeAdd: 0, authenticatedAt: authenticatedAt, authenticationEnds: authenticationEnds,
            binding: offer.configuration.binding(offer.name?.sessionName),
            applicationProtocol: session?.applicationProtocol, maxEarlyDataSize: 0, replayGuardID: [],
            peer: session?.peer ?? .none, serverCertificateType: session?.peer.type ?? .x509)
    }

    /// `nil` when the session must not be resumed.
    func session(_ message: NewSessionTicket, now: Int64) -> ClientSession? {
        // RFC 9846 §4.7.1: "The value of zero indicates that the ticket should be discarded immediately."
        guard message.ticketLifetime > 0, !isDoubtful else { return nil }
        var state = template
        state.preSharedKey = SharedSecret(resumptionSecret.preSharedKey(ticketNonce: message.ticketNonce))
        state.issuedAt = now
        // "Clients MUST NOT cache tickets for longer than 7 days, regardless of the ticket_lifetime".
        state.lifetime = min(message.ticketLifetime, UInt32(Limits.sessionAge))
        state.ticketAgeAdd = message.ticketAgeAdd
        state.maxEarlyDataSize = message.maxEarlyDataSize ?? 0
        state.isResumableAcrossNames = message.flags?.contains(TicketFlags.resumptionAcrossNames) ?? false
        return ClientSession(ticket: message.ticket, state: state)
    }
}
