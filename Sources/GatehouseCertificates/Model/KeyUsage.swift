/// The key usage extension (RFC 5280 §4.2.1.3).
public struct KeyUsage: OptionSet, Sendable, Hashable {
    /// The bits as in the encoding: bit 0 of the definition is the highest.
    public let rawValue: UInt16

    /// The usages with these bits.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Signatures on other things than certificates and revocation lists: what TLS 1.3 needs.
    public static let digitalSignature = KeyUsage(rawValue: 0x8000)
    /// Signatures that cannot be denied later.
    public static let contentCommitment = KeyUsage(rawValue: 0x4000)
    /// Encrypting keys.
    public static let keyEncipherment = KeyUsage(rawValue: 0x2000)
    /// Encrypting data.
    public static let dataEncipherment = KeyUsage(rawValue: 0x1000)
    /// Key agreement.
    public static let keyAgreement = KeyUsage(rawValue: 0x0800)
    /// Signatures on certificates.
    public static let keyCertSign = KeyUsage(rawValue: 0x0400)
    /// Signatures on certificate revocation lists.
    public static let cRLSign = KeyUsage(rawValue: 0x0200)
    /// With key agreement: encrypting only.
    public static let encipherOnly = KeyUsage(rawValue: 0x0100)
    /// With key agreement: decrypting only.
    public static let decipherOnly = KeyUsage(rawValue: 0x0080)
}

/// The extended key usage extension (RFC 5280 §4.2.1.12): the purposes that the verifier asks about.
struct ExtendedKeyUsage: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let serverAuthentication = ExtendedKeyUsage(rawValue: 1)
    static let clientAuthentication = ExtendedKeyUsage(rawValue: 2)
    static let ocspSigning = ExtendedKeyUsage(rawValue: 4)
    static let any = ExtendedKeyUsage(rawValue: 8)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        guard element.tag == .sequence else { throw CertificateError(.unexpectedTag, at: element.start) }
        // "ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId".
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        self = []
        while !cursor.isAtEnd {
            switch try cursor.next(.objectIdentifier, bytes).objectIdentifier(bytes) {
            case .serverAuthentication: insert(.serverAuthentication)
            case .clientAuthentication: insert(.clientAuthentication)
            case .ocspSigning: insert(.ocspSigning)
            case .anyExtendedKeyUsage: insert(.any)
            default: break
            }
        }
    }
}
