import GatehouseCrypto

/// The writing half of the record layer: fragments, protects and frames (RFC 9846 §5).
struct RecordWriter: ~Copyable, Sendable {
    /// What protection adds to the plaintext of a record: its type and the tag.
    static let expansion = 1 + AEADAlgorithm.tagLength

    private var sealer: RecordSealer?
    private var sequence: UInt64 = 0
    /// How much plaintext a protected record may take: 2^14, or less by the peer's record_size_limit. RFC 8449 §4:
    /// "Unprotected messages are not subject to this limit."
    var fragmentLimit = Limits.plaintext

    /// How protected records are padded.
    var padding = RecordPadding.none
    /// How long records are made.
    var sizing = RecordSizing.full
    /// The application data written since the beginning, or since the last `restartSizing()`, in bytes.
    private var applicationBytes = 0
    /// After how many records the key has to change.
    var recordLimit = UInt64.max

    var isKeyWornOut: Bool { sequence >= recordLimit }

    mutating func install(_ newSealer: consuming RecordSealer) {
        sealer = .some(consume newSealer)
        sequence = 0
    }

    /// Goes back to plaintext: early data has been rejected by a HelloRetryRequest.
    mutating func removeKey() {
        sealer = nil
    }

    /// Writes `content` in as many records as it takes, at least one.
    mutating func write(
        _ type: ContentType, _ content: Span<UInt8>, to output: inout [UInt8], version: ProtocolVersion = .tls12
    ) throws(TLSError) {
        var start = 0
        repeat {
            let limit = limit(type)
            let end = min(start + limit, content.count)
            let fragment = content.extracting(start..<end)
            if try !writeProtected(type, fragment, limit: limit, to: &output) {
                writePlaintext(type, fragment, to: &output, version: version)
            }
            if type == .applicationData { applicationBytes += fragment.count }
            start = end
        } while start < content.count
    }

    /// How much plaintext the next record may take.
    private func limit(_ type: ContentType) -> Int {
        guard sealer != nil else { return sizing.most }
        let isFirst = type == .applicationData && applicationBytes < sizing.boost
        return min(isFirst ? sizing.first : sizing.most, fragmentLimit)
    }

    /// The connection was idle: records are short again.
    mutating func restartSizing() {
        applicationBytes = 0
    }

    private func writePlaintext(
        _ type: ContentType, _ fragment: Span<UInt8>, to output: inout [UInt8], version: ProtocolVersion
    ) {
        let header = RecordHeader(type: type, bodyLength: fragment.count, version: version)
        output.append(copying: header.bytes.span)
        output.append(copying: fragment)
    }

    /// TLSCiphertext (RFC 9846 §5.2); `false` as long as there is no key.
    private mutating func writeProtected(
        _ type: ContentType, _ fragment: Span<UInt8>, limit: Int, to output: inout [UInt8]
    ) throws(TLSError) -> Bool {
        let zeros = padding.zeros(after: fragment.count + 1, limit: limit + 1)
        let innerType = InnerType.withPadding(type)
        return try seal(fragment, innerType.span.extracting(first: zeros + 1), to: &output)
    }

    private mutating func seal(
        _ fragment: Span<UInt8>, _ typeAndPadding: Span<UInt8>, to output: inout [UInt8]
    ) throws(TLSError) -> Bool {
        let bodyLength = fragment.count + typeAndPadding.count + AEADAlgorithm.tagLength
        let header = RecordHeader(type: .applicationData, bodyLength: bodyLength)
        let start = output.count
        output.append(copying: header.bytes.span)
        do throws(CryptoError) {
            let sealed: Void? = try sealer?.seal(
                sequence: sequence, additionalData: header.bytes.span, plaintext: fragment,
                suffix: typeAndPadding, into: &output)
            guard sealed != nil else {
                output.removeSubrange(start...)
                return false
            }
        } catch {
            output.removeSubrange(start...)
            throw .crypto(error)
        }
        sequence += 1
        return true
    }

    /// A change_cipher_spec for middleboxes: never protected (RFC 9846 §E.4).
    func writeChangeCipherSpec(to output: inout [UInt8]) {
        let header = RecordHeader(type: .changeCipherSpec, bodyLength: 1)
        output.append(copying: header.bytes.span)
        output.append(1)
    }
}
