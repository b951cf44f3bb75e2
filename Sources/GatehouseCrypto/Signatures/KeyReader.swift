internal import CLibcrypto

/// Reads private keys with libcrypto's decoders.
enum KeyReader {
    static func read(pem: [UInt8], passphrase: String?) throws(KeyError) -> KeyHandle {
        try withPassphrase(passphrase) { request in
            withBIO(pem) { bio in
                PEM_read_bio_PrivateKey_ex(bio, nil, answerPassphraseRequest, request, LibraryContext.shared, nil)
            }
        } orThrow: {
            explain(pem: pem)
        }
    }

    static func read(der: [UInt8], passphrase: String?) throws(KeyError) -> KeyHandle {
        try withPassphrase(passphrase) { request in
            decode(der, request)
        } orThrow: {
            explain(der: der)
        }
    }

    /// A key from all of `der`; nil when something follows it.
    private static func decode(_ der: [UInt8], _ request: UnsafeMutableRawPointer) -> OpaquePointer? {
        var key: OpaquePointer?
        guard
            let decoder = OSSL_DECODER_CTX_new_for_pkey(
                &key, "DER", nil, nil, EVP_PKEY_KEY_PARAMETERS | OSSL_KEYMGMT_SELECT_PRIVATE_KEY,
                LibraryContext.shared, nil)
        else { return nil }
        defer { OSSL_DECODER_CTX_free(decoder) }
        var remaining = der.count
        let isDecoded = der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return OSSL_DECODER_CTX_set_pem_password_cb(decoder, answerPassphraseRequest, request) == 1
                && OSSL_DECODER_from_data(decoder, &next, &remaining) == 1
        }
        guard isDecoded, remaining == 0 else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }

    /// Runs `read` with what libcrypto calls back for a passphrase.
    private static func withPassphrase(
        _ passphrase: String?, _ read: (UnsafeMutableRawPointer) -> OpaquePointer?, orThrow explain: () -> KeyError
    ) throws(KeyError) -> KeyHandle {
        var request = PassphraseRequest(
            passphrase: passphrase.map { passphrase in
                Secret(count: passphrase.utf8.count) { $0.copyBytes(from: passphrase.utf8) }
            })
        let key = withUnsafeMutablePointer(to: &request) { read(UnsafeMutableRawPointer($0)) }
        ERR_clear_error()
        if let key { return KeyHandle(owning: key) }
        if request.wasAsked { throw passphrase == nil ? .passphraseRequired : .wrongPassphrase }
        throw explain()
    }

    private static func explain(pem: [UInt8]) -> KeyError {
        let isCertificate = withBIO(pem) { bio in
            guard let certificate = PEM_read_bio_X509(bio, nil, answerPassphraseRequest, nil) else { return false }
            X509_free(certificate)
            return true
        }
        let isPublicKey = withBIO(pem) { bio in
            guard let key = PEM_read_bio_PUBKEY(bio, nil, answerPassphraseRequest, nil) else { return false }
            EVP_PKEY_free(key)
            return true
        }
        ERR_clear_error()
        return isCertificate == true ? .certificate : isPublicKey == true ? .publicKey : .notAKey
    }

    private static func explain(der: [UInt8]) -> KeyError {
        defer { ERR_clear_error() }
        return der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            if let certificate = d2i_X509(nil, &next, bytes.count) {
                X509_free(certificate)
                return .certificate
            }
            next = bytes.baseAddress
            if let key = d2i_PUBKEY(nil, &next, bytes.count) {
                EVP_PKEY_free(key)
                return .publicKey
            }
            return .notAKey
        }
    }

    private static func withBIO<R>(_ bytes: [UInt8], _ body: (OpaquePointer) -> R?) -> R? {
        guard let count = Int32(exactly: bytes.count), count > 0 else { return nil }
        return bytes.withUnsafeBytes { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, count) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }
}

/// libcrypto's question for a passphrase, and the answer.
private struct PassphraseRequest: ~Copyable {
    let passphrase: Secret?
    var wasAsked = false
}

/// What libcrypto calls for a passphrase; without a function of one's own it asks on the terminal. `context` is the
/// `PassphraseRequest` of the call under way, or null. Less than zero says that there is no passphrase that fits.
private func answerPassphraseRequest(
    _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int32, _ isForWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let request = context?.assumingMemoryBound(to: PassphraseRequest.self) else { return -1 }
    request.pointee.wasAsked = true
    let buffer = UnsafeMutableRawBufferPointer(start: buffer, count: Int(max(capacity, 0)))
    return request.pointee.passphrase?.withUnsafeBytes { passphrase in
        guard passphrase.count <= buffer.count else { return -1 }
        buffer.copyMemory(from: passphrase)
        return Int32(passphrase.count)
    } ?? -1
}
