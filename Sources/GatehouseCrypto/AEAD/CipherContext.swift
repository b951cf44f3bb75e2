internal import CLibcrypto

/// One of libcrypto's cipher contexts, keyed once and for one direction; each use sets only the nonce.
struct CipherContext: ~Copyable, @unchecked Sendable {
    enum Direction: Int32 {
        case open = 0
        case seal = 1
    }

    /// An `EVP_CIPHER_CTX`, owned here. libcrypto overwrites its key schedule when it is freed.
    private let context: OpaquePointer

    init(_ algorithm: AEADAlgorithm, _ direction: Direction, key: borrowing Secret) throws(CryptoError) {
        context = try Self.make(algorithm, direction, key: key)
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Writes the ciphertext of `plaintext` and `suffix`, taken as one, and the tag to `output`, which has exactly the
    /// room for them.
    func seal(
        nonce: UnsafeRawBufferPointer, additionalData: UnsafeRawBufferPointer, plaintext: UnsafeRawBufferPointer,
        suffix: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<UInt8>
    ) throws(CryptoError) {
        var final: Int32 = 0
        let tag = output + plaintext.count + suffix.count
        guard start(nonce, additionalData),
            update(plaintext, into: output),
            update(suffix, into: output + plaintext.count),
            EVP_CipherFinal_ex(context, tag, &final) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(AEADAlgorithm.tagLength), tag) == 1
        else { throw .library() }
    }

    /// Decrypts `count` bytes at `ciphertext`, which the tag follows, in place. If they are not authentic, they are
    /// overwritten with zeros.
    func open(
        nonce: UnsafeRawBufferPointer, additionalData: UnsafeRawBufferPointer,
        _ ciphertext: UnsafeMutablePointer<UInt8>, count: Int
    ) throws(CryptoError) {
        var final: Int32 = 0
        let tag = ciphertext + count
        guard start(nonce, additionalData),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(AEADAlgorithm.tagLength), tag) == 1,
            update(UnsafeRawBufferPointer(start: ciphertext, count: count), into: ciphertext)
        else { throw .library() }
        guard EVP_CipherFinal_ex(context, tag, &final) == 1 else {
            ciphertext.update(repeating: 0, count: count)
            throw CryptoError.authenticationFailed.clearingQueue()
        }
    }

    private static func make(
        _ algorithm: AEADAlgorithm, _ direction: Direction, key: borrowing Secret
    ) throws(CryptoError) -> OpaquePointer {
        guard key.count == algorithm.keyLength else { throw .invalidKey }
        guard let cipher = algorithm.cipher else { throw .unsupportedAlgorithm }
        guard let context = EVP_CIPHER_CTX_new() else { throw .library() }
        let keyed = key.withUnsafeBytes { key in
            EVP_CipherInit_ex(
                context, cipher, nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, direction.rawValue)
        }
        guard keyed == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw .library()
        }
        return context
    }

    private func start(_ nonce: UnsafeRawBufferPointer, _ additionalData: UnsafeRawBufferPointer) -> Bool {
        let nonce = nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return EVP_CipherInit_ex(context, nil, nil, nil, nonce, -1) == 1 && update(additionalData, into: nil)
    }

    /// Both algorithms are stream ciphers: as many bytes come out as go in. `output` may be where `input` is.
    private func update(_ input: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<UInt8>?) -> Bool {
        guard let start = input.baseAddress, input.count > 0 else { return true }
        guard let count = Int32(exactly: input.count) else { return false }
        var written: Int32 = 0
        return EVP_CipherUpdate(context, output, &written, start.assumingMemoryBound(to: UInt8.self), count) == 1
    }
}

extension AEADAlgorithm {
    /// libcrypto's algorithm, looked up once per process; nil when its configuration leaves it out.
    fileprivate var cipher: OpaquePointer? {
        switch self {
        case .aes128GCM: Self.aes128GCMCipher
        case .aes256GCM: Self.aes256GCMCipher
        case .chacha20Poly1305: Self.chacha20Poly1305Cipher
        }
    }

    // Never freed and never changed: libcrypto counts the uses of an EVP_CIPHER atomically.
    nonisolated(unsafe) private static let aes128GCMCipher = fetch("AES-128-GCM")
    nonisolated(unsafe) private static let aes256GCMCipher = fetch("AES-256-GCM")
    nonisolated(unsafe) private static let chacha20Poly1305Cipher = fetch("ChaCha20-Poly1305")

    private static func fetch(_ name: String) -> OpaquePointer? {
        let cipher = EVP_CIPHER_fetch(LibraryContext.shared, name, nil)
        ERR_clear_error()
        return cipher
    }
}
