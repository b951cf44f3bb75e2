import GatehouseCrypto

/// Says that no handshake bytes are waiting; only `HandshakeJoiner.aligned()` makes one. A read key cannot be
/// installed without it.
struct HandshakeAligned: ~Copyable {
    fileprivate init() {}
}

/// Joins handshake messages that are split over records, and splits records that hold several.
struct HandshakeJoiner: Sendable {
    /// The longest Certificate message with its header, in bytes.
    var certificateLimit = Limits.certificateMessage
    private var bytes: [UInt8] = []
    private var start = 0

    /// Whether part of a message has arrived.
    var isInMessage: Bool { start < bytes.count }

    mutating func append(_ fragment: Span<UInt8>) {
        bytes.removeFirst(start)
        start = 0
        bytes.append(copying: fragment)
    }

    /// The next whole message; `nil` when none has arrived whole.
    mutating func next() throws(TLSError) -> ReceivedMessage? {
        guard bytes.count - start >= ReceivedMessage.headerLength else { return nil }
        let type = HandshakeType(rawValue: bytes[start])
        let bodyLength = Int(bytes[start + 1]) << 16 | Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
        let count = ReceivedMessage.headerLength + bodyLength
        let limit = type == .certificate ? certificateLimit : Limits.handshakeMessage
        guard count <= limit else { throw .invalidMessage(.messageTooLarge) }
        guard bytes.count - start >= count else { return nil }
        let message = ReceivedMessage(Array(bytes[start..<start + count]))
        start += count
        if !isInMessage {
            bytes = []
            start = 0
        }
        return message
    }

    /// RFC 9846 §5.1: "Handshake messages MUST NOT span key changes. Implementations MUST verify that all messages
    /// immediately preceding a key change align with a record boundary; if not, then they MUST terminate the
    /// connection with an "unexpected_message" alert."
    func aligned() throws(TLSError) -> HandshakeAligned {
        guard !isInMessage else { throw .peerMisbehaved(.messageAcrossKeyChange) }
        return HandshakeAligned()
    }
}
