import GatehouseCrypto

/// Has sent its whole flight; awaits the client's Finished.
struct AwaitingClientFinished: ~Copyable, Sendable {
    let parameters: CipherSuiteParameters
    let clientHandshakeTraffic: TrafficSecret
    let application: ApplicationSecrets
    /// The hash of ClientHello to the server's Finished, which the client's Finished covers.
    let serverFinishedHash: [UInt8]

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerConnected {
        let finished = try message.decode(as: Finished.self)
        let proof = try finished.verify(clientHandshakeTraffic, serverFinishedHash)
        core.reader.install(try application.client.opener(parameters.aead), try core.joiner.aligned())
        return ServerConnected(finished: proof, keys: .server(parameters, application), &core)
    }
}
