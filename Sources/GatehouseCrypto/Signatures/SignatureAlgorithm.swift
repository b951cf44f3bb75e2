/// How a signature is computed, apart from the key that it needs.
///
/// Certificates name their signature's algorithm this way; TLS names a `SignatureScheme`, which also binds the kind of
/// key.
public enum SignatureAlgorithm: Sendable, Hashable {
    /// ECDSA over a digest, on the curve of the key; the signature is a DER sequence of two integers.
    case ecdsa(HashAlgorithm)
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    case rsaPKCS1(HashAlgorithm)
    /// RSASSA-PSS (RFC 8017 §8.1), where MGF1 uses the same hash function; the salt's length is in bytes.
    case rsaPSS(HashAlgorithm, saltLength: Int)
    /// Ed25519 (RFC 8032 §5.1), over the message itself.
    case ed25519
    /// Ed448 (RFC 8032 §5.2), over the message itself.
    case ed448
    /// ML-DSA (FIPS 204 §5), over the message itself, with an empty context.
    case mlDSA(MLDSAParameterSet)
    /// RSASSA-PKCS1-v1_5 over MD5. It can be checked, but not made.
    case obsoleteRSAWithMD5
    /// RSASSA-PKCS1-v1_5 over SHA-1. It can be checked, but not made.
    case obsoleteRSAWithSHA1
    /// ECDSA over SHA-1. It can be checked, but not made.
    case obsoleteECDSAWithSHA1

    /// The SHA-2 function that the message goes through first; nil where libcrypto takes the message itself.
    var hash: HashAlgorithm? {
        switch self {
        case .ecdsa(let hash), .rsaPKCS1(let hash), .rsaPSS(let hash, _): hash
        case .ed25519, .ed448, .mlDSA, .obsoleteRSAWithMD5, .obsoleteRSAWithSHA1, .obsoleteECDSAWithSHA1: nil
        }
    }

    /// The hash function if it is one that nothing should be believed by; empty for all others.
    package var obsoleteDigest: ObsoleteDigests {
        switch self {
        case .obsoleteRSAWithMD5: .md5
        case .obsoleteRSAWithSHA1, .obsoleteECDSAWithSHA1: .sha1
        case .ecdsa, .rsaPKCS1, .rsaPSS, .ed25519, .ed448, .mlDSA: []
        }
    }

    /// Whether a key of this kind can make and check such signatures at all.
    package func suits(_ key: KeyAlgorithm) -> Bool {
        switch (self, key) {
        case (.ecdsa, .p256), (.ecdsa, .p384), (.ecdsa, .p521): true
        case (.obsoleteECDSAWithSHA1, .p256), (.obsoleteECDSAWithSHA1, .p384), (.obsoleteECDSAWithSHA1, .p521): true
        case (.rsaPKCS1, .rsa), (.obsoleteRSAWithMD5, .rsa), (.obsoleteRSAWithSHA1, .rsa): true
        case (.rsaPSS(let hash, let saltLength), .rsa(let bits)),
            (.rsaPSS(let hash, let saltLength), .rsaPSS(let bits)):
            // RFC 8017 §9.1.1 step 3: "If emLen < hLen + sLen + 2, output "encoding error" and stop."
            (bits + 6) / 8 >= hash.digestLength + saltLength + 2
        case (.ed25519, .ed25519), (.ed448, .ed448): true
        case (.mlDSA(let own), .mlDSA(let keys)): own == keys
        default: false
        }
    }
}

