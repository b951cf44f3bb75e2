public import GatehouseCrypto
import Synchronization

/// An X.509 certificate (RFC 5280 §4), parsed once and immutable.
///
///     let chain = try Certificate.certificates(pem: text)
///     print(chain[0].subject, chain[0].notAfter)
///
/// Holding one is a statement about its form only: whether it is to be believed says `CertificateVerifier`.
public struct Certificate: Sendable {
    let fields: Fields

    /// What was parsed. Ranges are positions in `der`.
    final class Fields: Sendable {
        let der: [UInt8]
        let version: Int
        let tbsCertificate: Range<Int>
        let serialNumber: Range<Int>
        let signatureAlgorithm: SignatureAlgorithmIdentifier
        let signature: Range<Int>
        let issuer: DistinguishedName
        let subject: DistinguishedName
        let notBefore: UnixTime
        let notAfter: UnixTime
        /// Subject and issuer are the same name (RFC 5280 §3.2).
        let isSelfIssued: Bool
        let publicKeyInfo: Range<Int>
        let publicKey: SubjectPublicKey
        let extensions: CertificateExtensions
        /// The key in the crypto library's form, made when it is first needed.
        let loadedKey = Mutex<PublicKey?>(nil)

        init(der: [UInt8]) throws(CertificateError) {
            let bytes = der.span
            // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
            var outer = try DERCursor(inside: onlyElement(.sequence, bytes))
            let tbs = try outer.next(.sequence, bytes)
            let outerAlgorithm = try outer.next(.sequence, bytes)
            signature = try outer.next(.bitString, bytes).wholeBytes(bytes)
            try outer.finish()

            var cursor = try DERCursor(inside: tbs)
            version = try Self.version(&cursor, bytes)
            let serial = try cursor.next(.integer, bytes)
            try serial.checkInteger(bytes)
            // RFC 5280 §4.1.2.2: "Conforming CAs MUST NOT use serialNumber values longer than 20 octets. Note:
            // Non-conforming CAs may issue certificates with serial numbers that are negative or zero. Certificate users
            // SHOULD be prepared to gracefully handle such certificates." Such numbers are told apart like all others.
            guard serial.content.count <= 20 else { throw CertificateError(.serialNumberTooLong, at: serial.start) }
            let innerAlgorithm = try cursor.next(.sequence, bytes)
            // RFC 5280 §4.1.1.2: "This field MUST contain the same algorithm identifier as the signature field in the
            // sequence tbsCertificate."
            guard bytes.equal(innerAlgorithm.range, bytes, outerAlgorithm.range) else {
                throw CertificateError(.signatureAlgorithmMismatch, at: outerAlgorithm.start)
            }
            issuer = try DistinguishedName(cursor.next(.sequence, bytes), bytes)
            var validity = try cursor.enter(.sequence, bytes)
            notBefore = try validity.next(bytes).time(bytes)
            notAfter = try validity.next(bytes).time(bytes)
            try validity.finish()
            subject = try DistinguishedName(cursor.next(.sequence, bytes), bytes)
            let keyInfo = try cursor.next(.sequence, bytes)
            // RFC 5280 §4.1.2.8: the unique identifiers "MUST only appear if the version is 2 or 3".
            let issuerUniqueID = try cursor.nextIf(.primitive(1), bytes)
            let subjectUniqueID = try cursor.nextIf(.primitive(2), bytes)
            guard version >= 2 || issuerUniqueID == nil && subjectUniqueID == nil else {
                throw CertificateError(.unsupportedVersion, at: tbs.start)
            }
            if let wrapper = try cursor.nextIf(.constructed(3), bytes) {
                // RFC 5280 §4.1.2.9: "This field MUST only appear if the version is 3".
                guard version == 3 else { throw CertificateError(.unsupportedVersion, at: tbs.start) }
                var inside = try DERCursor(inside: wrapper)
                extensions = try CertificateExtensions(inside.next(.sequence, bytes), bytes)
                try inside.finish()
            } else {
                extensions = CertificateExtensions()
            }
            try cursor.finish()

            isSelfIssued = subject == issuer
            publicKey = try SubjectPublicKey(keyInfo, bytes)
            signatureAlgorithm = try SignatureAlgorithmIdentifier(innerAlgorithm, bytes)
            publicKeyInfo = keyInfo.range
            serialNumber = serial.content
            tbsCertificate = tbs.range
            self.der = der
        }

        /// `version [0] EXPLICIT Version DEFAULT v1`.
        private static func version(
            _ cursor: inout DERCursor, _ bytes: Span<UInt8>
        ) throws(CertificateError) -> Int {
            guard let wrapper = try cursor.nextIf(.constructed(0), bytes) else { return 1 }
            var inside = try DERCursor(inside: wrapper)
            let version = try inside.next(.integer, bytes).smallInteger(bytes)
            try inside.finish()
            guard version != 0 else { throw CertificateError(.defaultValueEncoded, at: wrapper.start) }
            guard version <= 2 else { throw CertificateError(.unsupportedVersion, at: wrapper.start) }
            return version + 1
        }
    }

