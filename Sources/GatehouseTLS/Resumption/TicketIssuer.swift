import GatehouseCrypto
import GatehouseSystem

/// Gives a client tickets to come back with (RFC 9846 §4.7.1).
struct TicketIssuer: ~Copyable {
    private let configuration: ServerConfiguration
    private let resumptionSecret: ResumptionSecret
    private let session: SessionState
    private let count: Int

    /// `nil` when this client gets none.
    init?(_ agreement: borrowing ServerAgreement, _ authentication: borrowing ClientAuthentication, now: Int64) {
        // Nothing is stored before it is clear that there will be tickets: the optimiser would destroy the rest as well.
        let accepted = agreement.accepted
        let configuration = accepted.configuration
        let modes = accepted.hello.pskKeyExchangeModes ?? []
        let canComeBack =
            modes.contains(.pskWithDHE) || modes.contains(.pskOnly) && configuration.allowsPSKOnlyKeyExchange
        let isDoubtful: Bool
        var (authenticatedAt, authenticationEnds) = (now, Int64.max)
        switch authentication {
        case .certificate(let proof):
            isDoubtful = proof.certificate.isDoubtful
            authenticationEnds = proof.certificate.validUntil
        default: isDoubtful = false
        }
        if let earlier = accepted.selected?.session {
            (authenticatedAt, authenticationEnds) = (earlier.authenticatedAt, earlier.authenticationEnds)
        }
        // No ticket outlives the authentication that it rests on.
        let remaining = min(authenticatedAt + Limits.sessionAge, authenticationEnds) - now
        let lifetime = min(Int64(configuration.ticketLifetime), remaining)
        guard accepted.ticketCount > 0, canComeBack, !isDoubtful, lifetime > 0 else { return nil }
        self.configuration = configuration
        count = accepted.ticketCount
        resumptionSecret = agreement.mainSecret.resumption(agreement.transcript.hash)
        session = SessionState(
            cipherSuite: accepted.parameters.suite, preSharedKey: SharedSecret(copying: []), ticketID: [],
            issuedAt: now, lifetime: UInt32(lifetime), ticketAgeAdd: 0, authenticatedAt: authenticatedAt,
            authenticationEnds: authenticationEnds, binding: configuration.binding(accepted.negotiation.serverName),
            applicationProtocol: accepted.negotiation.applicationProtocol,
            maxEarlyDataSize: configuration.earlyData?.maximumSize ?? 0,
            replayGuardID: configuration.earlyData?.replayGuard.id ?? [], peer: .none,
            serverCertificateType: agreement.certificateTypes.server)
    }

    /// All in as few records as they fit.
    func issue(_ core: inout ConnectionCore) throws(TLSError) {
        var messages: [UInt8] = []
        for index in 0..<count {
            let published = core.replay?.ticket
            let nonce = published?.ticketNonce ?? [UInt8(index)]
            var session = session
            session.peer = core.session?.peer ?? .none
            session.ticketID = SystemRandomness.bytes(16)
            session.ticketAgeAdd =
                published?.ticketAgeAdd ?? SystemRandomness.bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
            session.preSharedKey = SharedSecret(resumptionSecret.preSharedKey(ticketNonce: nonce))
            guard let ticket = try ticket(for: session, published) else { break }
            var message = NewSessionTicket(
                ticketLifetime: session.lifetime, ticketAgeAdd: session.ticketAgeAdd, ticketNonce: nonce,
                ticket: ticket)
            if session.maxEarlyDataSize > 0 {
                message.extensions.order.append(.earlyData)
                message.maxEarlyDataSize = session.maxEarlyDataSize
            }
            messages += message.encoded()
        }
        if !messages.isEmpty { try core.send(messages) }
    }

    private func ticket(
        for session: SessionState, _ published: NewSessionTicket?
    ) throws(TLSError) -> [UInt8]? {
        if let published { return published.ticket }
        switch configuration.resumption {
        case .disabled: return nil
        case .tickets(let keys): return try SealedTicket.seal(session, keys)
        case .store(let store): return store.keep(session)
        }
    }
}
