/// A certificate revocation list (RFC 5280 §5), parsed once and immutable.
///
///     evidence.revocationLists = try CertificateRevocationList.lists(pem: text)
public struct CertificateRevocationList: Sendable {
    let fields: Fields

    /// What was parsed. Ranges are positions in `der`.
    final class Fields: Sendable {
        let der: [UInt8]
        let tbsCertList: Range<Int>
        let signatureAlgorithm: SignatureAlgorithmIdentifier
        let signature: Range<Int>
        let issuer: DistinguishedName
        let thisUpdate: UnixTime
        let nextUpdate: UnixTime?
        /// Sorted by serial number.
        let entries: [Entry]
        /// A critical extension, of the list or of an entry, that is not processed.
        let unprocessedCritical: ObjectIdentifier?
        let extensions: ListExtensions

        init(der: [UInt8]) throws(CertificateError) {
            let bytes = der.span
            // CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
            var outer = try DERCursor(inside: onlyElement(.sequence, bytes))
            let tbs = try outer.next(.sequence, bytes)
            let outerAlgorithm = try outer.next(.sequence, bytes)
            signature = try outer.next(.bitString, bytes).wholeBytes(bytes)
            try outer.finish()

            var cursor = try DERCursor(inside: tbs)
            let version = try cursor.nextIf(.integer, bytes)?.smallInteger(bytes)
            // RFC 5280 §5.1.2.1: "When extensions are used …, this field MUST be present and MUST specify version 2
            // (the integer value is 1)."
            guard version == nil || version == 1 else { throw CertificateError(.unsupportedVersion, at: tbs.start) }
            let innerAlgorithm = try cursor.next(.sequence, bytes)
            // RFC 5280 §5.1.1.2: "This field MUST contain the same algorithm identifier as the signature field in the
            // sequence tbsCertList."
            guard bytes.equal(innerAlgorithm.range, bytes, outerAlgorithm.range) else {
                throw CertificateError(.signatureAlgorithmMismatch, at: outerAlgorithm.start)
            }
            issuer = try DistinguishedName(cursor.next(.sequence, bytes), bytes)
            thisUpdate = try cursor.next(bytes).time(bytes)
            if let next = try cursor.nextIf(.utcTime, bytes) {
                nextUpdate = try next.time(bytes)
            } else {
                nextUpdate = try cursor.nextIf(.generalizedTime, bytes)?.time(bytes)
            }
            var unprocessed: ObjectIdentifier?
            var entries: [Entry] = []
            if let revoked = try cursor.nextIf(.sequence, bytes) {
                // RFC 5280 §5.1.2.6: "When there are no revoked certificates, the revoked certificates list MUST be
                // absent."
                guard !revoked.content.isEmpty else { throw CertificateError(.emptySequence, at: revoked.start) }
                var list = try DERCursor(inside: revoked)
                while !list.isAtEnd {
                    entries.append(try Entry(list.next(.sequence, bytes), bytes, &unprocessed))
                }
                entries.sort { der[$0.serialNumber].lexicographicallyPrecedes(der[$1.serialNumber]) }
            }
            if let wrapper = try cursor.nextIf(.constructed(0), bytes) {
                guard version == 1 else { throw CertificateError(.unsupportedVersion, at: tbs.start) }
                var inside = try DERCursor(inside: wrapper)
                extensions = try ListExtensions(inside.next(.sequence, bytes), bytes, &unprocessed)
                try inside.finish()
            } else {
                extensions = ListExtensions()
            }
            try cursor.finish()

            signatureAlgorithm = try SignatureAlgorithmIdentifier(innerAlgorithm, bytes)
            tbsCertList = tbs.range
            unprocessedCritical = unprocessed
            self.entries = entries
            self.der = der
        }
    }

    /// Parses one list in DER. Nothing may follow it.
    public init(der: [UInt8]) throws(CertificateError) {
        fields = try Fields(der: der)
    }

    /// All lists of a PEM text (`X509 CRL`, RFC 7468 §7), in order; blocks with other labels are skipped.
    ///
    /// - Throws: `PEM.Failure` or `CertificateError`.
    public static func lists(pem text: [UInt8]) throws -> [CertificateRevocationList] {
        try PEM.decode(text).filter { $0.label == "X509 CRL" || $0.label == "CRL" }.map {
            try CertificateRevocationList(der: $0.der)
        }
    }

    /// The DER encoding that it was made from.
    public var der: [UInt8] { fields.der }
    /// Who issued the list, and the certificates that it is about.
    public var issuer: DistinguishedName { fields.issuer }
    /// When it was issued.
    public var thisUpdate: UnixTime { fields.thisUpdate }
    /// When the next one is due; this one is not believed after that.
    public var nextUpdate: UnixTime? { fields.nextUpdate }
    /// How many certificates it lists.
    public var count: Int { fields.entries.count }

