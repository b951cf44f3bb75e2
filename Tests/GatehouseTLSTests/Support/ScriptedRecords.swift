import GatehouseCrypto

@testable import GatehouseTLS

/// Writes records as a test wants them: any type, padding and version.
struct ScriptedWriter: ~Copyable {
    private var sealer: RecordSealer?
    private var sequence: UInt64 = 0

    var isProtected: Bool { sealer != nil }

    mutating func install(_ newSealer: consuming RecordSealer) {
        sealer = .some(consume newSealer)
        sequence = 0
    }

    /// One record under the current key, or in plaintext as long as there is none.
    mutating func record(
        _ type: ContentType, _ content: [UInt8], padding: Int = 0, outerType: ContentType = .applicationData,
        version: UInt16 = 0x0303
    ) throws -> [UInt8] {
        guard isProtected else { return Self.plaintext(type, content, version: version) }
        let suffix = [type.rawValue] + [UInt8](repeating: 0, count: padding)
        return try seal(content, suffix: suffix, outerType: outerType, version: version)
    }

    /// A protected record whose inner plaintext is `content` and `suffix` as they are.
    mutating func seal(
        _ content: [UInt8], suffix: [UInt8], outerType: ContentType = .applicationData, version: UInt16 = 0x0303
    ) throws -> [UInt8] {
        let count = content.count + suffix.count + AEADAlgorithm.tagLength
        let header = RecordHeader(type: outerType, bodyLength: count, version: ProtocolVersion(rawValue: version))
        var output: [UInt8] = []
        output.append(copying: header.bytes.span)
        try sealer?.seal(
            sequence: sequence, additionalData: header.bytes.span, plaintext: content.span, suffix: suffix.span,
            into: &output)
        sequence += 1
        return output
    }

    /// Handshake bytes in records of at most `fragment` bytes.
    mutating func handshake(_ messages: [UInt8], fragment: Int = Limits.plaintext) throws -> [UInt8] {
        var output: [UInt8] = []
        for start in stride(from: 0, to: messages.count, by: fragment) {
            output += try record(.handshake, Array(messages[start..<min(start + fragment, messages.count)]))
        }
        return output
    }

    static func plaintext(_ type: ContentType, _ content: [UInt8], version: UInt16 = 0x0303) -> [UInt8] {
        header(type, content.count, version: version) + content
    }

    /// Five bytes that promise a body of `count` bytes.
    static func header(_ type: ContentType, _ count: Int, version: UInt16 = 0x0303) -> [UInt8] {
        [
            type.rawValue, UInt8(version >> 8), UInt8(truncatingIfNeeded: version),
            UInt8(truncatingIfNeeded: count >> 8),
            UInt8(truncatingIfNeeded: count),
        ]
    }
}

/// Reads what a connection under test sent: protected records with the current key, all others as they are.
struct ScriptedReader: ~Copyable {
    private var opener: RecordOpener?
    private var sequence: UInt64 = 0

    mutating func install(_ newOpener: consuming RecordOpener) {
        opener = .some(consume newOpener)
        sequence = 0
    }

    /// Takes one record off the front of `bytes`.
    mutating func next(_ bytes: inout [UInt8]) throws -> (type: ContentType, content: [UInt8])? {
        guard let header = RecordHeader(bytes.span, at: 0) else { return nil }
        let end = RecordHeader.length + header.bodyLength
        guard bytes.count >= end else { return nil }
        var body = Array(bytes[RecordHeader.length..<end])
        bytes.removeFirst(end)
        guard header.type == .applicationData else { return (header.type, body) }
        let whole = body.indices
        var span = body.mutableSpan
        let count =
            try opener?.open(
                sequence: sequence, additionalData: header.bytes.span, &span, in: whole) ?? 0
        sequence += 1
        let inner = body[..<count]
        let end2 = inner.lastIndex { $0 != 0 } ?? 0
        return (ContentType(rawValue: body[end2]), Array(body[..<end2]))
    }
}

/// What a scripted peer sends in the place of a message.
enum Piece {
    /// A message that becomes part of the transcript.
    case message([UInt8])
    /// A record under the current key; nothing of it is part of the transcript.
    case record(ContentType, [UInt8], padding: Int = 0)
    /// Bytes of the transport.
    case bytes([UInt8])
}

/// What a scripted peer has received besides handshake messages.
struct Heard {
    var messages: [ReceivedMessage] = []
    var alerts: [[UInt8]] = []
    var applicationData: [UInt8] = []
    /// The type of the last record.
    var last: ContentType?
}
