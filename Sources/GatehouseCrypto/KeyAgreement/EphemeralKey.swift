/// A key pair for one key agreement (RFC 9846 §4.3.8 and §7.4).
///
/// It is used up by `sharedSecret`, so that no key share can serve two connections.
package struct EphemeralKey: ~Copyable, Sendable {
    /// The group it belongs to.
    package let group: NamedGroup
    /// The public key as it stands in KeyShareEntry.key_exchange: the point uncompressed, or the string of RFC 7748.
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
    /// - Throws: `unsupportedGroup`; `invalidKey` when the length is wrong or the scalar out of range.
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

    /// The secret shared with the owner of the public key `peer`, which is as it stands in KeyShareEntry.key_exchange.
    ///
    /// - Throws: `invalidKeyShare` when `peer` has the wrong length, is not in the uncompressed form, is not on the curve
    ///   or yields the all-zero secret (X25519 and X448).
    package consuming func sharedSecret(with peer: Span<UInt8>) throws(CryptoError) -> Secret {
        try implementation.sharedSecret(key, with: peer)
    }
}

extension NamedGroup {
    /// The groups that can be used here, in the order of preference.
    public static let supported: [NamedGroup] = [.x25519, .secp256r1, .x448, .secp384r1, .secp521r1].filter { group in
        KeyAgreementGroup.named(group)?.isAvailable ?? false
    }

    /// Whether this group can be used here.
    public var isSupported: Bool {
        Self.supported.contains(self)
    }
}
