/// An ASN.1 OBJECT IDENTIFIER.
///
/// Up to 15 content octets, which is every identifier that the verifier knows, are held in place: comparing two of
/// them is comparing two numbers.
public struct ObjectIdentifier: Sendable, Hashable {
    /// The content octets with their count below them; 0 when there are more than 15.
    private let packed: UInt128
    private let long: [UInt8]?

    /// The identifier with these content octets, which the caller has checked.
    init(content: Span<UInt8>) {
        if content.count <= 15 {
            var value: UInt128 = 0
            for index in content.indices {
                value = value << 8 | UInt128(content[index])
            }
            packed = value << 8 | UInt128(content.count)
            long = nil
        } else {
            packed = 0
            long = content.copy(content.indices)
        }
    }

    /// The identifier with these arcs, such as `ObjectIdentifier(2, 5, 29, 15)`; at least two.
    init(_ first: UInt64, _ second: UInt64, _ rest: UInt64...) {
        var content: [UInt8] = []
        for arc in [first * 40 + second] + rest {
            Self.append(arc, to: &content)
        }
        self.init(content: content.span)
    }

    /// Reads the dotted form, such as `1.3.6.1.5.5.7.3.1`; nil if `text` is not one.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var arcs: [UInt64] = []
        for part in parts {
            guard let arc = UInt64(part), part.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            arcs.append(arc)
        }
        guard arcs.count >= 2, arcs[0] <= 2, arcs[1] < (arcs[0] == 2 ? UInt64.max - 80 : 40) else { return nil }
        var content: [UInt8] = []
        Self.append(arcs[0] * 40 + arcs[1], to: &content)
        for arc in arcs.dropFirst(2) {
            Self.append(arc, to: &content)
        }
        self.init(content: content.span)
    }

    private static func append(_ arc: UInt64, to content: inout [UInt8]) {
        var groups = [UInt8(truncatingIfNeeded: arc & 0x7F)]
        var rest = arc >> 7
        while rest > 0 {
            groups.append(UInt8(truncatingIfNeeded: rest & 0x7F) | 0x80)
            rest >>= 7
        }
        content.append(contentsOf: groups.reversed())
    }

    /// The DER encoding.
    public var der: [UInt8] {
        var writer = DERWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The content octets of the DER encoding.
    var content: [UInt8] {
        if let long { return long }
        let count = Int(packed & 0xFF)
        return (0..<count).map { UInt8(truncatingIfNeeded: packed >> (8 * (count - $0))) }
    }
}

extension ObjectIdentifier: CustomStringConvertible {
    /// The dotted form. One with an arc beyond 64 bits or more than 64 octets is only named as such.
    public var description: String {
        let octets = content
        guard octets.count <= 64 else { return "an identifier of \(octets.count) bytes" }
        var arcs: [String] = []
        var arc: UInt64 = 0
        for octet in octets {
            guard arc >> 57 == 0 else { return "an identifier with a huge arc" }
            arc = arc << 7 | UInt64(octet & 0x7F)
            if octet < 0x80 {
                if arcs.isEmpty {
                    let first = min(arc / 40, 2)
                    arcs = ["\(first)", "\(arc - first * 40)"]
                } else {
                    arcs.append("\(arc)")
                }
                arc = 0
            }
        }
        return arcs.joined(separator: ".")
    }
}
