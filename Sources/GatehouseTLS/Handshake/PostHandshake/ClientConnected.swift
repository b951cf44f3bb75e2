/// The handshake is complete. The server may send tickets, which are checked and not kept.
struct ClientConnected: ~Copyable, Sendable {
    let application: ApplicationSecrets

    /// Only a verified Finished, and the two proofs about the certificate, lead here.
    init(
        finished _: consuming FinishedVerified, certificate _: consuming PeerCertificateVerified,
        signature _: consuming HandshakeSignatureVerified, application: consuming ApplicationSecrets,
        _ core: inout ConnectionCore
    ) {
        self.application = application
        core.reader.allowsChangeCipherSpec = false
        core.isEstablished = true
        core.tell(.handshakeComplete)
    }

    consuming func handle(
        _ message: ReceivedMessage, _: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        _ = try message.decode(as: NewSessionTicket.self)
        return self
    }
}
