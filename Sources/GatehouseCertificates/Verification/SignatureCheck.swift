import GatehouseCrypto

/// Checking one signature, with what must be right before.
enum SignatureCheck {
    enum Outcome: Sendable, Hashable {
        case valid
        case invalid
        case weakDigest
        case unsupportedAlgorithm
        case unusableKey
    }

    /// Whether `key` made `signature` over the bytes of `message`.
    static func run(
        _ algorithm: SignatureAlgorithmIdentifier, _ bytes: Span<UInt8>, message: Range<Int>, signature: Range<Int>,
        key: () throws(CryptoError) -> PublicKey, accepting obsoleteDigests: ObsoleteDigests, budget: inout PathBudget
    ) throws(PathBudget.Exceeded) -> Outcome {
        let signatureAlgorithm: SignatureAlgorithm
        switch algorithm {
        case .supported(let supported):
            guard obsoleteDigests.isSuperset(of: supported.obsoleteDigest) else { return .weakDigest }
            signatureAlgorithm = supported
        case .weakDigest: return .weakDigest
        case .unsupported: return .unsupportedAlgorithm
        }
        let publicKey: PublicKey
        do {
            publicKey = try key()
        } catch {
            return .unusableKey
        }
        guard signatureAlgorithm.suits(publicKey.algorithm) else { return .invalid }
        try budget.spendSignature(publicKey.algorithm)
        return publicKey.isValidSignature(
            bytes.extracting(signature), over: bytes.extracting(message), algorithm: signatureAlgorithm)
            ? .valid : .invalid
    }
}

extension Certificate {
    /// Whether `key` signed this certificate (RFC 5280 §6.1.3 (a) (1)).
    func checkSignature(
        key: () throws(CryptoError) -> PublicKey, accepting obsoleteDigests: ObsoleteDigests, budget: inout PathBudget
    ) throws(PathBudget.Exceeded) -> SignatureCheck.Outcome {
        let der = fields.der
        return try SignatureCheck.run(
            fields.signatureAlgorithm, der.span, message: fields.tbsCertificate, signature: fields.signature,
            key: key, accepting: obsoleteDigests, budget: &budget)
    }

    /// Whether the key of `issuer` signed this certificate. Nothing else is looked at: a verdict is what
    /// `CertificateVerifier` gives.
    package func isSigned(by issuer: Certificate) -> Bool {
        var budget = PathBudget()
        return (try? checkSignature(key: issuer.publicKey, accepting: [], budget: &budget)) == .valid
    }
}
