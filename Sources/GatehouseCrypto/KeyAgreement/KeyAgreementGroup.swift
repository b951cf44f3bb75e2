internal import CLibcrypto

/// What libcrypto keeps ready for one group: contexts that generate keys, and keys that hold a peer's public key for as
/// long as one derivation takes.
final class KeyAgreementGroup: Sendable {
    /// How the group is written and computed.
    enum Kind: Sendable {
        /// X25519 or X448 (RFC 7748): a string of bytes, every one of which is accepted.
        case montgomery(name: String, length: Int)
        /// A NIST curve: a point in the form of `UncompressedPointRepresentation` (RFC 9846 §4.3.8.2).
        case weierstrass(EllipticCurve)
        /// ML-KEM, beside one of them (RFC 10024) or alone: the answer is made from the public key that it answers.
        case encapsulation(EncapsulationGroup)
    }

    let kind: Kind
    /// The size in bytes of a public key as it stands in KeyShareEntry.
    let publicKeyLength: Int
    /// The size in bytes of the shared secret and, but for ML-KEM, of a private key.
    let secretLength: Int

    private let generators = Pool<KeyContext>()
    private let peers = Pool<KeyHandle>()

    private init(_ kind: Kind) {
        self.kind = kind
        switch kind {
        case .montgomery(_, let length):
            publicKeyLength = length
            secretLength = length
        case .weierstrass(let curve):
            publicKeyLength = curve.pointLength
            secretLength = curve.fieldLength
        case .encapsulation(let group):
            publicKeyLength = group.clientShareLength
            secretLength = group.secretLength
        }
    }

    static let x25519 = KeyAgreementGroup(.montgomery(name: "X25519", length: 32))
    static let x448 = KeyAgreementGroup(.montgomery(name: "X448", length: 56))
    static let secp256r1 = KeyAgreementGroup(.weierstrass(.p256))
    static let secp384r1 = KeyAgreementGroup(.weierstrass(.p384))
    static let secp521r1 = KeyAgreementGroup(.weierstrass(.p521))
    static let secp256r1MLKEM768 = KeyAgreementGroup(.encapsulation(.secp256r1MLKEM768))
    static let x25519MLKEM768 = KeyAgreementGroup(.encapsulation(.x25519MLKEM768))
    static let secp384r1MLKEM1024 = KeyAgreementGroup(.encapsulation(.secp384r1MLKEM1024))
    static let mlKEM768 = KeyAgreementGroup(.encapsulation(.mlKEM768))
    static let mlKEM1024 = KeyAgreementGroup(.encapsulation(.mlKEM1024))

    /// The group with this number, if it is one of those above.
    static func named(_ group: NamedGroup) -> KeyAgreementGroup? {
        switch group {
        case .x25519: x25519
        case .x448: x448
        case .secp256r1: secp256r1
        case .secp384r1: secp384r1
        case .secp521r1: secp521r1
        case .secp256r1MLKEM768: secp256r1MLKEM768
        case .x25519MLKEM768: x25519MLKEM768
        case .secp384r1MLKEM1024: secp384r1MLKEM1024
        case .mlKEM768: mlKEM768
        case .mlKEM1024: mlKEM1024
        default: nil
        }
    }

    /// Whether libcrypto has the group: it may be too old for it, and its configuration may leave it out.
    var isAvailable: Bool {
        (try? makeGenerator()) != nil
    }

    /// The group if it is one that answers by encapsulation.
    var encapsulation: EncapsulationGroup? {
        if case .encapsulation(let group) = kind { group } else { nil }
    }

    /// A fresh key pair.
    func generate() throws(CryptoError) -> KeyHandle {
        try generators.with(make: makeGenerator, KeyHandle.generate)
    }

