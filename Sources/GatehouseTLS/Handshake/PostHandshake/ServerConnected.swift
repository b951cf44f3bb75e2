/// The handshake is complete. A client's messages after it are not expected yet.
struct ServerConnected: ~Copyable, Sendable {
    let application: ApplicationSecrets

    /// Only a verified Finished leads here.
    init(
        finished _: consuming FinishedVerified, application: consuming ApplicationSecrets,
        _ core: inout ConnectionCore
    ) {
        self.application = application
        core.reader.allowsChangeCipherSpec = false
        core.isEstablished = true
        core.tell(.handshakeComplete)
    }

    consuming func handle(
        _ message: ReceivedMessage, _: inout ConnectionCore
    ) throws(TLSError) -> ServerConnected {
        throw .peerMisbehaved(.unexpectedMessage(message.type))
    }
}