    /// Parses one certificate in DER. Nothing may follow it.
    ///
    /// - Throws: what is wrong with its form. A signature is not looked at here.
    public init(der: [UInt8]) throws(CertificateError) {
        fields = try Fields(der: der)
    }
}

extension Certificate: Hashable {
    /// Two certificates are equal if their bytes are.
    public static func == (left: Certificate, right: Certificate) -> Bool {
        left.fields === right.fields || left.fields.der == right.fields.der
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(fields.der)
    }
}

extension Certificate {
    /// The DER encoding that it was made from.
    public var der: [UInt8] { fields.der }
    /// 1, 2 or 3.
    public var version: Int { fields.version }
    /// The number that its issuer gave it: big-endian, two's complement, 1 to 20 bytes.
    public var serialNumber: [UInt8] { copy(fields.serialNumber) }
    /// Whom it is about.
    public var subject: DistinguishedName { fields.subject }
    /// Who signed it.
    public var issuer: DistinguishedName { fields.issuer }
    /// The first second at which it is valid.
    public var notBefore: UnixTime { fields.notBefore }
    /// The last second at which it is valid.
    public var notAfter: UnixTime { fields.notAfter }
    /// The two ends of its validity for people, such as `2026-11-22 17:42:54 UTC`.
    public var validity: (from: String, until: String) { (describe(notBefore), describe(notAfter)) }
    /// The SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    public var publicKeyInfo: [UInt8] { copy(fields.publicKeyInfo) }
    /// The kind of its key; nil for one that is not supported.
    public var keyAlgorithm: KeyAlgorithm? { fields.publicKey.algorithm }
    /// What its key may be used for; nil if it does not say.
    public var keyUsage: KeyUsage? { fields.extensions.keyUsage }
    /// Whether it says that its key may sign certificates (RFC 5280 §4.2.1.9).
    public var isAuthority: Bool { fields.extensions.basicConstraints?.isAuthority ?? false }
    /// Whether subject and issuer are the same name (RFC 5280 §3.2). The signature is not looked at.
    public var isSelfIssued: Bool { fields.isSelfIssued }
    /// Whether a server that shows it must staple an OCSP response (RFC 7633).
    public var mustStaple: Bool { fields.extensions.tlsFeatures?.contains(5) ?? false }

    /// The names it is issued for.
    public var subjectAlternativeNames: [SubjectAlternativeName] {
        (fields.extensions.subjectAlternativeNames ?? []).map { name in
            let value = copy(name.value)
            return switch name.kind {
            case .dnsName: .dns(String(decoding: value, as: UTF8.self))
            case .rfc822Name: .email(String(decoding: value, as: UTF8.self))
            case .uniformResourceIdentifier: .uri(String(decoding: value, as: UTF8.self))
            case .ipAddress: .ipAddress(value)
            default: .other
            }
        }
    }

    /// A copy of a part of the encoding.
    func copy(_ range: Range<Int>) -> [UInt8] { Array(fields.der[range]) }

    /// The public key, in the form that checks signatures.
    ///
    /// - Throws: `CryptoError` when the key is of an unsupported kind or is no valid key.
    package func publicKey() throws(CryptoError) -> PublicKey {
        if let key = fields.loadedKey.withLock({ $0 }) { return key }
        let der = fields.der
        let key = try fields.publicKey.load(der.span)
        fields.loadedKey.withLock { $0 = key }
        return key
    }
}

/// A name from the subject alternative name extension (RFC 5280 §4.2.1.6).
public enum SubjectAlternativeName: Sendable, Hashable {
    /// A DNS name, perhaps with a wildcard as its first label.
    case dns(String)
    /// 4 or 16 bytes in network order.
    case ipAddress([UInt8])
    /// An e-mail address.
    case email(String)
    /// A URI.
    case uri(String)
    /// A name of another form.
    case other
}

extension Certificate {
    /// All certificates of a PEM text, in order; blocks with other labels are skipped.
    ///
    /// - Throws: `PEM.Failure` or `CertificateError`.
    public static func certificates(pem text: [UInt8]) throws -> [Certificate] {
        try PEM.decode(text).filter { labels.contains($0.label) }.map { try Certificate(der: $0.der) }
    }

    /// RFC 7468 §5.1 and the labels of older tools.
    static let labels: Set<String> = ["CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE"]

    /// The PEM text of this certificate.
    public var pem: String { PEM.encode(label: "CERTIFICATE", der: der) }
}
