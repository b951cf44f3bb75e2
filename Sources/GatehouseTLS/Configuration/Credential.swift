public import GatehouseCertificates
public import GatehouseCrypto

/// What a side shows of itself, and the private key that proves it: a certificate chain, or a public key alone.
///
/// ```swift
/// let credential = try Credential(
///     chain: Certificate.certificates(pem: chainFile), key: PrivateKey(pem: keyFile))
/// ```
public struct Credential: Sendable {
    /// The smallest RSA key, in bits, that is used.
    public static let minimumRSABits = 2048

    let shown: ShownCredential
    /// The private key of the first certificate, or of the raw public key; `nil` when it is held elsewhere.
    public let key: PrivateKey?
    /// What the key may sign the handshake with, in the order of preference; at first all that it can sign with but
    /// `SignatureScheme.supportedFromClientsWhenListed`.
    public var signatureSchemes: [SignatureScheme]
    /// The DER of an OCSP response about the first certificate, for clients that ask (RFC 6066 §8).
    public var ocspResponse: [UInt8]?
    /// The serialized list of signed certificate timestamps, for clients that ask (RFC 6962 §3.3).
    public var signedCertificateTimestamps: [UInt8]?
    /// What the key can sign with.
    private let possibleSchemes: [SignatureScheme]

    /// The certificates, the end entity's first; empty for a raw public key.
    public var chain: [Certificate] { shown.certificates }
    /// The public key that is shown instead of certificates (RFC 7250).
    public var rawPublicKey: RawPublicKey? { shown.rawPublicKey }
    /// Whether it is certificates or a key that is shown.
    public var certificateType: CertificateType { shown.type }

    /// Pairs a chain with its key.
    ///
    /// - Throws: `ConfigurationError` when the chain is empty, the key is not that of the first certificate, or it is
    ///   an RSA key under 2048 bits.
    public init(chain: [Certificate], key: PrivateKey) throws(ConfigurationError) {
        try self.init(chain: chain, key: key, minimumRSABits: Self.minimumRSABits)
    }

    /// The smallest RSA key is lower for conformance tests, and nowhere else.
    package init(chain: [Certificate], key: PrivateKey, minimumRSABits: Int) throws(ConfigurationError) {
        try self.init(.certificates(chain), key, minimumRSABits: minimumRSABits)
    }

    /// Shows the public key of `key` without a certificate (RFC 7250), to peers that take one and know whose it is.
    ///
    /// - Throws: `ConfigurationError` when it is an RSA key under 2048 bits.
    public init(rawPublicKeyOf key: PrivateKey) throws(ConfigurationError) {
        let shown: RawPublicKey
        do throws(CertificateError) {
            shown = try RawPublicKey(der: key.subjectPublicKeyInfo)
        } catch {
            throw .unusableCertificateKey("\(error)")
        }
        try self.init(.rawPublicKey(shown), key, minimumRSABits: Self.minimumRSABits)
    }

    private init(
        _ shown: ShownCredential, _ key: PrivateKey, minimumRSABits: Int
    ) throws(ConfigurationError) {
        guard key.isPair(of: try Self.publicKey(of: shown)) else { throw .keyDoesNotMatchCertificate }
        if case .rsa(let bits) = key.algorithm, bits < minimumRSABits {
            throw .keyTooSmall(bits: bits, minimum: minimumRSABits)
        }
        if case .rsaPSS(let bits) = key.algorithm, bits < minimumRSABits {
            throw .keyTooSmall(bits: bits, minimum: minimumRSABits)
        }
        self.shown = shown
        self.key = key
        signatureSchemes = key.signatureSchemes
        possibleSchemes =
            key.signatureSchemes
            + SignatureScheme.supportedFromClientsWhenListed.filter { $0.fits(key.algorithm) }
    }

    /// A credential whose key is held elsewhere, such as in a hardware module: each signature is asked for with
    /// `Need.signature`.
    ///
    /// - Parameter signatureSchemes: what the key signs with, in the order of preference.
    /// - Throws: `ConfigurationError` when the chain is empty, its first key cannot be used, or none of the schemes
    ///   fits it.
    public init(chain: [Certificate], signatureSchemes: [SignatureScheme]) throws(ConfigurationError) {
        try self.init(.certificates(chain), signatureSchemes)
    }

    /// A raw public key (RFC 7250) whose private key is held elsewhere: each signature is asked for with
    /// `Need.signature`.
    ///
    /// - Parameter signatureSchemes: what the key signs with, in the order of preference.
    /// - Throws: `ConfigurationError` when the key cannot be used, or none of the schemes fits it.
    public init(
        rawPublicKey: RawPublicKey, signatureSchemes: [SignatureScheme]
    ) throws(ConfigurationError) {
        try self.init(.rawPublicKey(rawPublicKey), signatureSchemes)
    }

    private init(_ shown: ShownCredential, _ signatureSchemes: [SignatureScheme]) throws(ConfigurationError) {
        let algorithm = try Self.publicKey(of: shown).algorithm
        let schemes = signatureSchemes.filter { $0.fits(algorithm) }
        guard !schemes.isEmpty else { throw .keyDoesNotMatchCertificate }
        self.shown = shown
        key = nil
        self.signatureSchemes = schemes
        possibleSchemes = schemes
    }

    private static func publicKey(of shown: ShownCredential) throws(ConfigurationError) -> PublicKey {
        guard !shown.isEmpty else { throw .emptyCertificateChain }
        do throws(CryptoError) {
            return try shown.publicKey()
        } catch {
            throw .unusableCertificateKey("\(error)")
        }
    }

    /// The first of our schemes that the peer accepts.
    func signatureScheme(amongPeers schemes: [SignatureScheme], as signer: Signer) -> SignatureScheme? {
        signatureSchemes.first { schemes.contains($0) && possibleSchemes.contains($0) && $0.isAllowed(by: signer) }
    }

    /// Whether one of these authorities has issued a certificate of the chain.
    fileprivate func isIssued(by authorities: [[UInt8]]) -> Bool {
        chain.contains { authorities.contains($0.issuer.der) }
    }

    /// The Certificate message, with what the peer asks for about its first certificate.
    func certificateMessage(context: [UInt8], answering peer: ExtensionBlock) -> CertificateMessage {
        var message = CertificateMessage(context: context, entries: shown.entries)
        // What a third party says, it says of a certificate.
        guard certificateType == .x509 else { return message }
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

extension Collection<Credential> {
    /// The first that an authority of the peer's list has issued, else the first.
    ///
    /// - Parameter authorities: the peer's certificate_authorities; `nil` if it sent none.
    func first(preferring authorities: [[UInt8]]?) -> Credential? {
        // RFC 9846 §4.5.1.2: "If the peer sent a "certificate_authorities" extension, at least one of the certificates in
        // the certificate chain SHOULD be issued by one of the listed CAs." Those in between may not be sent.
        guard let authorities else { return first }
        return first { $0.isIssued(by: authorities) } ?? first
    }
}
