/// A `GeneralName` (RFC 5280 §4.2.1.6), as its kind and where its value lies in the certificate.
struct GeneralName: Sendable, Hashable {
    enum Kind: UInt8, Sendable, Hashable {
        case otherName = 0
        case rfc822Name = 1
        case dnsName = 2
        case x400Address = 3
        case directoryName = 4
        case ediPartyName = 5
        case uniformResourceIdentifier = 6
        case ipAddress = 7
        case registeredID = 8
    }

    let kind: Kind
    /// The value: the string or the address; for a directory name the `Name` element; for other kinds the content.
    let value: Range<Int>

    /// Reads one. An address has `addressLengths` bytes: 4 or 16 in a name, 8 or 32 in a constraint.
    init(
        _ element: DERElement, _ bytes: Span<UInt8>, addressLengths: (Int, Int) = (4, 16)
    ) throws(CertificateError) {
        let isConstructed = element.tag.rawValue & 0x20 != 0
        guard element.tag.rawValue & 0xC0 == 0x80, let kind = Kind(rawValue: element.tag.rawValue & 0x1F) else {
            throw CertificateError(.unexpectedTag, at: element.start)
        }
        var value = element.content
        switch kind {
        case .rfc822Name, .dnsName, .uniformResourceIdentifier:
            guard !isConstructed else { throw CertificateError(.unexpectedTag, at: element.start) }
            try element.checkIA5(bytes)
        case .ipAddress:
            // RFC 5280 §4.2.1.6: "For IP version 4 … the octet string MUST contain exactly four octets. For IP
            // version 6 … the octet string MUST contain exactly sixteen octets."
            guard !isConstructed, value.count == addressLengths.0 || value.count == addressLengths.1 else {
                throw CertificateError(.invalidName, at: element.start)
            }
        case .directoryName:
            guard isConstructed else { throw CertificateError(.unexpectedTag, at: element.start) }
            var inside = try DERCursor(inside: element)
            let name = try inside.next(.sequence, bytes)
            try inside.finish()
            _ = try DistinguishedName(name, bytes)
            value = name.range
        case .registeredID:
            guard !isConstructed else { throw CertificateError(.unexpectedTag, at: element.start) }
            try element.checkObjectIdentifier(bytes)
        case .otherName:
            guard isConstructed else { throw CertificateError(.unexpectedTag, at: element.start) }
            var inside = try DERCursor(inside: element)
            try inside.next(.objectIdentifier, bytes).checkObjectIdentifier(bytes)
            _ = try inside.next(.constructed(0), bytes)
            try inside.finish()
        case .x400Address, .ediPartyName:
            guard isConstructed else { throw CertificateError(.unexpectedTag, at: element.start) }
        }
        self.kind = kind
        self.value = value
    }

    /// `GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName`, from the content of `element`.
    static func list(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) -> [GeneralName] {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var names: [GeneralName] = []
        var cursor = try DERCursor(inside: element)
        while !cursor.isAtEnd {
            names.append(try GeneralName(cursor.next(bytes), bytes))
        }
        return names
    }

    /// The directory name that this is.
    func directoryName(_ bytes: Span<UInt8>) throws(CertificateError) -> DistinguishedName {
        var cursor = DERCursor(over: value)
        return try DistinguishedName(cursor.next(.sequence, bytes), bytes)
    }
}
