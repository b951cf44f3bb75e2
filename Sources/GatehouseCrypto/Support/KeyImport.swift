internal import CLibcrypto

extension KeyHandle {
    /// The key of the type `name` that has these numbers.
    ///
    /// - Parameter selection: which parts of a key `parameters` holds: `EVP_PKEY_KEY_PARAMETERS` and others.
    static func make(
        _ name: String, _ selection: Int32, _ parameters: [OSSL_PARAM]
    ) throws(CryptoError) -> KeyHandle {
        guard let context = EVP_PKEY_CTX_new_from_name(LibraryContext.shared, name, nil) else {
            throw CryptoError.unsupportedAlgorithm.clearingQueue()
        }
        defer { EVP_PKEY_CTX_free(context) }
        var parameters = parameters + [OSSL_PARAM_construct_end()]
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, selection, &parameters) == 1, let key
        else { throw CryptoError.invalidKey.clearingQueue() }
        return KeyHandle(owning: key)
    }

    /// The key of the type `name` with this public key in its raw form; for keys that are strings of bytes.
    static func make(_ name: String, publicKey: Span<UInt8>) throws(CryptoError) -> KeyHandle {
        let key = publicKey.withUnsafeBytes { bytes in
            EVP_PKEY_new_raw_public_key_ex(
                LibraryContext.shared, name, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        guard let key else { throw CryptoError.invalidKey.clearingQueue() }
        return KeyHandle(owning: key)
    }

    /// A fresh key of the type `name` that `configure` says more about; it returns whether libcrypto agreed.
    static func makeGenerator(
        _ name: String, _ configure: (OpaquePointer) -> Bool = { _ in true }
    ) throws(CryptoError) -> KeyContext {
        guard let context = EVP_PKEY_CTX_new_from_name(LibraryContext.shared, name, nil) else {
            throw CryptoError.unsupportedAlgorithm.clearingQueue()
        }
        let owner = KeyContext(owning: context)
        guard EVP_PKEY_keygen_init(context) == 1, configure(context) else {
            throw CryptoError.unsupportedAlgorithm.clearingQueue()
        }
        return owner
    }

    /// A fresh key from a context that `makeGenerator` made.
    static func generate(_ generator: KeyContext) throws(CryptoError) -> KeyHandle {
        var key: OpaquePointer?
        guard EVP_PKEY_generate(generator.pointer, &key) == 1, let key else { throw .library() }
        return KeyHandle(owning: key)
    }

    /// The public key as a DER-encoded SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    var subjectPublicKeyInfo: [UInt8] {
        var start: UnsafeMutablePointer<UInt8>?
        let count = Int(i2d_PUBKEY(pointer, &start))
        defer { CRYPTO_free(start, #file, #line) }
        guard count > 0, let start else {
            ERR_clear_error()
            return []
        }
        return [UInt8](UnsafeBufferPointer(start: start, count: count))
    }
}

// Parameters that libcrypto reads and never writes, although the C declarations would let it. What they point to must
// stay until the key is made; names are literals, which stay for ever.
extension OSSL_PARAM {
    /// A text, such as the name of a group.
    static func text(_ name: StaticString, _ value: StaticString) -> OSSL_PARAM {
        let bytes = UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount)
        return parameter(name, OSSL_PARAM_UTF8_STRING, bytes)
    }

    /// A string of bytes, such as an encoded point.
    static func bytes(_ name: StaticString, _ value: UnsafeRawBufferPointer) -> OSSL_PARAM {
        parameter(name, OSSL_PARAM_OCTET_STRING, value)
    }

    /// A number without a sign, in the machine's byte order.
    static func integer(_ name: StaticString, _ value: UnsafeRawBufferPointer) -> OSSL_PARAM {
        parameter(name, OSSL_PARAM_UNSIGNED_INTEGER, value)
    }

    private static func parameter(_ name: StaticString, _ type: Int32, _ value: UnsafeRawBufferPointer) -> OSSL_PARAM {
        OSSL_PARAM(
            key: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), data_type: UInt32(type),
            data: UnsafeMutableRawPointer(mutating: value.baseAddress), data_size: value.count, return_size: 0)
    }
}
