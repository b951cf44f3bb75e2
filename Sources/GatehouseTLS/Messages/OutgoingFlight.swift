import GatehouseCrypto

/// Messages that go out together. Each becomes part of the transcript as it is written.
struct OutgoingFlight: Sendable {
    private(set) var transcript: Transcript
    private var writer = ByteWriter(reserving: 1024)

    /// - Parameter transcript: the messages before these.
    init(after transcript: Transcript) {
        self.transcript = transcript
    }

    /// The messages written so far, one behind the other.
    var bytes: [UInt8] { writer.bytes }

    mutating func append(_ message: some HandshakeMessage) {
        let start = writer.bytes.count
        message.encode(to: &writer)
        let bytes = writer.bytes
        transcript.append(bytes.span.extracting(droppingFirst: start))
    }
}
