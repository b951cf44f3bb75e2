/// A signature algorithm as TLS 1.3 names it (RFC 9846 §4.3.3, "SignatureScheme").
///
/// The registry is open: a value that has no name here is kept as it came.
public struct SignatureScheme: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS SignatureScheme" registry.
    public let rawValue: UInt16

    /// Makes the scheme with this number, known or not.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// ECDSA on P-256 with SHA-256.
    public static let ecdsaSecp256r1SHA256 = SignatureScheme(rawValue: 0x0403)
    /// ECDSA on P-384 with SHA-384.
    public static let ecdsaSecp384r1SHA384 = SignatureScheme(rawValue: 0x0503)
    /// ECDSA on P-521 with SHA-512.
    public static let ecdsaSecp521r1SHA512 = SignatureScheme(rawValue: 0x0603)
    /// RSASSA-PSS with SHA-256 and an rsaEncryption key.
    public static let rsaPSSRSAESHA256 = SignatureScheme(rawValue: 0x0804)
    /// RSASSA-PSS with SHA-384 and an rsaEncryption key.
    public static let rsaPSSRSAESHA384 = SignatureScheme(rawValue: 0x0805)
    /// RSASSA-PSS with SHA-512 and an rsaEncryption key.
    public static let rsaPSSRSAESHA512 = SignatureScheme(rawValue: 0x0806)
    /// Ed25519.
    public static let ed25519 = SignatureScheme(rawValue: 0x0807)
    /// Ed448.
    public static let ed448 = SignatureScheme(rawValue: 0x0808)
    /// ML-DSA-44.
    public static let mlDSA44 = SignatureScheme(rawValue: 0x0904)
    /// ML-DSA-65.
    public static let mlDSA65 = SignatureScheme(rawValue: 0x0905)
    /// ML-DSA-87.
    public static let mlDSA87 = SignatureScheme(rawValue: 0x0906)
    /// RSASSA-PSS with SHA-256 and an id-RSASSA-PSS key.
    public static let rsaPSSPSSSHA256 = SignatureScheme(rawValue: 0x0809)
    /// RSASSA-PSS with SHA-384 and an id-RSASSA-PSS key.
    public static let rsaPSSPSSSHA384 = SignatureScheme(rawValue: 0x080A)
    /// RSASSA-PSS with SHA-512 and an id-RSASSA-PSS key.
    public static let rsaPSSPSSSHA512 = SignatureScheme(rawValue: 0x080B)
    /// RSASSA-PKCS1-v1_5 with SHA-256: in certificates only.
    public static let rsaPKCS1SHA256 = SignatureScheme(rawValue: 0x0401)
    /// RSASSA-PKCS1-v1_5 with SHA-384: in certificates only.
    public static let rsaPKCS1SHA384 = SignatureScheme(rawValue: 0x0501)
    /// RSASSA-PKCS1-v1_5 with SHA-512: in certificates only.
    public static let rsaPKCS1SHA512 = SignatureScheme(rawValue: 0x0601)
    /// RSASSA-PKCS1-v1_5 with SHA-256, by clients only (RFC 9963).
    public static let rsaPKCS1SHA256Legacy = SignatureScheme(rawValue: 0x0420)
    /// RSASSA-PKCS1-v1_5 with SHA-384, by clients only (RFC 9963).
    public static let rsaPKCS1SHA384Legacy = SignatureScheme(rawValue: 0x0520)
    /// RSASSA-PKCS1-v1_5 with SHA-512, by clients only (RFC 9963).
    public static let rsaPKCS1SHA512Legacy = SignatureScheme(rawValue: 0x0620)
}

extension SignatureScheme: CustomStringConvertible {
    /// The name in IANA's registry, such as `ecdsa_secp256r1_sha256`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .ecdsaSecp256r1SHA256: "ecdsa_secp256r1_sha256"
        case .ecdsaSecp384r1SHA384: "ecdsa_secp384r1_sha384"
        case .ecdsaSecp521r1SHA512: "ecdsa_secp521r1_sha512"
        case .rsaPSSRSAESHA256: "rsa_pss_rsae_sha256"
        case .rsaPSSRSAESHA384: "rsa_pss_rsae_sha384"
        case .rsaPSSRSAESHA512: "rsa_pss_rsae_sha512"
        case .ed25519: "ed25519"
        case .ed448: "ed448"
        case .mlDSA44: "mldsa44"
        case .mlDSA65: "mldsa65"
        case .mlDSA87: "mldsa87"
        case .rsaPSSPSSSHA256: "rsa_pss_pss_sha256"
        case .rsaPSSPSSSHA384: "rsa_pss_pss_sha384"
        case .rsaPSSPSSSHA512: "rsa_pss_pss_sha512"
        case .rsaPKCS1SHA256: "rsa_pkcs1_sha256"
        case .rsaPKCS1SHA384: "rsa_pkcs1_sha384"
        case .rsaPKCS1SHA512: "rsa_pkcs1_sha512"
        case .rsaPKCS1SHA256Legacy: "rsa_pkcs1_sha256_legacy"
        case .rsaPKCS1SHA384Legacy: "rsa_pkcs1_sha384_legacy"
        case .rsaPKCS1SHA512Legacy: "rsa_pkcs1_sha512_legacy"
        default: "SignatureScheme(\(rawValue))"
        }
    }
}
