/// `DistributionPointName` (RFC 5280 §4.2.1.13): what a revocation list stands under.
enum DistributionPointName: Sendable, Hashable {
    case full([GeneralName])
    /// The attributes of the one RDN that follows the name of the list's issuer.
    case relative(Range<Int>)

    /// Reads `CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] RelativeDistinguishedName }`, inside the
    /// explicit tag `element`.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var choice = try DERCursor(inside: element)
        let name = try choice.next(bytes)
        try choice.finish()
        switch name.tag {
        case .constructed(0): self = .full(try GeneralName.list(name, bytes))
        case .constructed(1): self = .relative(name.content)
        default: throw CertificateError(.unexpectedTag, at: name.start)
        }
    }

    /// A name in a form that can be compared.
    enum Form: Hashable {
        case directory(DistinguishedName)
        case other(GeneralName.Kind, ArraySlice<UInt8>)
    }

    /// The names in the encoding `der`; those that cannot be read are left out.
    func forms(_ der: [UInt8], issuer: DistinguishedName) -> [Form] {
        switch self {
        case .full(let names):
            names.compactMap { name in
                guard name.kind == .directoryName else { return .other(name.kind, der[name.value]) }
                return (try? name.directoryName(der.span)).map { .directory($0) }
            }
        case .relative(let attributes):
            (try? issuer.appending(relative: der[attributes])).map { [.directory($0)] } ?? []
        }
    }
}

extension DistributionPoint {
    /// `[0] distributionPoint, [1] reasons, [2] cRLIssuer`, all optional.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        if let wrapper = try fields.nextIf(.constructed(0), bytes) {
            name = try DistributionPointName(wrapper, bytes)
        }
        reasons = try RevocationReasons(&fields, tag: .primitive(1), bytes)
        if let issuer = try fields.nextIf(.constructed(2), bytes) {
            crlIssuer = try GeneralName.list(issuer, bytes)
        }
        try fields.finish()
        // RFC 5280 §4.2.1.13: "a DistributionPoint MUST NOT consist of only the reasons field; either
        // distributionPoint or cRLIssuer MUST be present."
        guard name != nil || crlIssuer != nil else { throw CertificateError(.invalidExtension, at: element.start) }
    }
}

/// `ReasonFlags` (RFC 5280 §4.2.1.13); bit 0, which means nothing, is the highest.
struct RevocationReasons: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    /// Bits 1 to 8.
    static let all = RevocationReasons(rawValue: 0x7F80)

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The next field if it has `tag`; nil otherwise.
    init?(_ fields: inout DERCursor, tag: DERTag, _ bytes: Span<UInt8>) throws(CertificateError) {
        guard let element = try fields.nextIf(tag, bytes) else { return nil }
        rawValue = try element.namedBits(bytes) & Self.all.rawValue
    }
}
