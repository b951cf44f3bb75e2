/// Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension` (RFC 5280 §4.1).
extension CertificateExtensions {
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        var seen: [ObjectIdentifier] = []
        seen.reserveCapacity(16)
        while !cursor.isAtEnd {
            let item = try Extension(cursor.next(.sequence, bytes), bytes)
            // RFC 5280 §4.2: "A certificate MUST NOT include more than one instance of a particular extension."
            guard !seen.contains(item.identifier) else { throw CertificateError(.duplicateExtension, at: item.start) }
            // Certificates hold a dozen extensions; the search for duplicates must stay cheap when one holds thousands.
            guard seen.count < 64 else { throw CertificateError(.tooLarge, at: item.start) }
            seen.append(item.identifier)
            try read(item, bytes)
        }
    }

    private mutating func read(_ item: Extension, _ bytes: Span<UInt8>) throws(CertificateError) {
        let kind: Kinds
        switch item.identifier {
        case .basicConstraints:
            kind = .basicConstraints
            basicConstraints = try BasicConstraints(item.only(.sequence, bytes), bytes)
        case .keyUsage:
            kind = .keyUsage
            let usage = try item.only(.bitString, bytes)
            keyUsage = try KeyUsage(rawValue: usage.namedBits(bytes))
            // RFC 5280 §4.2.1.3: "When the keyUsage extension appears in a certificate, at least one of the bits MUST
            // be set to 1."
            guard keyUsage != [] else { throw CertificateError(.invalidExtension, at: item.start) }
        case .extendedKeyUsage:
            kind = .extendedKeyUsage
            let purposes = try item.only(.sequence, bytes)
            extendedKeyUsage = try ExtendedKeyUsage(purposes, bytes)
            keyPurposes = purposes.content
        case .subjectAltName:
            kind = .subjectAltName
            subjectAlternativeNames = try GeneralName.list(item.only(.sequence, bytes), bytes)
        case .nameConstraints:
            kind = .nameConstraints
            nameConstraints = try NameConstraints(item.only(.sequence, bytes), bytes)
        case .subjectKeyIdentifier:
            kind = .subjectKeyIdentifier
            subjectKeyIdentifier = try item.only(.octetString, bytes).content
        case .authorityKeyIdentifier:
            kind = .authorityKeyIdentifier
            authorityKeyIdentifier = try AuthorityKeyIdentifier(item.only(.sequence, bytes), bytes)
        case .certificatePolicies:
            kind = .certificatePolicies
            policies = try Self.policies(item.only(.sequence, bytes), bytes)
        case .policyMappings:
            kind = .policyMappings
            policyMappings = try Self.policyMappings(item.only(.sequence, bytes), bytes)
        case .policyConstraints:
            kind = .policyConstraints
            policyConstraints = try PolicyConstraints(item.only(.sequence, bytes), bytes)
        case .inhibitAnyPolicy:
            kind = .inhibitAnyPolicy
            inhibitAnyPolicy = try item.only(.integer, bytes).smallInteger(bytes)
        case .crlDistributionPoints:
            kind = .crlDistributionPoints
            distributionPoints = try Self.distributionPoints(item.only(.sequence, bytes), bytes)
        case .authorityInfoAccess:
            kind = .authorityInfoAccess
            ocspResponders = try Self.ocspResponders(item.only(.sequence, bytes), bytes)
        case .tlsFeature:
            kind = .tlsFeature
            tlsFeatures = try Self.tlsFeatures(item.only(.sequence, bytes), bytes)
        case .signedCertificateTimestamps:
            kind = .signedCertificateTimestamps
            signedCertificateTimestamps = try item.only(.octetString, bytes).content
        case .ocspNoCheck:
            kind = .ocspNoCheck
            hasOCSPNoCheck = true
        // Known, and nothing to be processed in them: none of these may be critical (see the profile rules).
        case .issuerAltName: kind = .issuerAltName
        case .freshestCRL: kind = .freshestCRL
        case .subjectInfoAccess: kind = .subjectInfoAccess
        case .subjectDirectoryAttributes: kind = .subjectDirectoryAttributes
        default:
            if item.isCritical && unknownCritical == nil { unknownCritical = item.identifier }
            return
        }
        if item.isCritical { critical.insert(kind) }
    }

    /// `certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation` (RFC 5280 §4.2.1.4).
    private static func policies(
        _ element: DERElement, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> [ObjectIdentifier] {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        var policies: [ObjectIdentifier] = []
        var seen: Set<ObjectIdentifier> = []
        while !cursor.isAtEnd {
            let information = try cursor.next(.sequence, bytes)
            var fields = try DERCursor(inside: information)
            let policy = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
            if !fields.isAtEnd { _ = try fields.next(.sequence, bytes) }
            try fields.finish()
            // "A certificate policy OID MUST NOT appear more than once in a certificate policies extension."
            guard seen.insert(policy).inserted else { throw CertificateError(.invalidExtension, at: information.start) }
            policies.append(policy)
        }
        return policies
    }

    /// RFC 5280 §4.2.1.5.
    private static func policyMappings(
        _ element: DERElement, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> [PolicyMapping] {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        var mappings: [PolicyMapping] = []
        while !cursor.isAtEnd {
            var fields = try cursor.enter(.sequence, bytes)
            let issuerDomain = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
            let subjectDomain = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
            try fields.finish()
            mappings.append(PolicyMapping(issuerDomain: issuerDomain, subjectDomain: subjectDomain))
        }
        return mappings
    }

    /// RFC 5280 §4.2.1.13.
    private static func distributionPoints(
        _ element: DERElement, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> [DistributionPoint] {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        var points: [DistributionPoint] = []
        while !cursor.isAtEnd {
            points.append(try DistributionPoint(cursor.next(.sequence, bytes), bytes))
        }
        return points
    }

    /// `AuthorityInfoAccessSyntax ::= SEQUENCE SIZE (1..MAX) OF AccessDescription` (RFC 5280 §4.2.2.1).
    private static func ocspResponders(
        _ element: DERElement, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> [Range<Int>] {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        var responders: [Range<Int>] = []
        while !cursor.isAtEnd {
            var fields = try cursor.enter(.sequence, bytes)
            let method = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
            let location = try GeneralName(fields.next(bytes), bytes)
            try fields.finish()
            if method == .accessOCSP, location.kind == .uniformResourceIdentifier { responders.append(location.value) }
        }
        return responders
    }

    /// `Features ::= SEQUENCE OF INTEGER` (RFC 7633 §4.1).
    private static func tlsFeatures(
        _ element: DERElement, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> [Int] {
        var cursor = try DERCursor(inside: element)
        var features: [Int] = []
        while !cursor.isAtEnd {
            features.append(try cursor.next(.integer, bytes).smallInteger(bytes))
        }
        return features
    }
}

/// `Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue OCTET STRING }`, in certificates, revocation
/// lists and OCSP responses alike.
struct Extension {
    let identifier: ObjectIdentifier
    let isCritical: Bool
    let value: DERElement
    let start: Int

    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        identifier = try fields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
        isCritical = try fields.nextIf(.boolean, bytes)?.trueByPresence(bytes) ?? false
        value = try fields.next(.octetString, bytes)
        try fields.finish()
        start = element.start
    }

    /// The one element that the value encodes.
    func only(_ tag: DERTag, _ bytes: Span<UInt8>) throws(CertificateError) -> DERElement {
        var cursor = try DERCursor(inside: value)
        let element = try cursor.next(tag, bytes)
        try cursor.finish()
        return element
    }
}

extension BasicConstraints {
    /// `BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }`.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        isAuthority = try fields.nextIf(.boolean, bytes)?.trueByPresence(bytes) ?? false
        pathLength = try fields.nextIf(.integer, bytes)?.smallInteger(bytes)
        try fields.finish()
        // RFC 5280 §4.2.1.9: "CAs MUST NOT include the pathLenConstraint field unless the cA boolean is asserted".
        guard isAuthority || pathLength == nil else { throw CertificateError(.invalidExtension, at: element.start) }
    }
}

extension AuthorityKeyIdentifier {
    /// `[0] keyIdentifier, [1] authorityCertIssuer, [2] authorityCertSerialNumber`, all optional.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        keyIdentifier = try fields.nextIf(.primitive(0), bytes)?.content
        hasIssuer = try fields.nextIf(.constructed(1), bytes) != nil
        if let serial = try fields.nextIf(.primitive(2), bytes) {
            try serial.checkInteger(bytes)
            serialNumber = serial.content
        }
        try fields.finish()
        // RFC 5280 §A.2: "authorityCertIssuer and authorityCertSerialNumber MUST both be present or both be absent".
        guard hasIssuer == (serialNumber != nil) else { throw CertificateError(.invalidExtension, at: element.start) }
    }
}

extension PolicyConstraints {
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        // RFC 5280 §4.2.1.11: "Conforming CAs MUST NOT issue certificates where policy constraints is an empty
        // sequence."
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var fields = try DERCursor(inside: element)
        requireExplicitPolicy = try fields.nextIf(.primitive(0), bytes)?.smallInteger(bytes)
        inhibitPolicyMapping = try fields.nextIf(.primitive(1), bytes)?.smallInteger(bytes)
        try fields.finish()
    }
}

