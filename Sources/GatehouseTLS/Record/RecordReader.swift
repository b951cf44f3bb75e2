import GatehouseCrypto

/// A record whose content has been read: `content` is where its plaintext stands in the caller's buffer.
struct ReceivedRecord: Sendable {
    let type: ContentType
    let content: Range<Int>
}

/// The reading half of the record layer: finds, checks and opens records in place (RFC 9846 §5).
struct RecordReader: ~Copyable, Sendable {
    private var opener: RecordOpener?
    private var sequence: UInt64 = 0
    private(set) var isProtected = false
    private var emptyRecords = 0
    private var changeCipherSpecs = 0

    /// The longest inner plaintext, its type included: 2^14 + 1, or our record_size_limit.
    var innerPlaintextLimit = Limits.innerPlaintext
    /// Middleboxes are told stories between the first ClientHello and the peer's Finished, at no other time.
    var allowsChangeCipherSpec = false
    /// A client that dislikes our ServerHello has no keys yet: its alert comes in plaintext, until the first record
    /// has opened.
    var allowsPlaintextAlert = false

    /// How much more is skipped of early data that we do not take; `nil`: none is awaited.
    private var skippedLeft: Int?

    /// RFC 9846 §4.3.10: a server that does not take early data "ignores the extension" and "skips" the records, which
    /// it cannot open, up to a bound.
    mutating func skipEarlyData(upTo limit: Int) {
        skippedLeft = limit
    }

    mutating func stopSkippingEarlyData() {
        skippedLeft = nil
    }

    /// An empty record costs as well, else there could be any number of them.
    private mutating func skip(_ count: Int) throws(TLSError) {
        let left = (skippedLeft ?? 0) - max(count, 1)
        guard left >= 0 else { throw .peerMisbehaved(.tooMuchEarlyData) }
        skippedLeft = left
    }

    /// Takes the key of the next epoch; the proof says that no handshake bytes are left from the one before.
    mutating func install(_ newOpener: consuming RecordOpener, _: consuming HandshakeAligned) {
        opener = .some(consume newOpener)
        sequence = 0
        isProtected = true
    }

    /// Reads the record at `position` and moves past it. `nil`: it has not arrived whole. Nothing but the next part may
    /// come while `inMessage`.
    mutating func next(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, inMessage: Bool
    ) throws(TLSError) -> ReceivedRecord? {
        while let header = RecordHeader(buffer.span, at: position) {
            try checkHeader(header)
            let start = position + RecordHeader.length
            guard buffer.count - start >= header.bodyLength else { return nil }
            let body = start..<start + header.bodyLength
            position = body.upperBound
            if header.type == .changeCipherSpec {
                guard !inMessage else { throw .peerMisbehaved(.interleavedRecord) }
                try checkChangeCipherSpec(buffer.span, body)
            } else if header.type == .applicationData, !isProtected, inMessage {
                // Early data that would be skipped, had it not come between the parts of a message.
                throw .peerMisbehaved(.interleavedRecord)
            } else if let record = try read(header, &buffer, body) {
                return record
            }
        }
        return nil
    }

    /// What the header alone tells, before more is waited for.
    private func checkHeader(_ header: RecordHeader) throws(TLSError) {
        // RFC 9846 §5.1: legacy_record_version "is deprecated and MUST be ignored for all purposes".
        switch header.type {
        case .changeCipherSpec:
            // RFC 9846 §5: "An implementation which receives any other change_cipher_spec value or which receives a
            // protected change_cipher_spec record MUST abort the handshake with an "unexpected_message" alert."
            guard allowsChangeCipherSpec, header.bodyLength == 1 else {
                throw .peerMisbehaved(.unexpectedChangeCipherSpec)
            }
        case .alert where isProtected && allowsPlaintextAlert && header.bodyLength == 2: break
        case .alert, .handshake:
            guard !isProtected else { throw .peerMisbehaved(.unexpectedRecord(header.type.rawValue)) }
            guard header.bodyLength <= Limits.plaintext else { throw .invalidMessage(.recordOverflow) }
        case .applicationData:
            guard isProtected || skippedLeft != nil else { throw .peerMisbehaved(.unexpectedApplicationData) }
            guard header.bodyLength <= Limits.ciphertext else { throw .invalidMessage(.recordOverflow) }
        default:
            // RFC 9846 §5: "If a TLS implementation receives an unexpected record type, it MUST terminate the
            // connection with an "unexpected_message" alert."
            throw .peerMisbehaved(.unexpectedRecord(header.type.rawValue))
        }
    }

    private mutating func checkChangeCipherSpec(_ buffer: Span<UInt8>, _ body: Range<Int>) throws(TLSError) {
        changeCipherSpecs += 1
        guard buffer[body.lowerBound] == 1, changeCipherSpecs <= Limits.changeCipherSpecs else {
            throw .peerMisbehaved(.unexpectedChangeCipherSpec)
        }
    }

    /// The content of a record. It is empty only for application data, which then hides how much there is to say.
    private mutating func read(
        _ header: RecordHeader, _ buffer: inout MutableSpan<UInt8>, _ body: Range<Int>
    ) throws(TLSError) -> ReceivedRecord? {
        guard header.type != .applicationData || isProtected else {
            try skip(body.count)
            return nil
        }
        let opened =
            header.type == .applicationData
            ? try open(header, &buffer, body) : ReceivedRecord(type: header.type, content: body)
        guard let record = opened else { return nil }
        guard record.content.isEmpty else {
            emptyRecords = 0
            return record
        }
        // RFC 9846 §5.4: "Zero-length fragments of Application Data MAY be sent", and §5.1: "Implementations MUST NOT
        // send zero-length fragments of Handshake types".
        guard record.type == .applicationData else { throw .peerMisbehaved(.emptyRecord) }
        emptyRecords += 1
        guard emptyRecords <= Limits.emptyRecords else { throw .peerMisbehaved(.tooManyEmptyRecords) }
        return record
    }

    /// TLSInnerPlaintext (RFC 9846 §5.2 and §5.4); `nil` for early data that is skipped.
    private mutating func open(
        _ header: RecordHeader, _ buffer: inout MutableSpan<UInt8>, _ body: Range<Int>
    ) throws(TLSError) -> ReceivedRecord? {
        var count: Int
        do throws(CryptoError) {
            count =
                try opener?.open(
                    sequence: sequence, additionalData: header.bytes.span, &buffer, in: body) ?? 0
        } catch {
            guard skippedLeft != nil else { throw .invalidMessage(.recordNotAuthentic) }
            try skip(body.count)
            return nil
        }
        skippedLeft = nil
        sequence += 1
        allowsPlaintextAlert = false
        // §5.4: "The length of the fragment plus padding plus content type MUST NOT exceed 2^14 + 1 octets", or the
        // record_size_limit (RFC 8449 §4: "MUST be treated as fatal, with a record_overflow alert").
        guard count <= innerPlaintextLimit else { throw .invalidMessage(.recordOverflow) }
        // §5.4: "If a receiving implementation does not find a non-zero octet in the cleartext, it MUST terminate the
        // connection with an "unexpected_message" alert."
        while count > 0, buffer[body.lowerBound + count - 1] == 0 { count -= 1 }
        guard count > 0 else { throw .peerMisbehaved(.emptyRecord) }
        let type = ContentType(rawValue: buffer[body.lowerBound + count - 1])
        guard type == .applicationData || type == .handshake || type == .alert else {
            throw .peerMisbehaved(.unexpectedRecord(type.rawValue))
        }
        return ReceivedRecord(type: type, content: body.lowerBound..<body.lowerBound + count - 1)
    }
}
