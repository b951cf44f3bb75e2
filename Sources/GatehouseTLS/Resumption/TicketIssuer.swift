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
        let count = agreement.accepted.ticketCount
        guard count > 0 else { return nil }
        let configuration = agreement.accepted.configuration
        let modes = agreement.accepted.hello.pskKeyExchangeModes ?? []
        let canComeBack =
            modes.contains(.pskWithDHE) || modes.contains(.pskOnly) && configuration.allowsPSKOnlyKeyExchange
        let isDoubtful: Bool
        var (authenticatedAt, authenticationEnds) = (now, Int64.max)
        switch authentication {
        case .certificate(let proof):
            isDoubtful = proof.certificate.isDoubtful
            authenticationEnds = proof.certificate.validUntil
        case .anonymous(let allowed): isDoubtful = allowed.isDoubtful
        case .preSharedKey: isDoubtful = false
        }
        if let earlier = agreement.accepted.selected?.session {
            (authenticatedAt, authenticationEnds) = (earlier.authenticatedAt, earlier.authenticationEnds)
        }
        // No ticket outlives the authentication that it rests on.
        let remaining = min(authenticatedAt + Limits.sessionAge, authenticationEnds) - now
        let lifetime = min(Int64(configuration.ticketLifetime), remaining)
        guard canComeBack, !isDoubtful, lifetime > 0 else { return nil }
        self.configuration = configuration
        self.count = count
        resumptionSecret = agreement.mainSecret.resumption(agreement.transcript.hash)
        session = SessionState(
            cipherSuite: agreement.accepted.parameters.suite, preSharedKey: SharedSecret(copying: []), ticketID: [],
            issuedAt: now, lifetime: UInt32(lifetime), ticketAgeAdd: 0, authenticatedAt: authenticatedAt,
            authenticationEnds: authenticationEnds,
            binding: configuration.binding(agreement.accepted.negotiation.serverName),
            applicationProtocol: agreement.accepted.negotiation.applicationProtocol,
            maxEarlyDataSize: configuration.earlyData?.maximumSize ?? 0,
            replayGuardID: configuration.earlyData?.replayGuard.id ?? [], peer: .none,
            serverCertificateType: agreement.certificateTypes.server)
    }

    /// The sessions that the client gets tickets for.
    func sessions(_ core: borrowing ConnectionCore) -> PendingTickets {
        let published = core.replay?.ticket
        let tickets = (0..<count).map { index in
            let nonce = published?.ticketNonce ?? [UInt8(index)]
            var session = session
            session.peer = core.session?.peer ?? .none
            session.ticketID = SystemRandomness.bytes(16)
            session.ticketAgeAdd =
                published?.ticketAgeAdd ?? SystemRandomness.bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
            session.preSharedKey = SharedSecret(resumptionSecret.preSharedKey(ticketNonce: nonce))
            return PendingTickets.Ticket(nonce: nonce, session: session)
        }
        return PendingTickets(
            resumption: configuration.resumption, tickets: tickets, published: published?.ticket,
            resumesAcrossNames: configuration.resumesAcrossNames, sendsGREASE: configuration.sendsGREASE)
    }
}

/// Sessions whose tickets have not been made yet.
struct PendingTickets: Sendable {
    struct Ticket: Sendable {
        let nonce: [UInt8]
        let session: SessionState
    }

    let resumption: ServerResumption
    let tickets: [Ticket]
    /// The ticket of a published trace.
    let published: [UInt8]?
    let resumesAcrossNames: Bool
    let sendsGREASE: Bool

    /// Whether the application makes the tickets, later.
    var areSealedLater: Bool {
        if case .asksForTickets = resumption { true } else { false }
    }

    /// What the application gets to make tickets of.
    var encodedSessions: [[UInt8]] { tickets.map { $0.session.encoded() } }

    /// Makes the tickets and sends them.
    func send(_ core: inout ConnectionCore) throws(TLSError) {
        var sealed: [[UInt8]?] = []
        for ticket in tickets { sealed.append(try seal(ticket.session)) }
        try send(sealed, &core)
    }

    private func seal(_ session: SessionState) throws(TLSError) -> [UInt8]? {
        if let published { return published }
        switch resumption {
        case .disabled, .asksForTickets: return nil
        case .tickets(let keys): return try SealedTicket.seal(session, keys)
        case .store(let store): return store.keep(session)
        case .sealer(let sealer): return sealer.seal(session.encoded())
        }
    }

    /// All in as few records as they fit.
    func send(_ sealed: [[UInt8]?], _ core: inout ConnectionCore) throws(TLSError) {
        var messages: [UInt8] = []
        for (pending, ticket) in zip(tickets, sealed) {
            guard let ticket, (1...SealedTicket.maximumLength).contains(ticket.count) else { continue }
            let session = pending.session
            var message = NewSessionTicket(
                ticketLifetime: session.lifetime, ticketAgeAdd: session.ticketAgeAdd, ticketNonce: pending.nonce,
                ticket: ticket)
            if session.maxEarlyDataSize > 0 {
                message.extensions.order.append(.earlyData)
                message.maxEarlyDataSize = session.maxEarlyDataSize
            }
            if resumesAcrossNames {
                message.extensions.order.append(.tlsFlags)
                message.flags = TicketFlags([TicketFlags.resumptionAcrossNames])
            }
            if sendsGREASE { GREASE.add(to: &message.extensions) }
            messages += message.encoded()
        }
        if !messages.isEmpty { try core.send(messages) }
    }
}