    /// The public key of `key` as it stands in KeyShareEntry.
    func publicKey(of key: KeyHandle) throws(CryptoError) -> [UInt8] {
        var length = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: publicKeyLength) { buffer, initializedCount in
            let got = EVP_PKEY_get_octet_string_param(
                key.pointer, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, buffer.baseAddress, publicKeyLength, &length)
            initializedCount = got == 1 ? length : 0
        }
        guard bytes.count == publicKeyLength else { throw .library() }
        return bytes
    }

    /// The secret that `key` and the owner of `peer` share.
    func sharedSecret(_ key: KeyHandle, with peer: Span<UInt8>) throws(CryptoError) -> Secret {
        if let encapsulation { return try encapsulation.decapsulate(peer, with: key) }
        return try peers.with(make: makePeer) { holder throws(CryptoError) in
            guard setPublicKey(peer, of: holder) else { throw .invalidKeyShare }
            return try derive(key, with: holder)
        }
    }

    /// False when `bytes` is not a public key of this group.
    private func setPublicKey(_ bytes: Span<UInt8>, of key: KeyHandle) -> Bool {
        switch kind {
        case .weierstrass(let curve):
            // RFC 9846 §4.3.8.2: "peers MUST validate each other's public value Q by ensuring that the point is a valid
            // point on the elliptic curve."
            return curve.setPoint(bytes, of: key)
        case .montgomery:
            guard bytes.count == publicKeyLength else { return false }
            let isSet = bytes.withUnsafeBytes { bytes in
                EVP_PKEY_set1_encoded_public_key(
                    key.pointer, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) == 1
            }
            if !isSet { ERR_clear_error() }
            return isSet
        case .encapsulation:
            return false
        }
    }

    private func derive(_ key: KeyHandle, with peer: KeyHandle) throws(CryptoError) -> Secret {
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key.pointer, nil) else {
            throw .library()
        }
        defer { EVP_PKEY_CTX_free(context) }
        // The last argument leaves out a check of the peer's key: it has been made when the key was put in.
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer_ex(context, peer.pointer, 0) == 1 else {
            throw .library()
        }
        let secret = try Secret(count: secretLength) { output throws(CryptoError) in
            var length = output.count
            let derived = EVP_PKEY_derive(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &length)
            // libcrypto refuses an all-zero result too, so that a failure here is the peer's doing.
            guard derived == 1, length == output.count else { throw CryptoError.invalidKeyShare.clearingQueue() }
        }
        // RFC 9846 §7.4.2: "Implementations MUST check whether the computed Diffie-Hellman shared secret is the all-zero
        // value and abort if so" (X25519 and X448).
        if case .montgomery = kind, secret.isZero { throw .invalidKeyShare }
        return secret
    }

    /// The key pair with this private key, of which `secretLength` bytes are expected.
    func importKey(_ privateKey: Span<UInt8>) throws(CryptoError) -> KeyHandle {
        guard encapsulation != nil || privateKey.count == secretLength else { throw .invalidKey }
        switch kind {
        case .montgomery(let name, _):
            let key = privateKey.withUnsafeBytes { bytes in
                EVP_PKEY_new_raw_private_key_ex(
                    LibraryContext.shared, name, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    bytes.count)
            }
            guard let key else { throw CryptoError.invalidKey.clearingQueue() }
            return KeyHandle(owning: key)
        case .weierstrass(let curve):
            return try curve.makeKey(scalar: privateKey)
        case .encapsulation:
            throw .unsupportedGroup
        }
    }

    private func makeGenerator() throws(CryptoError) -> KeyContext {
        do throws(CryptoError) {
            switch kind {
            case .montgomery(let name, _): return try KeyHandle.makeGenerator(name)
            case .weierstrass(let curve): return try curve.makeGenerator()
            case .encapsulation(let group): return try KeyHandle.makeGenerator(group.name)
            }
        } catch {
            throw .unsupportedGroup
        }
    }

    /// A key that only says which group it belongs to, until a public key is put in.
    private func makePeer() throws(CryptoError) -> KeyHandle {
        switch kind {
        case .montgomery(let name, _):
            let anyKey = [UInt8](repeating: 9, count: publicKeyLength)
            return try KeyHandle.make(name, publicKey: anyKey.span)
        case .weierstrass(let curve):
            return try curve.makeKey()
        case .encapsulation:
            throw .unsupportedGroup
        }
    }
}
