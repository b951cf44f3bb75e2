public import GatehouseCertificates
public import GatehouseCrypto

/// A certificate chain and the private key of its first certificate.
///
/// ```swift
/// let credential = try Credential(
///     chain: Certificate.certificates(pem: chainFile), key: PrivateKey(pem: keyFile))
/// ```
public struct Credential: Sendable {
    /// The smallest RSA key, in bits, that is used.
    public static let minimumRSABits = 2048

    /// The certificates, the end entity's first.
    public let chain: [Certificate]
    /// The private key of the first certificate.
    public let key: PrivateKey
    /// What the key may sign the handshake with, in the order of preference; at first all that it can sign with.
    public var signatureSchemes: [SignatureScheme]

    /// Pairs a chain with its key.
    ///
    /// - Throws: `ConfigurationError` when the chain is empty, the key is not that of the first certificate, or it is
    ///   an RSA key under 2048 bits.
    public init(chain: [Certificate], key: PrivateKey) throws(ConfigurationError) {
        try self.init(chain: chain, key: key, minimumRSABits: Self.minimumRSABits)
    }

    /// The smallest RSA key is lower for published traces, and nowhere else.
    package init(chain: [Certificate], key: PrivateKey, minimumRSABits: Int) throws(ConfigurationError) {
        guard let leaf = chain.first else { throw .emptyCertificateChain }
        let publicKey: PublicKey
        do throws(CryptoError) {
            publicKey = try leaf.publicKey()
        } catch {
            throw .unusableCertificateKey("\(error)")
        }
        guard key.isPair(of: publicKey) else { throw .keyDoesNotMatchCertificate }
        if case .rsa(let bits) = key.algorithm, bits < minimumRSABits {
            throw .keyTooSmall(bits: bits, minimum: minimumRSABits)
        }
        if case .rsaPSS(let bits) = key.algorithm, bits < minimumRSABits {
            throw .keyTooSmall(bits: bits, minimum: minimumRSABits)
        }
        self.chain = chain
        self.key = key
        signatureSchemes = key.signatureSchemes
    }

    /// The first of our schemes that the peer accepts.
    func signatureScheme(amongPeers schemes: [SignatureScheme]) -> SignatureScheme? {
        signatureSchemes.first { schemes.contains($0) && key.signatureSchemes.contains($0) }
    }
}
