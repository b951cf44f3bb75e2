internal import CLibcrypto

/// A public key that checks signatures. Any number of threads may use it at the same time.
public final class PublicKey: Sendable {
    let key: SignatureKey

    /// What kind of key it is.
    public var algorithm: KeyAlgorithm {
        key.algorithm
    }

    init(_ key: SignatureKey) {
        self.key = key
    }

    /// An RSA key from its two numbers, which are big-endian without a sign; zeros may lead.
    ///
    /// Every size from 512 to 16384 bits will do: which ones to trust is the caller's policy.
    ///
    /// - Parameters:
    ///   - exponent: odd, more than 1, and at most 64 bits long: a check takes time in proportion to its length.
    ///   - isPSS: whether the key's object identifier is id-RSASSA-PSS, and not rsaEncryption.
    /// - Throws: `invalidKey`.
    package convenience init(
        rsaModulus: Span<UInt8>, exponent: Span<UInt8>, isPSS: Bool
    ) throws(CryptoError) {
        let modulus = NativeInteger(bigEndian: rsaModulus)
        let exponent = NativeInteger(bigEndian: exponent)
        guard (512...16384).contains(modulus.bitCount), modulus.isOdd else { throw .invalidKey }
        guard (2...64).contains(exponent.bitCount), exponent.isOdd else { throw .invalidKey }
        let handle = try modulus.bytes.span.withUnsafeBytes { modulus throws(CryptoError) in
            try exponent.bytes.span.withUnsafeBytes { exponent throws(CryptoError) in
                try KeyHandle.make(
                    isPSS ? "RSA-PSS" : "RSA", EVP_PKEY_KEY_PARAMETERS | OSSL_KEYMGMT_SELECT_PUBLIC_KEY,
                    [.integer("n", modulus), .integer("e", exponent)])
            }
        }
        let bits = modulus.bitCount
        self.init(SignatureKey(handle, isPSS ? .rsaPSS(bits: bits) : .rsa(bits: bits)))
    }

    /// A key on P-256 from its point, uncompressed: 65 bytes.
    ///
    /// - Throws: `invalidKey` when it is not a point of the curve in this form.
    package convenience init(p256 point: Span<UInt8>) throws(CryptoError) {
        self.init(SignatureKey(try EllipticCurve.p256.makeKey(point: point), .p256))
    }

    /// A key on P-384 from its point, uncompressed: 97 bytes.
    ///
    /// - Throws: `invalidKey` when it is not a point of the curve in this form.
    package convenience init(p384 point: Span<UInt8>) throws(CryptoError) {
        self.init(SignatureKey(try EllipticCurve.p384.makeKey(point: point), .p384))
    }

    /// A key on P-521 from its point, uncompressed: 133 bytes.
    ///
    /// - Throws: `invalidKey` when it is not a point of the curve in this form.
    package convenience init(p521 point: Span<UInt8>) throws(CryptoError) {
        self.init(SignatureKey(try EllipticCurve.p521.makeKey(point: point), .p521))
    }

    /// An Ed25519 key from its 32 bytes (RFC 8032 §5.1.5).
    ///
    /// - Throws: `invalidKey` when their number is another.
    package convenience init(ed25519 bytes: Span<UInt8>) throws(CryptoError) {
        self.init(SignatureKey(try KeyHandle.make("ED25519", publicKey: bytes), .ed25519))
    }

    /// An Ed448 key from its 57 bytes (RFC 8032 §5.2.5).
    ///
    /// - Throws: `invalidKey` when their number is another.
    package convenience init(ed448 bytes: Span<UInt8>) throws(CryptoError) {
        self.init(SignatureKey(try KeyHandle.make("ED448", publicKey: bytes), .ed448))
    }

    /// An ML-DSA key from its bytes (FIPS 204 §7.2, `pkEncode`).
    ///
    /// - Throws: `unsupportedAlgorithm` when libcrypto does not have the parameter set; `invalidKey` when the number of
    ///   bytes is another than the set's.
    package convenience init(mlDSA bytes: Span<UInt8>, _ parameters: MLDSAParameterSet) throws(CryptoError) {
        guard parameters.isSupported else { throw .unsupportedAlgorithm }
        guard bytes.count == parameters.publicKeyLength else { throw .invalidKey }
        self.init(SignatureKey(try KeyHandle.make(parameters.name, publicKey: bytes), .mlDSA(parameters)))
    }

    /// Whether `signature` is one of `message` by the owner of this key. It is not when the algorithm is not one for
    /// this kind of key.
    package func isValidSignature(
        _ signature: Span<UInt8>, over message: Span<UInt8>, algorithm: SignatureAlgorithm
    ) -> Bool {
        key.isValid(signature, of: message, algorithm)
    }

    /// Whether `signature` is one of `message` by the owner of this key. It is not when the scheme is not one for this
    /// kind of key, curve and object identifier.
    package func isValidSignature(
        _ signature: Span<UInt8>, over message: Span<UInt8>, scheme: SignatureScheme
    ) -> Bool {
        guard scheme.fits(key.algorithm), let algorithm = scheme.algorithm else { return false }
        return key.isValid(signature, of: message, algorithm)
    }

    /// The key as a DER-encoded SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    public var subjectPublicKeyInfo: [UInt8] {
        key.handle.subjectPublicKeyInfo
    }
}

/// A number without a sign in the machine's byte order, as libcrypto takes it.
private struct NativeInteger {
    let bytes: [UInt8]
    let bitCount: Int
    let isOdd: Bool

    init(bigEndian number: Span<UInt8>) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(number.count)
        for index in number.indices where !bytes.isEmpty || number[index] != 0 {
            bytes.append(number[index])
        }
        bitCount = 8 * bytes.count - (bytes.first?.leadingZeroBitCount ?? 0)
        isOdd = !(bytes.last ?? 0).isMultiple(of: 2)
        #if _endian(little)
            bytes.reverse()
        #endif
        self.bytes = bytes
    }
}
