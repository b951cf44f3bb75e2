internal import CLibcrypto

/// Key encapsulation as libcrypto does it: in a hybrid group the classical agreement is part of it.
extension EncapsulationGroup {
    /// A ciphertext for the owner of the public key `peer`, with the classical half of the answer if there is one, and the
    /// secret.
    ///
    /// - Throws: `invalidKeyShare`.
    func encapsulate(to peer: Span<UInt8>) throws(CryptoError) -> KeyShareAnswer {
        // RFC 10024 §4.1: "For all groups, the server MUST perform the encapsulation key check described in Section 7.2
        // of [FIPS 203] on the client's encapsulation key, and abort with an "illegal_parameter" alert if it fails."
        // libcrypto makes the check when the key is put in, and that of the point too (RFC 9846 §4.3.8.2).
        guard peer.count == clientShareLength, isWellFormed(peer) else { throw .invalidKeyShare }
        let key: KeyHandle
        do throws(CryptoError) {
            key = try KeyHandle.make(name, publicKey: peer)
        } catch {
            throw .invalidKeyShare
        }
        let context = try Self.context(key)
        guard EVP_PKEY_encapsulate_init(context.pointer, nil) == 1 else { throw .library() }
        var share = [UInt8](repeating: 0, count: serverShareLength)
        let secret = try Secret(count: secretLength) { secret throws(CryptoError) in
            var (shareLength, length) = (serverShareLength, secret.count)
            let start = secret.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let done = EVP_PKEY_encapsulate(context.pointer, &share, &shareLength, start, &length)
            // The key is good: what fails is the agreement with a point of low order.
            guard done == 1, shareLength == serverShareLength, length == secret.count else {
                throw CryptoError.invalidKeyShare.clearingQueue()
            }
        }
        return KeyShareAnswer(share: share, secret: try checked(secret))
    }

    /// The secret in the answer `peer` to the public key of `key`.
    ///
    /// - Throws: `invalidKeyShare`.
    func decapsulate(_ peer: Span<UInt8>, with key: KeyHandle) throws(CryptoError) -> Secret {
        // RFC 10024 §4.2: "For all groups, the client MUST check if the ciphertext length matches the selected group,
        // and abort with an "illegal_parameter" alert if it fails."
        guard peer.count == serverShareLength, isWellFormed(peer) else { throw .invalidKeyShare }
        let context = try Self.context(key)
        guard EVP_PKEY_decapsulate_init(context.pointer, nil) == 1 else { throw .library() }
        let secret = try Secret(count: secretLength) { secret throws(CryptoError) in
            var length = secret.count
            let start = secret.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let done = peer.withUnsafeBytes { peer in
                EVP_PKEY_decapsulate(
                    context.pointer, start, &length, peer.baseAddress?.assumingMemoryBound(to: UInt8.self), peer.count)
            }
            guard done == 1, length == secret.count else { throw CryptoError.invalidKeyShare.clearingQueue() }
        }
        return try checked(secret)
    }

    /// RFC 10024 §4.3 keeps what RFC 9846 §7.4.2 asks of X25519: an all-zero value ends the handshake.
    private func checked(_ secret: consuming Secret) throws(CryptoError) -> Secret {
        if let montgomerySecret, secret.isZero(in: montgomerySecret) { throw .invalidKeyShare }
        return secret
    }

    private static func context(_ key: KeyHandle) throws(CryptoError) -> KeyContext {
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key.pointer, nil) else {
            throw .library()
        }
        return KeyContext(owning: context)
    }
}
