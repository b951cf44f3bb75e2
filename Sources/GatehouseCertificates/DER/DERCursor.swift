/// One element of a DER encoding: its tag, and where it lies in the bytes it was read from.
struct DERElement: Sendable {
    let tag: DERTag
    /// The position of the identifier octet.
    let start: Int
    /// The content octets.
    let content: Range<Int>
    /// How many elements enclose this one.
    let depth: Int

    /// The whole element: identifier, length and content.
    var range: Range<Int> { start..<content.upperBound }
}

/// Reads the elements of one constructed encoding, one after the other, strictly as X.690 §10 and §11 ask (DER).
///
/// A cursor is two positions; the bytes are handed to every call. What is skipped is never looked at and never
/// copied. Every structure ends with `finish(_:)`: nothing may be left over.
///
///     var fields = try DERCursor(whole: bytes).enter(.sequence, bytes)
///     let serial = try fields.next(.integer, bytes)
///     try fields.finish()
struct DERCursor: Sendable {
    /// How deep elements may be nested (the deepest structure of RFC 5280 needs 11).
    static let maximumDepth = 32

    private(set) var position: Int
    let end: Int
    private let depth: Int

    /// A cursor over all of `bytes`.
    init(whole bytes: Span<UInt8>) {
        position = 0
        end = bytes.count
        depth = 0
    }

    /// A cursor over the content of `element`.
    init(inside element: DERElement) throws(CertificateError) {
        guard element.depth < Self.maximumDepth else { throw CertificateError(.nestedTooDeep, at: element.start) }
        position = element.content.lowerBound
        end = element.content.upperBound
        depth = element.depth + 1
    }

    /// A cursor over a range that is known to hold whole elements, such as what an OCTET STRING wraps.
    init(over range: Range<Int>, depth: Int = 0) {
        position = range.lowerBound
        end = range.upperBound
        self.depth = depth
    }

    var isAtEnd: Bool { position == end }

    /// The next element, whatever its tag.
    mutating func next(_ bytes: Span<UInt8>) throws(CertificateError) -> DERElement {
        let start = position
        guard end <= bytes.count, end - start >= 2 else { throw CertificateError(.truncated, at: start) }
        let identifier = bytes[start]
        // No structure that is read here has a tag number above 30 (X.690 §8.1.2.4).
        guard identifier & 0x1F != 0x1F else { throw CertificateError(.unexpectedTag, at: start) }
        var contentStart = start + 2
        var length = Int(bytes[start + 1])
        if length >= 0x80 {
            // X.690 §10.1: "The definite form of length encoding shall be used, encoded in the minimum number of
            // octets."
            let octets = length & 0x7F
            guard octets >= 1, octets <= 4 else { throw CertificateError(.invalidLength, at: start) }
            guard end - contentStart >= octets else { throw CertificateError(.truncated, at: start) }
            length = 0
            for index in contentStart..<contentStart + octets {
                length = length << 8 | Int(bytes[index])
            }
            guard length >= 0x80, octets == 1 || length >> (8 * (octets - 1)) != 0 else {
                throw CertificateError(.invalidLength, at: start)
            }
            contentStart += octets
        }
        guard end - contentStart >= length else { throw CertificateError(.truncated, at: start) }
        position = contentStart + length
        return DERElement(
            tag: DERTag(rawValue: identifier), start: start, content: contentStart..<position, depth: depth)
    }

    /// The next element, which must have `tag`.
    mutating func next(_ tag: DERTag, _ bytes: Span<UInt8>) throws(CertificateError) -> DERElement {
        let element = try next(bytes)
        guard element.tag == tag else { throw CertificateError(.unexpectedTag, at: element.start) }
        return element
    }

    /// The next element if it has `tag`; nil, and nothing read, at the end or before another one.
    mutating func nextIf(_ tag: DERTag, _ bytes: Span<UInt8>) throws(CertificateError) -> DERElement? {
        guard position < end, end <= bytes.count, bytes[position] == tag.rawValue else { return nil }
        return try next(bytes)
    }

    /// Reads the next element, which must have `tag`, and returns a cursor over what it holds.
    mutating func enter(_ tag: DERTag, _ bytes: Span<UInt8>) throws(CertificateError) -> DERCursor {
        try DERCursor(inside: next(tag, bytes))
    }

    /// Demands that nothing is left over.
    func finish() throws(CertificateError) {
        guard isAtEnd else { throw CertificateError(.trailingBytes, at: position) }
    }
}

/// The one element that `bytes` are: nothing may follow it.
func onlyElement(_ tag: DERTag, _ bytes: Span<UInt8>) throws(CertificateError) -> DERElement {
    var cursor = DERCursor(whole: bytes)
    let element = try cursor.next(tag, bytes)
    try cursor.finish()
    return element
}
