internal import CLibcrypto

/// One key set up in libcrypto to sign, or to check signatures, with one algorithm. One thread at a time can use it.
final class SignatureContext: @unchecked Sendable {
    enum Operation {
        case sign
        case verify
    }

    let algorithm: SignatureAlgorithm
    let operation: Operation
    private let key: KeyHandle
    private let implementation: Implementation

    private enum Implementation {
        /// An `EVP_PKEY_CTX` for digests that Swift has computed.
        case overDigest(KeyContext, HashAlgorithm)
        /// An `EVP_MD_CTX`, for what takes the message itself: EdDSA, ML-DSA, and the digests that are not computed in Swift.
        case overMessage(OpaquePointer, digest: String?)
    }

    /// - Throws: `unsupportedAlgorithm` when libcrypto does not have the algorithm or the key does not allow it.
    init(_ operation: Operation, _ algorithm: SignatureAlgorithm, _ key: KeyHandle) throws(CryptoError) {
        implementation =
            if let hash = algorithm.hash {
                .overDigest(try Self.makeContext(operation, algorithm, hash, key), hash)
            } else {
                .overMessage(try Self.makeMessageContext(operation, algorithm), digest: algorithm.digestName)
            }
        self.algorithm = algorithm
        self.operation = operation
        self.key = key
    }

    deinit {
        if case .overMessage(let context, _) = implementation { EVP_MD_CTX_free(context) }
    }

    /// The signature of `message`.
    func sign(_ message: Span<UInt8>) throws(CryptoError) -> [UInt8] {
        var isSigned = false
        let capacity = Int(EVP_PKEY_get_size(key.pointer))
        let signature = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initializedCount in
            var length = capacity
            switch implementation {
            case .overDigest(let context, let hash):
                let digest = Hasher.hash(hash, message)
                isSigned = EVP_PKEY_sign(context.pointer, buffer.baseAddress, &length, digest, digest.count) == 1
            case .overMessage(let context, let digest):
                isSigned = message.withUnsafeBytes { message in
                    EVP_DigestSignInit_ex(context, nil, digest, LibraryContext.shared, nil, key.pointer, nil) == 1
                        && EVP_DigestSign(context, buffer.baseAddress, &length, message.start, message.count) == 1
                }
            }
            initializedCount = isSigned ? length : 0
        }
        guard isSigned else { throw .library() }
        return signature
    }

    /// Whether `signature` is one of `message`.
    func isValid(_ signature: Span<UInt8>, of message: Span<UInt8>) -> Bool {
        let isValid = signature.withUnsafeBytes { signature in
            switch implementation {
            case .overDigest(let context, let hash):
                let digest = Hasher.hash(hash, message)
                return EVP_PKEY_verify(
                    context.pointer, signature.start, signature.count, digest, digest.count) == 1
            case .overMessage(let context, let digest):
                return message.withUnsafeBytes { message in
                    EVP_DigestVerifyInit_ex(context, nil, digest, LibraryContext.shared, nil, key.pointer, nil) == 1
                        && EVP_DigestVerify(
                            context, signature.start, signature.count, message.start, message.count) == 1
                }
            }
        }
        if !isValid { ERR_clear_error() }
        return isValid
    }

    private static func makeMessageContext(
        _ operation: Operation, _ algorithm: SignatureAlgorithm
    ) throws(CryptoError) -> OpaquePointer {
        guard operation == .verify || algorithm.obsoleteDigest.isEmpty else { throw .unsupportedAlgorithm }
        guard let context = EVP_MD_CTX_new() else { throw .library() }
        return context
    }

    private static func makeContext(
        _ operation: Operation, _ algorithm: SignatureAlgorithm, _ hash: HashAlgorithm, _ key: KeyHandle
    ) throws(CryptoError) -> KeyContext {
        guard let pointer = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key.pointer, nil) else {
            throw .library()
        }
        let context = KeyContext(owning: pointer)
        let isReady =
            switch operation {
            case .sign: EVP_PKEY_sign_init(pointer) == 1
            case .verify: EVP_PKEY_verify_init(pointer) == 1
            }
        guard isReady, setPadding(algorithm, pointer),
            EVP_PKEY_CTX_set_signature_md(pointer, hash.libcryptoDigest) == 1,
            setSaltLength(algorithm, pointer)
        else { throw CryptoError.unsupportedAlgorithm.clearingQueue() }
        return context
    }

    private static func setPadding(_ algorithm: SignatureAlgorithm, _ context: OpaquePointer) -> Bool {
        switch algorithm {
        case .rsaPKCS1: EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        case .rsaPSS: EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
        case .ecdsa, .ed25519, .ed448, .mlDSA, .obsoleteRSAWithMD5, .obsoleteRSAWithSHA1, .obsoleteECDSAWithSHA1: true
        }
    }

    /// MGF1's hash function follows the signature's.
    private static func setSaltLength(_ algorithm: SignatureAlgorithm, _ context: OpaquePointer) -> Bool {
        guard case .rsaPSS(_, let saltLength) = algorithm else { return true }
        guard let length = Int32(exactly: saltLength), length >= 0 else { return false }
        return EVP_PKEY_CTX_set_rsa_pss_saltlen(context, length) == 1
    }
}

extension HashAlgorithm {
    /// libcrypto's name for the function, as the signature contexts want it; it computes no digest here.
    fileprivate var libcryptoDigest: OpaquePointer? {
        switch self {
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }
}

extension SignatureAlgorithm {
    /// libcrypto's name for the hash function that it computes itself; nil for EdDSA and ML-DSA, which have their own.
    fileprivate var digestName: String? {
        switch obsoleteDigest {
        case .md5: "MD5"
        case .sha1: "SHA1"
        default: nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first byte's address, also when there are no bytes: libcrypto takes a null pointer for a missing argument.
    fileprivate var start: UnsafePointer<UInt8> {
        if let baseAddress { return baseAddress.assumingMemoryBound(to: UInt8.self) }
        return StaticString("").utf8Start
    }
}
