/// The handshake is complete.
struct ServerConnected: ~Copyable, Sendable {
    var keys: EstablishedKeys

    /// Only a verified Finished, and what shows who the client is as far as it has to, lead here.
    init(
        finished _: consuming FinishedVerified, authentication _: consuming ClientAuthentication,
        keys: consuming EstablishedKeys, _ core: inout ConnectionCore
    ) {
        core.reader.allowsChangeCipherSpec = false
        core.writer.recordLimit = keys.recordLimit
        self.keys = keys
        core.isEstablished = true
        core.tell(.handshakeComplete)
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerConnected {
        try keys.handle(try message.decode(as: KeyUpdate.self), &core)
        return self
    }
}
