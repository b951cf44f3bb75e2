import GatehouseCrypto

/// Knows who the client is, as far as it has to; awaits its Finished.
struct AwaitingClientFinished: ~Copyable, Sendable {
    var agreement: ServerAgreement
    let authentication: ClientAuthentication

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerConnected {
        let finished = try message.decode(as: Finished.self)
        let proof = try finished.verify(agreement.clientHandshakeTraffic, agreement.transcript.hash)
        agreement.transcript.append(message.bytes)
        let parameters = agreement.accepted.parameters
        let opener = try agreement.application.client.opener(parameters.aead)
        core.reader.install(opener, try core.joiner.aligned())
        let tickets = TicketIssuer(agreement, authentication, now: core.now)
        try tickets?.issue(&core)
        return ServerConnected(
            finished: proof, authentication: authentication,
            keys: .server(parameters, agreement.application), &core)
    }
}
