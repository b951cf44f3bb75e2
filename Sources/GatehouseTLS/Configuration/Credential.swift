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
    /// The private key of the first certificate; `nil` when it is held elsewhere.
    public let key: PrivateKey?
    /// What the key may sign the handshake with, in the order of preference; at first all that it can sign with.
    public var signatureSchemes: [SignatureScheme]
    /// The DER of an OCSP response about the first certificate, for clients that ask (RFC 6066 §8).
    public var ocspResponse: [UInt8]?
    /// The serialized list of signed certificate timestamps, for clients that ask (RFC 6962 §3.3).
    public var signedCertificateTimestamps: [UInt8]?
    /// What the key can sign with.
    private let possibleSchemes: [SignatureScheme]

    /// Pairs a chain with its key.
    ///
    /// - Throws: `ConfigurationError` when the chain is empty, the key is not that of the first certificate, or it is
    ///   an RSA key under 2048 bits.
    public init(chain: [Certificate], key: PrivateKey) throws(ConfigurationError) {
        try self.init(chain: chain, key: key, minimumRSABits: Self.minimumRSABits)
    }

    /// The smallest RSA key is lower for conformance tests, and nowhere else.
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
        possibleSchemes = key.signatureSchemes
    }

    /// A credential whose key is held elsewhere, such as in a hardware module: each signature is asked for with
    /// `Need.signature`.
    ///
    /// - Parameter signatureSchemes: what the key signs with, in the order of preference.
    /// - Throws: `ConfigurationError` when the chain is empty, its first key cannot be used, or none of the schemes
    ///   fits it.
    public init(chain: [Certificate], signatureSchemes: [SignatureScheme]) throws(ConfigurationError) {
        guard let leaf = chain.first else { throw .emptyCertificateChain }
        let algorithm: KeyAlgorithm
        do throws(CryptoError) {
            algorithm = try leaf.publicKey().algorithm
        } catch {
            throw .unusableCertificateKey("\(error)")
        }
        let schemes = signatureSchemes.filter { $0.fits(algorithm) }
        guard !schemes.isEmpty else { throw .keyDoesNotMatchCertificate }
        self.chain = chain
        key = nil
        self.signatureSchemes = schemes
        possibleSchemes = schemes
    }

    /// The first of our schemes that the peer accepts.
    func signatureScheme(amongPeers schemes: [SignatureScheme]) -> SignatureScheme? {
        signatureSchemes.first { schemes.contains($0) && possibleSchemes.contains($0) }
    }

    /// The Certificate message that shows the chain, with what the peer asks for about its first certificate.
    func certificateMessage(context: [UInt8], answering peer: ExtensionBlock) -> CertificateMessage {
        var message = CertificateMessage(
            context: context, entries: chain.map { CertificateMessage.Entry(data: $0.der) })
        if let ocspResponse, peer.contains(.statusRequest) {
            message.entries[0].extensions.order.append(.statusRequest)
            message.entries[0].ocspResponse = ocspResponse
        }
        if let signedCertificateTimestamps, peer.contains(.signedCertificateTimestamp) {
            message.entries[0].extensions.order.append(.signedCertificateTimestamp)
            message.entries[0].signedCertificateTimestamps = signedCertificateTimestamps
        }
        return message
    }
}
