import GatehouseCrypto

/// Messages that go out together. Each becomes part of the transcript as it is written.
struct OutgoingFlight: Sendable {
    private(set) var transcript: Transcript
    private var writer = ByteWriter(reserving: 1024)
    /// The first message with something longer than it may be, or empty where it may not be.
    private var tooLong: HandshakeType?

    /// - Parameter transcript: the messages before these.
    init(after transcript: Transcript) {
        self.transcript = transcript
    }

    mutating func append<Message: HandshakeMessage>(_ message: Message) {
        let start = writer.bytes.count
        message.encode(to: &writer)
        if writer.isOutOfBounds, tooLong == nil { tooLong = Message.type }
        let bytes = writer.bytes
        transcript.append(bytes.span.extracting(droppingFirst: start))
    }

    /// Writes the messages in as few records as they fit.
    ///
    /// - Throws: `TLSError.tooLongToSend` when the application has made one too long.
    func send(_ core: inout ConnectionCore) throws(TLSError) {
        if let tooLong { throw .tooLongToSend(tooLong) }
        try core.send(writer.bytes)
    }
}
