/// What kind of key it is that signs, or that checks signatures.
public enum KeyAlgorithm: Sendable, Hashable {
    /// RSA with the object identifier rsaEncryption, and the size of its modulus in bits.
    case rsa(bits: Int)
    /// RSA with the object identifier id-RSASSA-PSS, and the size of its modulus in bits.
    case rsaPSS(bits: Int)
    /// ECDSA on NIST P-256.
    case p256
    /// ECDSA on NIST P-384.
    case p384
    /// ECDSA on NIST P-521.
    case p521
    /// Ed25519 (RFC 8032).
    case ed25519
    /// Ed448 (RFC 8032).
    case ed448
    /// ML-DSA (FIPS 204).
    case mlDSA(MLDSAParameterSet)
}

extension KeyAlgorithm: CustomStringConvertible {
    /// A name such as `RSA-2048`, `P-256` or `Ed25519`.
    public var description: String {
        switch self {
        case .rsa(let bits): "RSA-\(bits)"
        case .rsaPSS(let bits): "RSA-PSS-\(bits)"
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        case .ed25519: "Ed25519"
        case .ed448: "Ed448"
        case .mlDSA(let parameters): parameters.name
        }
    }
}
