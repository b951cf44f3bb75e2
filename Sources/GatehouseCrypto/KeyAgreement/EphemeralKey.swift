/// A key pair for one key agreement (RFC 9846 §4.3.8 and §7.4).
///
/// It is used up by `sharedSecret`, so that no key share can serve two connections.
package struct EphemeralKey: ~Copyable, Sendable {
    /// The group it belongs to.
    package let group: NamedGroup
    /// The public key as it stands in KeyShareEntry.key_exchange: the point uncompressed, the string of RFC 7748, ML-KEM's
    /// encapsulation key, or two of them in a hybrid group.
    package let publicKey: [UInt8]

    private let implementation: KeyAgreementGroup
    private let key: KeyHandle

    /// A fresh key pair.
    ///
    /// - Throws: `unsupportedGroup`.
    package static func generate(_ group: NamedGroup) throws(CryptoError) -> EphemeralKey {
        guard let implementation = KeyAgreementGroup.named(group) else { throw .unsupportedGroup }
        return try EphemeralKey(group, implementation, implementation.generate())
    }

    /// The key pair with a given private key, for the replay of published traces.
    ///
    /// - Parameter privateKey: as RFC 7748 writes it, or the scalar in big-endian order as long as a coordinate.
    /// - Throws: `unsupportedGroup`, also for ML-KEM; `invalidKey` when the length is wrong or the scalar out of
    ///   range.
    package init(_ group: NamedGroup, privateKey: Span<UInt8>) throws(CryptoError) {
        guard let implementation = KeyAgreementGroup.named(group) else { throw .unsupportedGroup }
        try self.init(group, implementation, implementation.importKey(privateKey))
    }

    private init(
        _ group: NamedGroup, _ implementation: KeyAgreementGroup, _ key: KeyHandle
    ) throws(CryptoError) {
        self.group = group
        self.implementation = implementation
        self.key = key
        publicKey = try implementation.publicKey(of: key)
    }

    /// The secret shared with whoever answered with `peer`, which is as it stands in KeyShareEntry.key_exchange: a public
    /// key, a ciphertext, or both.
    ///
    /// - Throws: `invalidKeyShare` when `peer` has the wrong length, is not in the uncompressed form, is not on the curve
    ///   or yields the all-zero secret (X25519 and X448). A ciphertext that was made for another key yields a secret that
    ///   nobody else has (FIPS 203 §6.3).
    package consuming func sharedSecret(with peer: Span<UInt8>) throws(CryptoError) -> Secret {
        try implementation.sharedSecret(key, with: peer)
    }
}

/// What is sent back for a key share, and the secret that both sides then have.
package struct KeyShareAnswer: ~Copyable, Sendable {
    /// As it stands in KeyShareEntry.key_exchange: a public key, ML-KEM's ciphertext, or both in a hybrid group.
    package let share: [UInt8]
    let secret: Secret

    /// The secret, which is all that stays.
    package consuming func takeSecret() -> Secret { secret }

    /// The answer to the share `peer` of a group.
    ///
    /// - Throws: `unsupportedGroup`; `invalidKeyShare` when `peer` has the wrong length or form, is not on the curve, is
    ///   no encapsulation key, or yields the all-zero secret (X25519 and X448).
    package static func answer(_ group: NamedGroup, to peer: Span<UInt8>) throws(CryptoError) -> KeyShareAnswer {
        if let encapsulation = KeyAgreementGroup.named(group)?.encapsulation {
            return try encapsulation.encapsulate(to: peer)
        }
        return try EphemeralKey.generate(group).answer(to: peer)
    }
}

extension EphemeralKey {
    /// The answer to the share `peer` with this key, which is not one for encapsulation.
    ///
    /// - Throws: `invalidKeyShare`.
    package consuming func answer(to peer: Span<UInt8>) throws(CryptoError) -> KeyShareAnswer {
        let share = publicKey
        let secret = try sharedSecret(with: peer)
        return KeyShareAnswer(share: share, secret: secret)
    }
}

extension NamedGroup {
    /// The groups that are offered and taken unless other ones are listed, in the order of preference, as far as libcrypto
    /// has them.
    public static let supported: [NamedGroup] = {
        let preferred: [NamedGroup] = [
            .x25519MLKEM768, .secp256r1MLKEM768, .secp384r1MLKEM1024, .x25519, .secp256r1, .x448, .secp384r1,
            .secp521r1,
        ]
        return preferred.filter { KeyAgreementGroup.named($0)?.isAvailable ?? false }
    }()

    /// The groups that are used only where they are listed, as far as libcrypto has them: ML-KEM alone is for those who must
    /// not use anything else.
    public static let supportedWhenListed: [NamedGroup] =
        [.mlKEM768, .mlKEM1024].filter { KeyAgreementGroup.named($0)?.isAvailable ?? false }

    /// Whether what is agreed with this group stays secret from a quantum computer, as far as is known: a key
    /// encapsulation is part of it.
    public var isPostQuantum: Bool {
        KeyAgreementGroup.named(self)?.encapsulation != nil
    }

    /// Whether this group can be used here.
    public var isSupported: Bool {
        Self.supported.contains(self) || Self.supportedWhenListed.contains(self)
    }
}
