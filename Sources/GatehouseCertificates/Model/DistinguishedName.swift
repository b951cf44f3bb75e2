/// A `Name` (RFC 5280 §4.1.2.4): a sequence of relative distinguished names.
///
/// Two names are equal if they match as RFC 5280 §7.1 says: without regard to case, to the string type, and to how
/// much white space stands where.
public struct DistinguishedName: Sendable {
    /// The encoding as it came.
    public let der: [UInt8]
    /// The canonical forms of the RDNs, one after the other. Each starts with its length, so one name lies in the
    /// subtree of another exactly if its canonical form starts with the other's.
    let canonical: [UInt8]

    /// Whether there is no RDN in it.
    public var isEmpty: Bool { canonical.isEmpty }

    /// Whether this name lies in the subtree whose root is `base` (RFC 5280 §7.1).
    func isWithin(_ base: DistinguishedName) -> Bool {
        canonical.starts(with: base.canonical)
    }

    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        guard element.tag == .sequence else { throw CertificateError(.unexpectedTag, at: element.start) }
        var canonical: [UInt8] = []
        canonical.reserveCapacity(2 * element.content.count)
        var names = try DERCursor(inside: element)
        while !names.isAtEnd {
            let set = try names.next(.set, bytes)
            // RFC 5280 §4.1.2.4: "RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue".
            guard !set.content.isEmpty else { throw CertificateError(.emptySequence, at: set.start) }
            var attributes = try DERCursor(inside: set)
            let start = canonical.count
            Self.append(length: 0, to: &canonical)
            try Self.appendCanonical(attributes.next(.sequence, bytes), bytes, to: &canonical)
            if !attributes.isAtEnd {
                try Self.appendSorted(&attributes, bytes, after: start + 4, to: &canonical)
            }
            Self.patch(length: canonical.count - start - 4, at: start, in: &canonical)
        }
        self.canonical = canonical
        der = bytes.copy(element.range)
    }

    /// The name of one more RDN, which has these attributes.
    func appending(relative attributes: ArraySlice<UInt8>) throws(CertificateError) -> DistinguishedName {
        let own = try onlyElement(.sequence, der.span)
        var writer = DERWriter()
        writer.write(.sequence) { name in
            name.write(encoded: der[own.content])
            name.write(.set, attributes)
        }
        let bytes = writer.bytes
        return try DistinguishedName(onlyElement(.sequence, bytes.span), bytes.span)
    }

    /// Appends the other members of a set after its first one, and sorts them all: a set has no order.
    private static func appendSorted(
        _ attributes: inout DERCursor, _ bytes: Span<UInt8>, after start: Int, to canonical: inout [UInt8]
    ) throws(CertificateError) {
        var members = [Array(canonical[start...])]
        while !attributes.isAtEnd {
            var member: [UInt8] = []
            try appendCanonical(attributes.next(.sequence, bytes), bytes, to: &member)
            members.append(member)
        }
        members.sort { $0.lexicographicallyPrecedes($1) }
        canonical.replaceSubrange(start..., with: members.joined())
    }

    /// Appends the type and the prepared value (RFC 4518 §2, for what fits ASCII): strings of all types become the
    /// same bytes if they differ in case, in leading and trailing or in repeated white space only.
    private static func appendCanonical(
        _ element: DERElement, _ bytes: Span<UInt8>, to canonical: inout [UInt8]
    ) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        let type = try fields.next(.objectIdentifier, bytes)
        try type.checkObjectIdentifier(bytes)
        let value = try fields.next(bytes)
        try fields.finish()
        let start = canonical.count
        append(length: 0, to: &canonical)
        canonical.append(UInt8(truncatingIfNeeded: type.content.count))
        for index in type.content {
            canonical.append(bytes[index])
        }
        switch value.tag {
        case .utf8String, .printableString, .ia5String, .visibleString, .numericString:
            canonical.append(DERTag.utf8String.rawValue)
            let valueStart = canonical.count
            var hasSpaceBefore = false
            for index in value.content {
                let byte = bytes[index]
                if byte == 0x20 {
                    hasSpaceBefore = true
                    continue
                }
                if hasSpaceBefore && canonical.count > valueStart { canonical.append(0x20) }
                hasSpaceBefore = false
                canonical.append(byte.asciiLowercased)
            }
        default:
            canonical.append(value.tag.rawValue)
            for index in value.content {
                canonical.append(bytes[index])
            }
        }
        patch(length: canonical.count - start - 4, at: start, in: &canonical)
    }

    private static func append(length: Int, to bytes: inout [UInt8]) {
        for shift in [24, 16, 8, 0] {
            bytes.append(UInt8(truncatingIfNeeded: length >> shift))
        }
    }

    private static func patch(length: Int, at index: Int, in bytes: inout [UInt8]) {
        for offset in 0..<4 {
            bytes[index + offset] = UInt8(truncatingIfNeeded: length >> (24 - 8 * offset))
        }
    }
}

extension DistinguishedName: Hashable {
    /// Two names are equal if they match as RFC 5280 §7.1 says.
    public static func == (left: DistinguishedName, right: DistinguishedName) -> Bool {
        left.canonical == right.canonical
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(canonical)
    }
}
