import GatehouseCrypto

/// The algorithm that a certificate, a revocation list or an OCSP response is signed with.
enum SignatureAlgorithmIdentifier: Sendable, Hashable {
    /// Known; over MD5 or SHA-1, it counts only if the policy says so.
    case supported(SignatureAlgorithm)
    /// RSASSA-PSS with SHA-1, which no policy can make count.
    case weakDigest
    case unsupported(ObjectIdentifier)

    /// Reads an AlgorithmIdentifier, its parameters included.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        guard element.tag == .sequence else { throw CertificateError(.unexpectedTag, at: element.start) }
        var fields = try DERCursor(inside: element)
        let identifier = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
        let parameters = fields.isAtEnd ? nil : try fields.next(bytes)
        try fields.finish()
        // RFC 4055 §5: "the parameters MUST be NULL. Implementations MUST accept the parameters being absent as well
        // as present."
        let isNullOrAbsent = parameters.map { $0.tag == .null && $0.content.isEmpty } ?? true
        // RFC 5758 §3.2: "the encoding MUST omit the parameters field"; RFC 8410 §3 likewise.
        let isAbsent = parameters == nil
        switch identifier {
        case .sha256WithRSA where isNullOrAbsent: self = .supported(.rsaPKCS1(.sha256))
        case .sha384WithRSA where isNullOrAbsent: self = .supported(.rsaPKCS1(.sha384))
        case .sha512WithRSA where isNullOrAbsent: self = .supported(.rsaPKCS1(.sha512))
        case .ecdsaWithSHA256 where isAbsent: self = .supported(.ecdsa(.sha256))
        case .ecdsaWithSHA384 where isAbsent: self = .supported(.ecdsa(.sha384))
        case .ecdsaWithSHA512 where isAbsent: self = .supported(.ecdsa(.sha512))
        case .ed25519 where isAbsent: self = .supported(.ed25519)
        case .ed448 where isAbsent: self = .supported(.ed448)
        case .rsassaPSS: self = try Self.pss(parameters, bytes)
        case .md5WithRSA where isNullOrAbsent: self = .supported(.obsoleteRSAWithMD5)
        case .sha1WithRSA where isNullOrAbsent: self = .supported(.obsoleteRSAWithSHA1)
        case .ecdsaWithSHA1 where isAbsent: self = .supported(.obsoleteECDSAWithSHA1)
        default:
            // RFC 9881 §2: the parameters are absent.
            guard let mlDSA = MLDSAParameterSet(identifier), mlDSA.isSupported, isAbsent else {
                self = .unsupported(identifier)
                return
            }
            self = .supported(.mlDSA(mlDSA))
        }
    }

    /// RSASSA-PSS-params (RFC 4055 §3.1).
    static func pss(
        _ parameters: DERElement?, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> SignatureAlgorithmIdentifier {
        // "The parameters field … MUST be present"; what is left out of it defaults to SHA-1.
        guard let parameters, parameters.tag == .sequence else { return .unsupported(.rsassaPSS) }
        var fields = try DERCursor(inside: parameters)
        let hash = try fields.nextIf(.constructed(0), bytes)
        let maskGeneration = try fields.nextIf(.constructed(1), bytes)
        let saltLength = try fields.nextIf(.constructed(2), bytes)
        let trailer = try fields.nextIf(.constructed(3), bytes)
        try fields.finish()
        guard let hash, let maskGeneration else { return .weakDigest }
        // "trailerField … MUST be 1", which is its default, so DER leaves it out.
        guard trailer == nil else { throw CertificateError(.defaultValueEncoded, at: parameters.start) }
        var hashCursor = try DERCursor(inside: hash)
        let hashAlgorithm = try digest(hashCursor.next(.sequence, bytes), bytes)
        try hashCursor.finish()
        var maskCursor = try DERCursor(inside: maskGeneration)
        var maskFields = try maskCursor.enter(.sequence, bytes)
        try maskCursor.finish()
        let maskIdentifier = try maskFields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
        let maskHash = try digest(maskFields.next(.sequence, bytes), bytes)
        try maskFields.finish()
        var salt = 20
        if let saltLength {
            var saltCursor = try DERCursor(inside: saltLength)
            salt = try saltCursor.next(.integer, bytes).smallInteger(bytes)
            try saltCursor.finish()
        }
        // "it is strongly RECOMMENDED that the underlying hash function used in MGF1 be the same as the one used to
        // hash"; others are not supported. A longer salt than the digest gains nothing (RFC 8017 §9.1, note 4).
        guard maskIdentifier == .mgf1, let hashAlgorithm, maskHash == hashAlgorithm,
            salt <= hashAlgorithm.digestLength
        else { return .unsupported(.rsassaPSS) }
        return .supported(.rsaPSS(hashAlgorithm, saltLength: salt))
    }

    /// The hash function that an AlgorithmIdentifier names; nil for one that is not supported.
    static func digest(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) -> HashAlgorithm? {
        var fields = try DERCursor(inside: element)
        let identifier = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
        let parameters = try fields.nextIf(.null, bytes)
        try fields.finish()
        guard parameters?.content.isEmpty ?? true else { return nil }
        switch identifier {
        case .sha256: return .sha256
        case .sha384: return .sha384
        case .sha512: return .sha512
        default: return nil
        }
    }
}
