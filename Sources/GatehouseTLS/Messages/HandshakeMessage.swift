/// A message with the header that RFC 9846 §4 gives it: type, and length in three bytes.
protocol HandshakeMessage {
    static var type: HandshakeType { get }
    init(reading body: inout ByteReader) throws(TLSError)
    func write(to body: inout ByteWriter)
}

/// A handshake message as received: the bytes with their header, not yet decoded.
struct ReceivedMessage: Sendable {
    static let headerLength = 4

    let type: HandshakeType
    /// The whole message, header included: what the transcript takes.
    let bytes: [UInt8]

    /// `bytes` holds one whole message: the caller has cut it out by its length.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        type = HandshakeType(rawValue: bytes.first ?? 0)
    }

    /// Decodes the message; any other type than the one awaited is an error.
    func decode<Message: HandshakeMessage>(as _: Message.Type) throws(TLSError) -> Message {
        guard type == Message.type else { throw .peerMisbehaved(.unexpectedMessage(type)) }
        var reader = ByteReader(bytes.span.extracting(droppingFirst: Self.headerLength))
        let message = try Message(reading: &reader)
        try reader.finish()
        return message
    }
}

extension HandshakeMessage {
    /// The whole message, header included.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        encode(to: &writer)
        return writer.bytes
    }

    /// Writes the whole message, header included.
    func encode(to writer: inout ByteWriter) {
        writer.write(Self.type)
        writer.writeVector(VectorBounds(0, 0xFFFFFF)) { write(to: &$0) }
    }
}
