package import GatehouseCrypto

/// Opens the records of one sender and seals them again, without a connection: for those of a published trace.
package struct RecordCodec: ~Copyable, Sendable {
    /// A record that was opened.
    package struct Opened: Sendable {
        /// The type of the content (RFC 9846 §5.1, "ContentType"): for a protected record, the inner one.
        package let contentType: UInt8
        /// The content, without type and padding.
        package let content: [UInt8]
        /// The record made anew from type and content.
        package let resealed: [UInt8]
    }

    private var reader = RecordReader()
    private var writer = RecordWriter()

    package init() {
        reader.allowsChangeCipherSpec = true
    }

    /// Goes on with the keys of `secret`, and with record number 0.
    package mutating func install(_ secret: borrowing TrafficSecret, _ aead: AEADAlgorithm) throws(TLSError) {
        reader.install(try secret.opener(aead), try HandshakeJoiner().aligned())
        writer.install(try secret.sealer(aead))
    }

    /// Opens `record`, which is one whole record, and seals its content.
    package mutating func reseal(_ record: [UInt8]) throws(TLSError) -> Opened {
        guard let header = RecordHeader(record.span, at: 0) else { throw .invalidMessage(.truncated) }
        var buffer = record
        var span = buffer.mutableSpan
        var position = 0
        let opened = try reader.next(&span, at: &position, inMessage: false)
        guard position > 0 else { throw .invalidMessage(.truncated) }
        guard position == record.count else { throw .invalidMessage(.trailingBytes) }
        var resealed: [UInt8] = []
        guard let opened else {
            writer.writeChangeCipherSpec(to: &resealed)
            return Opened(contentType: header.type.rawValue, content: [1], resealed: resealed)
        }
        let version = ProtocolVersion(rawValue: UInt16(header.bytes[1]) << 8 | UInt16(header.bytes[2]))
        let content = Array(buffer[opened.content])
        try writer.write(opened.type, content.span, to: &resealed, version: version)
        return Opened(contentType: opened.type.rawValue, content: content, resealed: resealed)
    }
}