extension NameConstraints {
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        // RFC 5280 §4.2.1.10: "Conforming CAs MUST NOT issue certificates where name constraints is an empty sequence."
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var fields = try DERCursor(inside: element)
        if let subtrees = try fields.nextIf(.constructed(0), bytes) { permitted = try Self.bases(subtrees, bytes) }
        if let subtrees = try fields.nextIf(.constructed(1), bytes) { excluded = try Self.bases(subtrees, bytes) }
        try fields.finish()
    }

    /// `GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree`.
    private static func bases(
        _ element: DERElement, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> [GeneralName] {
        guard !element.content.isEmpty else { throw CertificateError(.emptySequence, at: element.start) }
        var cursor = try DERCursor(inside: element)
        var bases: [GeneralName] = []
        while !cursor.isAtEnd {
            // "Within this profile, the minimum and maximum fields are not used with any name forms, thus, the minimum
            // MUST be zero, and maximum MUST be absent."
            var subtree = try cursor.enter(.sequence, bytes)
            let base = try GeneralName(subtree.next(bytes), bytes, addressLengths: (8, 32))
            try subtree.finish()
            if base.kind == .ipAddress { try checkMask(base.value, bytes) }
            bases.append(base)
        }
        return bases
    }

    /// "… encoded in the style of RFC 4632 (CIDR) to represent an address range": the mask's ones come first.
    private static func checkMask(_ value: Range<Int>, _ bytes: Span<UInt8>) throws(CertificateError) {
        var isPastOnes = false
        for index in value.dropFirst(value.count / 2) {
            let octet = bytes[index]
            let isOnesThenZeros = ~octet & (~octet &+ 1) == 0
            guard isPastOnes ? octet == 0 : isOnesThenZeros else {
                throw CertificateError(.invalidExtension, at: value.lowerBound)
            }
            if octet != 0xFF { isPastOnes = true }
        }
    }
}
