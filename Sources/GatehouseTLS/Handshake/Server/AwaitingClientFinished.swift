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
        if let peer = core.session?.peer { core.keep(peer, agreement.accepted.configuration.clientAuthentication) }
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
    /// Keeps of what the client showed, now that it has been judged, no more than is wanted.
    mutating func keep(_ peer: ShownCredential, _ policy: ClientCertificatePolicy) {
        // Not `session?.peer = …`: Swift 6.3 does not free what stood there before.
        guard var session else { return }
        session.peer = policy.keepsOnlyFingerprint ? peer.reducedToFingerprint : peer
        self.session = session
    }
}
