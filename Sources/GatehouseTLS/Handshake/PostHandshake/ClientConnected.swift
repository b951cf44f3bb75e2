/// The handshake is complete. The server may send tickets, which are checked and not kept.
struct ClientConnected: ~Copyable, Sendable {
    var keys: EstablishedKeys

    /// Only a verified Finished, and the two proofs about the certificate, lead here.
    init(
        finished _: consuming FinishedVerified, certificate _: consuming PeerCertificateVerified,
        signature _: consuming HandshakeSignatureVerified, keys: consuming EstablishedKeys,
        _ core: inout ConnectionCore
    ) {
        core.reader.allowsChangeCipherSpec = false
        core.writer.recordLimit = keys.recordLimit
        self.keys = keys
        core.isEstablished = true
        core.tell(.handshakeComplete)
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        if message.type == .keyUpdate {
            try keys.handle(try message.decode(as: KeyUpdate.self), &core)
        } else {
            _ = try message.decode(as: NewSessionTicket.self)
        }
        return self
    }
}