extension SignatureScheme {
    /// How a signature of this scheme is computed; nil for a scheme that is not known here.
    ///
    /// RFC 9846 §4.3.3 on RSASSA-PSS: "The length of the Salt MUST be equal to the length of the output of the
    /// digest algorithm."
    package var algorithm: SignatureAlgorithm? {
        switch self {
        case .ecdsaSecp256r1SHA256: .ecdsa(.sha256)
        case .ecdsaSecp384r1SHA384: .ecdsa(.sha384)
        case .ecdsaSecp521r1SHA512: .ecdsa(.sha512)
        case .rsaPSSRSAESHA256, .rsaPSSPSSSHA256: .rsaPSS(.sha256, saltLength: 32)
        case .rsaPSSRSAESHA384, .rsaPSSPSSSHA384: .rsaPSS(.sha384, saltLength: 48)
        case .rsaPSSRSAESHA512, .rsaPSSPSSSHA512: .rsaPSS(.sha512, saltLength: 64)
        case .rsaPKCS1SHA256, .rsaPKCS1SHA256Legacy: .rsaPKCS1(.sha256)
        case .rsaPKCS1SHA384, .rsaPKCS1SHA384Legacy: .rsaPKCS1(.sha384)
        case .rsaPKCS1SHA512, .rsaPKCS1SHA512Legacy: .rsaPKCS1(.sha512)
        case .ed25519: .ed25519
        case .ed448: .ed448
        case .mlDSA44: .mlDSA(.mlDSA44)
        case .mlDSA65: .mlDSA(.mlDSA65)
        case .mlDSA87: .mlDSA(.mlDSA87)
        default: nil
        }
    }

    /// Whether this scheme is one for keys of this kind (RFC 9846 §4.3.3): an ECDSA scheme names its curve, and
    /// "rsae" and "pss" name the object identifier of an RSA key.
    package func fits(_ key: KeyAlgorithm) -> Bool {
        switch (self, key) {
        case (.ecdsaSecp256r1SHA256, .p256), (.ecdsaSecp384r1SHA384, .p384), (.ecdsaSecp521r1SHA512, .p521): true
        case (.rsaPSSRSAESHA256, .rsa), (.rsaPSSRSAESHA384, .rsa), (.rsaPSSRSAESHA512, .rsa): true
        case (.rsaPSSPSSSHA256, .rsaPSS), (.rsaPSSPSSSHA384, .rsaPSS), (.rsaPSSPSSSHA512, .rsaPSS): true
        case (.rsaPKCS1SHA256, .rsa), (.rsaPKCS1SHA384, .rsa), (.rsaPKCS1SHA512, .rsa): true
        case (.rsaPKCS1SHA256Legacy, .rsa), (.rsaPKCS1SHA384Legacy, .rsa), (.rsaPKCS1SHA512Legacy, .rsa): true
        case (.ed25519, .ed25519), (.ed448, .ed448): true
        case (.mlDSA44, .mlDSA(.mlDSA44)), (.mlDSA65, .mlDSA(.mlDSA65)), (.mlDSA87, .mlDSA(.mlDSA87)): true
        default: false
        }
    }

    /// The schemes that CertificateVerify can carry here, in the order of preference; ML-DSA where libcrypto has it.
    ///
    /// RFC 9846 §4.3.3: the RSASSA-PKCS1-v1_5 schemes "refer solely to signatures which appear in certificates".
    public static let supportedInHandshake: [SignatureScheme] =
        [
            .ecdsaSecp256r1SHA256, .ed25519, .ecdsaSecp384r1SHA384, .ecdsaSecp521r1SHA512, .ed448, .rsaPSSRSAESHA256,
            .rsaPSSRSAESHA384, .rsaPSSRSAESHA512, .rsaPSSPSSSHA256, .rsaPSSPSSSHA384, .rsaPSSPSSSHA512,
        ] + (MLDSAParameterSet.mlDSA65.isSupported ? [.mlDSA65, .mlDSA87, .mlDSA44] : [])

    /// What clients may sign with besides, where both sides list it: for hardware that knows no RSASSA-PSS.
    ///
    /// RFC 9963 §3: the schemes "are only defined for signatures in the client CertificateVerify message and are not
    /// defined for use in other contexts."
    public static let supportedFromClientsWhenListed: [SignatureScheme] =
        [.rsaPKCS1SHA256Legacy, .rsaPKCS1SHA384Legacy, .rsaPKCS1SHA512Legacy]
}
