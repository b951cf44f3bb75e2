/// A group for key agreement (RFC 9846 §4.3.7, "NamedGroup").
///
/// The registry is open: a value that has no name here is kept as it came.
public struct NamedGroup: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS Supported Groups" registry.
    public let rawValue: UInt16

    /// Makes the group with this number, known or not.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// NIST P-256.
    public static let secp256r1 = NamedGroup(rawValue: 0x0017)
    /// NIST P-384.
    public static let secp384r1 = NamedGroup(rawValue: 0x0018)
    /// NIST P-521.
    public static let secp521r1 = NamedGroup(rawValue: 0x0019)
    /// X25519 (RFC 7748).
    public static let x25519 = NamedGroup(rawValue: 0x001D)
    /// X448 (RFC 7748).
    public static let x448 = NamedGroup(rawValue: 0x001E)
    /// NIST P-256 joined with ML-KEM-768 (RFC 10024).
    public static let secp256r1MLKEM768 = NamedGroup(rawValue: 0x11EB)
    /// X25519 joined with ML-KEM-768 (RFC 10024).
    public static let x25519MLKEM768 = NamedGroup(rawValue: 0x11EC)
    /// NIST P-384 joined with ML-KEM-1024 (RFC 10024).
    public static let secp384r1MLKEM1024 = NamedGroup(rawValue: 0x11ED)
    /// ML-KEM-768 alone (draft-ietf-tls-mlkem). It is not among `supported`: list it where nothing else may be used.
    public static let mlKEM768 = NamedGroup(rawValue: 0x0201)
    /// ML-KEM-1024 alone (draft-ietf-tls-mlkem), as CNSA 2.0 asks for. It is not among `supported`: list it where nothing
    /// else may be used.
    public static let mlKEM1024 = NamedGroup(rawValue: 0x0202)
}

extension NamedGroup: CustomStringConvertible {
    /// The name in IANA's registry, such as `x25519`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .secp256r1: "secp256r1"
        case .secp384r1: "secp384r1"
        case .secp521r1: "secp521r1"
        case .x25519: "x25519"
        case .x448: "x448"
        case .secp256r1MLKEM768: "SecP256r1MLKEM768"
        case .x25519MLKEM768: "X25519MLKEM768"
        case .secp384r1MLKEM1024: "SecP384r1MLKEM1024"
        case .mlKEM768: "MLKEM768"
        case .mlKEM1024: "MLKEM1024"
        default: "NamedGroup(\(rawValue))"
        }
    }
}
