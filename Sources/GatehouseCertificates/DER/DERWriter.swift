/// Writes DER. A constructed element is written by a closure; its length is put in front when the closure returns.
///
///     var writer = DERWriter()
///     writer.write(.sequence) { sequence in
///         sequence.write(.commonName)
///         sequence.write(.utf8String, "localhost".utf8)
///     }
struct DERWriter {
    private(set) var bytes: [UInt8] = []

    /// A primitive element.
    mutating func write(_ tag: DERTag, _ content: some Collection<UInt8>) {
        bytes.append(tag.rawValue)
        append(length: content.count)
        bytes.append(contentsOf: content)
    }

    /// A constructed element, or a primitive one that wraps an encoding.
    mutating func write<E: Error>(_ tag: DERTag, _ body: (inout DERWriter) throws(E) -> Void) throws(E) {
        var inner = DERWriter()
        try body(&inner)
        write(tag, inner.bytes)
    }

    /// What is an encoding already.
    mutating func write(encoded: some Collection<UInt8>) {
        bytes.append(contentsOf: encoded)
    }

    mutating func write(_ identifier: ObjectIdentifier) {
        write(.objectIdentifier, identifier.content)
    }

    mutating func write(_ value: Bool) {
        write(.boolean, CollectionOfOne(value ? 0xFF : 0x00))
    }

    /// A non-negative INTEGER given as its big-endian magnitude.
    mutating func write(magnitude: some Collection<UInt8>) {
        var content = Array(magnitude.drop { $0 == 0 })
        if content.first.map({ $0 >= 0x80 }) ?? true { content.insert(0, at: 0) }
        write(.integer, content)
    }

    mutating func write(_ value: Int) {
        write(magnitude: (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) })
    }

    /// A BIT STRING of whole bytes.
    mutating func write(bitString: some Collection<UInt8>) {
        write(.bitString, [0] + Array(bitString))
    }

    /// A BIT STRING with named bits (bit 0 is the highest), without trailing zeros as X.690 §11.2.2 asks.
    mutating func write(namedBits value: UInt16) {
        guard value != 0 else { return write(.bitString, CollectionOfOne(0)) }
        let unused = value.trailingZeroBitCount
        let octets = [UInt8(value >> 8), UInt8(value & 0xFF)]
        write(.bitString, [UInt8(unused % 8)] + octets.prefix(unused >= 8 ? 1 : 2))
    }

    /// A `Time` (RFC 5280 §4.1.2.5): UTCTime from 1950 through 2049, GeneralizedTime otherwise.
    mutating func write(_ time: UnixTime) {
        let text = Array(describe(time).utf8.filter { 0x30...0x39 ~= $0 }) + [UInt8(ascii: "Z")]
        if (-631_152_000..<2_524_608_000).contains(time) {
            write(.utcTime, text.dropFirst(2))
        } else {
            write(.generalizedTime, text)
        }
    }

    private mutating func append(length: Int) {
        guard length >= 0x80 else { return bytes.append(UInt8(length)) }
        let octets = (length.bitWidth - length.leadingZeroBitCount + 7) / 8
        bytes.append(0x80 | UInt8(octets))
        for index in (0..<octets).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: length >> (8 * index)))
        }
    }
}
