import GatehouseCrypto

/// The server is who it says; awaits its Finished and answers with ours.
struct AwaitingServerFinished: ~Copyable, Sendable {
    var agreement: ClientAgreement
    let certificate: PeerCertificateVerified
    let signature: HandshakeSignatureVerified

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        let finished = try message.decode(as: Finished.self)
        let proof = try finished.verify(agreement.serverHandshakeTraffic, agreement.transcript.hash)
        let aligned = try core.joiner.aligned()
        agreement.transcript.append(message.bytes)
        let serverFinishedHash = agreement.transcript.hash
        try sendFlight(&core)

        let aead = agreement.parameters.aead
        let clientRandom = agreement.hello.random
        let application = ApplicationSecrets(agreement.handshakeSecret.mainSecret(), serverFinishedHash)
        application.log(clientRandom, &core.keyLog)
        core.reader.install(try application.server.opener(aead), aligned)
        core.writer.install(try application.client.sealer(aead))
        return ClientConnected(
            finished: proof, certificate: certificate, signature: signature,
            keys: .client(agreement.parameters, application), &core)
    }

    private mutating func sendFlight(_ core: inout ConnectionCore) throws(TLSError) {
        var flight: [UInt8] = []
        if let context = agreement.certificateRequestContext {
            // RFC 9846 §4.5.1: "If the server requests client authentication but no suitable certificate is available,
            // the client MUST send a Certificate message containing no certificates".
            flight = CertificateMessage(context: context, entries: []).encoded()
            agreement.transcript.append(flight)
        }
        flight += Finished(
            verifyData: agreement.clientHandshakeTraffic.verifyData(agreement.transcript.hash)
        ).encoded()
        try core.send(flight)
    }
}
