/// The type of a record (RFC 9846 §5.1, "ContentType").
struct ContentType: RawRepresentable, Sendable, Equatable {
    let rawValue: UInt8

    static let changeCipherSpec = ContentType(rawValue: 20)
    static let alert = ContentType(rawValue: 21)
    static let handshake = ContentType(rawValue: 22)
    static let applicationData = ContentType(rawValue: 23)
}

/// The five bytes before every record.
struct RecordHeader: Sendable {
    static let length = 5

    let type: ContentType
    /// The header as it stands on the wire: the additional data of a protected record (RFC 9846 §5.2).
    let bytes: InlineArray<5, UInt8>

    /// The length of the record's body.
    var bodyLength: Int { Int(bytes[3]) << 8 | Int(bytes[4]) }

    init(type: ContentType, bodyLength: Int, version: ProtocolVersion = .tls12) {
        self.type = type
        bytes = [
            type.rawValue, UInt8(version.rawValue >> 8), UInt8(truncatingIfNeeded: version.rawValue),
            UInt8(truncatingIfNeeded: bodyLength >> 8), UInt8(truncatingIfNeeded: bodyLength),
        ]
    }

    /// Reads the header at `position`; `nil` when not all of it has arrived.
    init?(_ buffer: Span<UInt8>, at position: Int) {
        guard buffer.count - position >= Self.length else { return nil }
        type = ContentType(rawValue: buffer[position])
        bytes = [
            buffer[position], buffer[position + 1], buffer[position + 2], buffer[position + 3], buffer[position + 4],
        ]
    }
}
