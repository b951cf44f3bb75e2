internal import CLibcrypto

/// A private key that signs for a certificate. Any number of threads may use it at the same time.
///
/// ```swift
/// let key = try PrivateKey(pem: contentsOfKeyFile)
/// print(key.algorithm)  // P-256
/// ```
///
/// Keys are read in the forms PKCS#8 (RFC 5958), plain or encrypted, PKCS#1 (RFC 8017 §A.1.2) and SEC1 (RFC 5915).
public final class PrivateKey: Sendable {
    private let key: SignatureKey

    /// The schemes that the key can sign with in CertificateVerify (RFC 9846 §4.5.2), in the order of preference.
    public let signatureSchemes: [SignatureScheme]

    /// The public key that belongs to it.
    public let publicKey: PublicKey

    /// What kind of key it is. RSA keys of every size are loaded: which ones to use is a matter of policy.
    public var algorithm: KeyAlgorithm {
        key.algorithm
    }

    /// Reads the first private key of a PEM file (RFC 7468); certificates and other things may stand before and after.
    ///
    /// - Parameter passphrase: for an encrypted key. Nobody is ever asked for one.
    /// - Throws: `KeyError`, with a description for the person who gave the key.
    public convenience init(pem: [UInt8], passphrase: String? = nil) throws(KeyError) {
        try self.init(KeyReader.read(pem: pem, passphrase: passphrase))
    }

    /// Reads the first private key of a PEM text (RFC 7468); certificates and other things may stand before and after.
    ///
    /// - Parameter passphrase: for an encrypted key. Nobody is ever asked for one.
    /// - Throws: `KeyError`, with a description for the person who gave the key.
    public convenience init(pem: String, passphrase: String? = nil) throws(KeyError) {
        try self.init(pem: Array(pem.utf8), passphrase: passphrase)
    }

    /// Reads a DER-encoded private key.
    ///
    /// - Parameter passphrase: for an encrypted key. Nobody is ever asked for one.
    /// - Throws: `KeyError`, with a description for the person who gave the key.
    public convenience init(der: [UInt8], passphrase: String? = nil) throws(KeyError) {
        try self.init(KeyReader.read(der: der, passphrase: passphrase))
    }

    /// Makes a fresh key.
    ///
    /// RSA keys have 2048 to 16384 bits; making one takes from a tenth of a second to minutes.
    ///
    /// - Throws: `KeyError.unsupportedAlgorithm`.
    public static func generate(_ algorithm: KeyAlgorithm) throws(KeyError) -> PrivateKey {
        guard let handle = try? KeyHandle.generate(algorithm.makeGenerator()) else {
            throw .unsupportedAlgorithm("\(algorithm)")
        }
        return try PrivateKey(handle)
    }

    private init(_ handle: KeyHandle) throws(KeyError) {
        guard let algorithm = KeyAlgorithm(handle) else { throw .unsupportedAlgorithm(handle.typeName) }
        let key = SignatureKey(handle, algorithm)
        let schemes = SignatureScheme.supportedInHandshake.filter { scheme in
            guard scheme.fits(algorithm), let algorithm = scheme.algorithm else { return false }
            return key.allows(algorithm)
        }
        guard let scheme = schemes.first else { throw .unsupportedAlgorithm("\(algorithm)") }
        self.key = key
        signatureSchemes = schemes
        publicKey = PublicKey(key)
        try checkConsistency(scheme)
    }

    /// One signature, made and checked: a key with a damaged number would make wrong ones, some of which tell secrets.
    private func checkConsistency(_ scheme: SignatureScheme) throws(KeyError) {
        let message = Array("Gatehouse".utf8)
        guard let signature = try? sign(message.span, scheme: scheme),
            publicKey.isValidSignature(signature.span, over: message.span, scheme: scheme)
        else { throw .inconsistent }
    }

    /// The signature of `message`.
    ///
    /// - Throws: `unsupportedAlgorithm` when the scheme is not one for this key.
    package func sign(_ message: Span<UInt8>, scheme: SignatureScheme) throws(CryptoError) -> [UInt8] {
        guard scheme.fits(algorithm), let signatureAlgorithm = scheme.algorithm else { throw .unsupportedAlgorithm }
        return try key.sign(message, signatureAlgorithm)
    }

    /// The public key as a DER-encoded SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    public var subjectPublicKeyInfo: [UInt8] {
        publicKey.subjectPublicKeyInfo
    }

    /// Whether `publicKey` is the one that belongs to this key.
    package func isPair(of publicKey: PublicKey) -> Bool {
        let isPair =
            algorithm == publicKey.algorithm && EVP_PKEY_eq(key.handle.pointer, publicKey.key.handle.pointer) == 1
        if !isPair { ERR_clear_error() }
        return isPair
    }
}

extension KeyAlgorithm {
    /// The kind of `key`; nil for a kind that is not supported.
    fileprivate init?(_ key: KeyHandle) {
        let bits = Int(EVP_PKEY_get_bits(key.pointer))
        switch key.typeName {
        case "RSA": self = .rsa(bits: bits)
        case "RSA-PSS": self = .rsaPSS(bits: bits)
        case "P-256": self = .p256
        case "P-384": self = .p384
        case "P-521": self = .p521
        case "ED25519": self = .ed25519
        case "ED448": self = .ed448
        case let name:
            guard let parameters = MLDSAParameterSet.allCases.first(where: { $0.name == name }) else { return nil }
            self = .mlDSA(parameters)
        }
    }

    fileprivate func makeGenerator() throws(CryptoError) -> KeyContext {
        switch self {
        case .rsa(let bits): try Self.makeRSAGenerator("RSA", bits)
        case .rsaPSS(let bits): try Self.makeRSAGenerator("RSA-PSS", bits)
        case .p256: try EllipticCurve.p256.makeGenerator()
        case .p384: try EllipticCurve.p384.makeGenerator()
        case .p521: try EllipticCurve.p521.makeGenerator()
        case .ed25519: try KeyHandle.makeGenerator("ED25519")
        case .ed448: try KeyHandle.makeGenerator("ED448")
        case .mlDSA(let parameters): try KeyHandle.makeGenerator(parameters.name)
        }
    }

    private static func makeRSAGenerator(_ name: String, _ bits: Int) throws(CryptoError) -> KeyContext {
        guard (2048...16384).contains(bits) else { throw .unsupportedAlgorithm }
        return try KeyHandle.makeGenerator(name) { EVP_PKEY_CTX_set_rsa_keygen_bits($0, Int32(bits)) == 1 }
    }
}

extension KeyHandle {
    /// libcrypto's name for the kind of key; for a key on an elliptic curve, the curve's name as NIST has it.
    fileprivate var typeName: String {
        guard let name = EVP_PKEY_get0_type_name(pointer).map({ String(cString: $0) }) else { return "unknown" }
        guard name == "EC" else { return name }
        // A key whose curve is spelled out in numbers could hide another curve behind a known name.
        var isSpelledOut: Int32 = 0
        guard EVP_PKEY_get_int_param(pointer, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &isSpelledOut) == 1,
            isSpelledOut == 0
        else {
            ERR_clear_error()
            return "EC with explicit parameters"
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
            var length = 0
            guard EVP_PKEY_get_group_name(pointer, buffer.baseAddress, buffer.count, &length) == 1 else {
                ERR_clear_error()
                return "EC"
            }
            switch String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) {
            case "prime256v1": return "P-256"
            case "secp384r1": return "P-384"
            case "secp521r1": return "P-521"
            case let other: return "EC on \(other)"
            }
        }
    }
}