    /// The entry for a serial number (the content of its INTEGER).
    func entry(for serialNumber: ArraySlice<UInt8>) -> Entry? {
        let entries = fields.entries
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let candidate = fields.der[entries[middle].serialNumber]
            if candidate == serialNumber { return entries[middle] }
            if candidate.lexicographicallyPrecedes(serialNumber) { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}

extension CertificateRevocationList: Hashable {
    /// Two lists are equal if their bytes are.
    public static func == (left: CertificateRevocationList, right: CertificateRevocationList) -> Bool {
        left.fields === right.fields || left.fields.der == right.fields.der
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(fields.der)
    }
}

extension CertificateRevocationList {
    /// One revoked certificate (RFC 5280 §5.3).
    struct Entry: Sendable {
        let serialNumber: Range<Int>
        let revocationDate: UnixTime

        init(
            _ element: DERElement, _ bytes: Span<UInt8>, _ unprocessed: inout ObjectIdentifier?
        ) throws(CertificateError) {
            var fields = try DERCursor(inside: element)
            let serial = try fields.next(.integer, bytes)
            try serial.checkInteger(bytes)
            serialNumber = serial.content
            revocationDate = try fields.next(bytes).time(bytes)
            if !fields.isAtEnd {
                var extensions = try fields.enter(.sequence, bytes)
                while !extensions.isAtEnd {
                    let item = try Extension(extensions.next(.sequence, bytes), bytes)
                    switch item.identifier {
                    case .reasonCode, .invalidityDate: break
                    // §5.3: "If a CRL contains a critical CRL entry extension that the application cannot process,
                    // then the application MUST NOT use that CRL to determine the status of certificates."
                    default: if item.isCritical { unprocessed = item.identifier }
                    }
                }
            }
            try fields.finish()
        }
    }

    /// The extensions of the list itself (RFC 5280 §5.2).
    struct ListExtensions: Sendable {
        var authorityKeyIdentifier: Range<Int>?
        /// Whether there is a CRL number, and it is not critical.
        var hasNumber = false
        var isDelta = false
        var issuingDistributionPoint: IssuingDistributionPoint?

        init() {}

        init(
            _ element: DERElement, _ bytes: Span<UInt8>, _ unprocessed: inout ObjectIdentifier?
        ) throws(CertificateError) {
            guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
            var cursor = try DERCursor(inside: element)
            var seen: Set<ObjectIdentifier> = []
            while !cursor.isAtEnd {
                let item = try Extension(cursor.next(.sequence, bytes), bytes)
                guard seen.insert(item.identifier).inserted else {
                    throw CertificateError(.duplicateExtension, at: item.start)
                }
                switch item.identifier {
                case .authorityKeyIdentifier:
                    authorityKeyIdentifier =
                        try AuthorityKeyIdentifier(item.only(.sequence, bytes), bytes).keyIdentifier
                case .crlNumber:
                    try item.only(.integer, bytes).checkInteger(bytes)
                    hasNumber = !item.isCritical
                case .deltaCRLIndicator:
                    isDelta = true
                case .issuingDistributionPoint:
                    issuingDistributionPoint = try IssuingDistributionPoint(item.only(.sequence, bytes), bytes)
                default:
                    // §5.2: "If a CRL contains a critical extension that the application cannot process, then the
                    // application MUST NOT use that CRL to determine the status of certificates."
                    if item.isCritical { unprocessed = item.identifier }
                }
            }
        }
    }
}

/// What a list covers (RFC 5280 §5.2.5).
struct IssuingDistributionPoint: Sendable {
    /// What the list stands under.
    var name: DistributionPointName?
    var onlyContainsUserCerts = false
    var onlyContainsCACerts = false
    var onlyContainsAttributeCerts = false
    var isIndirect = false
    /// The revocation reasons that it holds; nil: all.
    var reasons: RevocationReasons?

    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        if let wrapper = try fields.nextIf(.constructed(0), bytes) {
            name = try DistributionPointName(wrapper, bytes)
        }
        onlyContainsUserCerts = try Self.flag(1, &fields, bytes)
        onlyContainsCACerts = try Self.flag(2, &fields, bytes)
        reasons = try RevocationReasons(&fields, tag: .primitive(3), bytes)
        isIndirect = try Self.flag(4, &fields, bytes)
        onlyContainsAttributeCerts = try Self.flag(5, &fields, bytes)
        try fields.finish()
    }

    /// `[number] BOOLEAN DEFAULT FALSE`.
    private static func flag(
        _ number: UInt8, _ fields: inout DERCursor, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> Bool {
        guard let element = try fields.nextIf(.primitive(number), bytes) else { return false }
        guard element.content.count == 1, bytes[element.content.lowerBound] == 0xFF else {
            throw CertificateError(.invalidBoolean, at: element.start)
        }
        return true
    }
}
