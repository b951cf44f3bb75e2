import GatehouseCrypto

/// A cursor over bytes in TLS presentation language (RFC 9846 §3).
///
/// Every read is checked against what is left, and every structure ends with `finish()`: nothing may be left over.
struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - position }
    var isAtEnd: Bool { position == bytes.count }

    private mutating func advance(_ count: Int) throws(TLSError) -> Int {
        guard count <= remaining else { throw .invalidMessage(.truncated) }
        defer { position += count }
        return position
    }

    mutating func readUInt8() throws(TLSError) -> UInt8 {
        bytes[try advance(1)]
    }

    mutating func readUInt16() throws(TLSError) -> UInt16 {
        let start = try advance(2)
        return UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
    }

    mutating func readUInt24() throws(TLSError) -> Int {
        let start = try advance(3)
        return Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
    }

    mutating func readUInt32() throws(TLSError) -> UInt32 {
        let high = try readUInt16()
        return UInt32(high) << 16 | UInt32(try readUInt16())
    }

    /// Exactly `count` bytes.
    mutating func readBytes(_ count: Int) throws(TLSError) -> [UInt8] {
        [UInt8](copying: bytes.extracting(droppingFirst: try advance(count)).extracting(first: count))
    }

    /// All that is left.
    mutating func readRest() -> [UInt8] {
        defer { position = bytes.count }
        return [UInt8](copying: bytes.extracting(droppingFirst: position))
    }

    /// A vector whose length, in bytes, must lie in `bounds`; the bounds' upper end also tells how wide the length is.
    @_lifetime(copy self)
    mutating func readVector(_ bounds: VectorBounds) throws(TLSError) -> ByteReader {
        let count =
            switch bounds.lengthWidth {
            case 1: Int(try readUInt8())
            case 2: Int(try readUInt16())
            default: try readUInt24()
            }
        guard bounds.contains(count) else { throw .invalidMessage(.vectorLengthOutOfBounds) }
        let start = try advance(count)
        return ByteReader(bytes.extracting(start..<start + count))
    }

    /// The bytes of a vector whose length lies in `bounds`.
    mutating func readOpaque(_ bounds: VectorBounds) throws(TLSError) -> [UInt8] {
        var vector = try readVector(bounds)
        return vector.readRest()
    }

    /// A vector of two-byte numbers from an open registry. Past `limit` elements the rest is skipped: long lists are
    /// well formed, and nothing that matters stands so late.
    mutating func readList<Element: RawRepresentable>(
        _ bounds: VectorBounds, of _: Element.Type, limit: Int = Limits.listEntries
    ) throws(TLSError) -> [Element] where Element.RawValue == UInt16 {
        var vector = try readVector(bounds)
        guard vector.remaining.isMultiple(of: 2) else { throw .invalidMessage(.vectorLengthOutOfBounds) }
        var elements: [Element] = []
        elements.reserveCapacity(min(vector.remaining / 2, limit))
        while !vector.isAtEnd, elements.count < limit {
            if let element = Element(rawValue: try vector.readUInt16()) { elements.append(element) }
        }
        return elements
    }

    /// A vector of vectors. Past `Limits.listEntries` of them the rest is read and skipped, as in other lists.
    mutating func readOpaqueList(
        _ bounds: VectorBounds, of entryBounds: VectorBounds
    ) throws(TLSError) -> [[UInt8]] {
        var vector = try readVector(bounds)
        var entries: [[UInt8]] = []
        while !vector.isAtEnd {
            var entry = try vector.readVector(entryBounds)
            if entries.count < Limits.listEntries { entries.append(entry.readRest()) }
        }
        return entries
    }

    /// Ends a structure.
    func finish() throws(TLSError) {
        guard isAtEnd else { throw .invalidMessage(.trailingBytes) }
    }
}

/// The bounds of a variable-length vector, `<floor..ceiling>` in the RFC's notation.
struct VectorBounds {
    let floor: Int
    let ceiling: Int
    /// The number of bytes of the length that precedes the vector, "as many bytes as required to hold the vector's
    /// specified maximum (ceiling) length" (RFC 9846 §3.4).
    let lengthWidth: Int

    init(_ floor: Int, _ ceiling: Int) {
        self.floor = floor
        self.ceiling = ceiling
        lengthWidth = ceiling <= 0xFF ? 1 : ceiling <= 0xFFFF ? 2 : 3
    }

    func contains(_ count: Int) -> Bool {
        count >= floor && count <= ceiling
    }
}

extension VectorBounds {
    // RFC 9846 §4.2.2 and §4.2.3
    static let legacySessionID = VectorBounds(0, 32)
    static let cipherSuites = VectorBounds(2, 0xFFFE)
    static let compressionMethods = VectorBounds(1, 0xFF)
    // §4.3
    static let extensions = VectorBounds(0, 0xFFFF)
    static let extensionData = VectorBounds(0, 0xFFFF)
    static let supportedVersions = VectorBounds(2, 254)
    static let cookie = VectorBounds(1, 0xFFFF)
    static let signatureSchemes = VectorBounds(2, 0xFFFE)
    static let namedGroups = VectorBounds(2, 0xFFFF)
    static let clientShares = VectorBounds(0, 0xFFFF)
    static let keyExchange = VectorBounds(1, 0xFFFF)
    static let pskKeyExchangeModes = VectorBounds(1, 0xFF)
    static let pskIdentities = VectorBounds(7, 0xFFFF)
    static let pskIdentity = VectorBounds(1, 0xFFFF)
    static let pskBinders = VectorBounds(33, 0xFFFF)
    static let pskBinder = VectorBounds(32, 0xFF)
    static let certificateAuthorities = VectorBounds(3, 0xFFFF)
    static let distinguishedName = VectorBounds(1, 0xFFFF)
    static let oidFilters = VectorBounds(0, 0xFFFF)
    static let certificateExtensionOID = VectorBounds(1, 0xFF)
    // RFC 6066 §3 and §8
    static let serverNameList = VectorBounds(1, 0xFFFF)
    static let hostName = VectorBounds(1, 0xFFFF)
    static let responderIDs = VectorBounds(0, 0xFFFF)
    static let responderID = VectorBounds(1, 0xFFFF)
    static let ocspResponse = VectorBounds(1, 0xFFFFFF)
    // RFC 6962 §3.3
    static let timestampList = VectorBounds(1, 0xFFFF)
    static let timestamp = VectorBounds(1, 0xFFFF)
    // RFC 7250 §3
    static let certificateTypes = VectorBounds(1, 0xFF)
    // RFC 7301 §3.1
    static let protocolNameList = VectorBounds(2, 0xFFFF)
    static let protocolName = VectorBounds(1, 0xFF)
    // RFC 9846 §4.4 and §4.5
    static let certificateRequestContext = VectorBounds(0, 0xFF)
    static let certificateList = VectorBounds(0, 0xFFFFFF)
    static let certificateData = VectorBounds(1, 0xFFFFFF)
    static let signature = VectorBounds(0, 0xFFFF)
    // §4.7.1
    static let ticketNonce = VectorBounds(0, 0xFF)
    static let ticket = VectorBounds(1, 0xFFFF)
    // draft-ietf-tls-tlsflags §2
    static let ticketFlags = VectorBounds(1, 0xFF)
}
