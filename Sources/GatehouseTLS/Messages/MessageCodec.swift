/// Decodes messages that have no connection, such as those of a published trace.
package enum MessageCodec {
    /// Decodes one whole message, header included, and encodes what was understood of it.
    ///
    /// - Throws: `TLSError.invalidMessage` when the header's length is not that of the message, or the message does not
    ///   decode; `.peerMisbehaved(.unexpectedMessage)` for a type that is not known.
    package static func reencode(_ bytes: [UInt8]) throws(TLSError) -> [UInt8] {
        var joiner = HandshakeJoiner()
        joiner.append(bytes.span)
        guard let message = try joiner.next() else { throw .invalidMessage(.truncated) }
        guard !joiner.isInMessage else { throw .invalidMessage(.trailingBytes) }
        return try decoded(message).encoded()
    }

    private static func decoded(_ message: ReceivedMessage) throws(TLSError) -> any HandshakeMessage {
        switch message.type {
        case .clientHello: try message.decode(as: ClientHello.self)
        case .serverHello: try message.decode(as: ServerHello.self)
        case .newSessionTicket: try message.decode(as: NewSessionTicket.self)
        case .endOfEarlyData: try message.decode(as: EndOfEarlyData.self)
        case .encryptedExtensions: try message.decode(as: EncryptedExtensions.self)
        case .certificate: try message.decode(as: CertificateMessage.self)
        case .certificateRequest: try message.decode(as: CertificateRequest.self)
        case .certificateVerify: try message.decode(as: CertificateVerify.self)
        case .finished: try message.decode(as: Finished.self)
        case .keyUpdate: try message.decode(as: KeyUpdate.self)
        default: throw .peerMisbehaved(.unexpectedMessage(message.type))
        }
    }
}
