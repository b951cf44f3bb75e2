public import GatehouseCrypto

/// A public key on its own, without a certificate: a SubjectPublicKeyInfo (RFC 7250 §3).
///
/// Two are equal if their bytes are. Whose key it is has to be known from elsewhere.
///
/// ```swift
/// let key = try RawPublicKey(pem: file)
/// let configuration = ClientConfiguration(verification: .trustedRawPublicKeys([key]))
/// ```
public struct RawPublicKey: Sendable, Hashable {
    /// The SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    public let der: [UInt8]

    /// Parses a SubjectPublicKeyInfo in DER. Nothing may follow it.
    ///
    /// - Throws: what is wrong with its form. A key of an unknown kind is well formed.
    public init(der: [UInt8]) throws(CertificateError) {
        _ = try Self.parse(der)
        self.der = der
    }

    /// The first `PUBLIC KEY` of a PEM text (RFC 7468 §13); blocks with other labels are skipped.
    ///
    /// - Throws: `PEM.Failure` or `CertificateError`, also when there is none.
    public init(pem text: [UInt8]) throws {
        let block = try PEM.decode(text).first { $0.label == "PUBLIC KEY" }
        try self.init(der: block?.der ?? [])
    }

    /// The key of a certificate.
    public init(of certificate: Certificate) {
        der = certificate.publicKeyInfo
    }

    private static func parse(_ der: [UInt8]) throws(CertificateError) -> SubjectPublicKey {
        let bytes = der.span
        return try SubjectPublicKey(onlyElement(.sequence, bytes), bytes)
    }

    /// The kind of key; `nil` for one that is not supported.
    public var algorithm: KeyAlgorithm? {
        (try? Self.parse(der))?.algorithm
    }

    /// The key in the form that checks signatures.
    ///
    /// - Throws: `CryptoError` when the key is of an unsupported kind or is no valid key.
    package func publicKey() throws(CryptoError) -> PublicKey {
        guard let key = try? Self.parse(der) else { throw .invalidKey }
        return try key.load(der.span)
    }
}
