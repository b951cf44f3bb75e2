import GatehouseCrypto

/// Knows who the client is, as far as it has to; awaits its Finished.
struct AwaitingClientFinished: ~Copyable, Sendable {
    var agreement: ServerAgreement
    let authentication: ClientAuthentication

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let finished = try message.decode(as: Finished.self)
        let proof = try finished.verify(agreement.clientHandshakeTraffic, agreement.transcript.hash)
        agreement.transcript.append(message.bytes)
        let parameters = agreement.accepted.parameters
        core.keep(agreement.accepted.configuration.clientAuthentication)
        let opener = try agreement.application.client.opener(parameters.aead)
        core.reader.install(opener, try core.joiner.aligned())
        let tickets = TicketIssuer(agreement, authentication, now: core.now)?.sessions(core)
        let requester = agreement.requester
        let keys = EstablishedKeys.server(parameters, agreement.application)
        if let tickets, tickets.areSealedLater {
            core.tell(.needs(.ticketSealing(sessions: tickets.encodedSessions)))
            return .sealingTickets(
                SealingTickets(
                    tickets: tickets, finished: proof, authentication: authentication, keys: keys,
                    requester: requester))
        }
        try tickets?.send(&core)
        return .connected(
            ServerConnected(
                finished: proof, authentication: authentication, keys: keys, requester: requester, &core))
    }
}

/// Waits for the application to make tickets.
struct SealingTickets: ~Copyable, Sendable {
    let tickets: PendingTickets
    let finished: FinishedVerified
    let authentication: ClientAuthentication
    let keys: EstablishedKeys
    let requester: CertificateRequester?

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard case .sealedTickets(let sealed) = decision else { throw .misuse(.noSuchDecision) }
        try tickets.send(sealed, &core)
        return .connected(
            ServerConnected(
                finished: finished, authentication: authentication, keys: keys, requester: requester, &core))
    }
}

extension ConnectionCore {
    /// Forgets of the client's certificates what is not to be kept, now that they have been judged.
    mutating func keep(_ policy: ClientCertificatePolicy) {
        if let peer = session?.peer { session?.peer = policy.kept(peer) }
    }
}
