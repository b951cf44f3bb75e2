import GatehouseCrypto

/// The server is who it says; awaits its Finished.
struct AwaitingServerFinished: ~Copyable, Sendable {
    var agreement: ClientAgreement
    let authentication: ServerAuthentication

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let finished = try message.decode(as: Finished.self)
        let proof = try finished.verify(agreement.serverHandshakeTraffic, agreement.transcript.hash)
        agreement.transcript.append(message.bytes)
        return try ClientFlight.begin(agreement, finished: proof, authentication, &core).authenticate(&core)
    }
}
