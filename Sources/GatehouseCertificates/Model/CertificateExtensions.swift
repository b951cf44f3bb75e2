/// The extensions of a certificate (RFC 5280 §4.2), each parsed once.
struct CertificateExtensions: Sendable {
    var basicConstraints: BasicConstraints?
    var keyUsage: KeyUsage?
    var extendedKeyUsage: ExtendedKeyUsage?
    /// Where the identifiers of all its purposes stand, also of those that are not known.
    var keyPurposes: Range<Int>?
    var subjectAlternativeNames: [GeneralName]?
    var nameConstraints: NameConstraints?
    var subjectKeyIdentifier: Range<Int>?
    var authorityKeyIdentifier: AuthorityKeyIdentifier?
    var policies: [ObjectIdentifier]?
    var policyMappings: [PolicyMapping]?
    var policyConstraints: PolicyConstraints?
    /// How many more certificates anyPolicy is processed for.
    var inhibitAnyPolicy: Int?
    var distributionPoints: [DistributionPoint]?
    /// Where OCSP responders are asked, as URIs.
    var ocspResponders: [Range<Int>]?
    /// The TLS extensions that the server must answer with (RFC 7633); 5 is status_request.
    var tlsFeatures: [Int]?
    /// The SignedCertificateTimestampList (RFC 6962 §3.3), as it stands.
    var signedCertificateTimestamps: Range<Int>?
    /// The responder's own certificate needs no status (RFC 6960 §4.2.2.2.1).
    var hasOCSPNoCheck = false
    /// Which of the known extensions are marked critical.
    var critical: Kinds = []
    /// The first critical extension that is not known.
    var unknownCritical: ObjectIdentifier?

    /// The extensions whose criticality matters.
    struct Kinds: OptionSet, Sendable, Hashable {
        let rawValue: UInt32

        static let basicConstraints = Kinds(rawValue: 1 << 0)
        static let keyUsage = Kinds(rawValue: 1 << 1)
        static let extendedKeyUsage = Kinds(rawValue: 1 << 2)
        static let subjectAltName = Kinds(rawValue: 1 << 3)
        static let nameConstraints = Kinds(rawValue: 1 << 4)
        static let subjectKeyIdentifier = Kinds(rawValue: 1 << 5)
        static let authorityKeyIdentifier = Kinds(rawValue: 1 << 6)
        static let certificatePolicies = Kinds(rawValue: 1 << 7)
        static let policyMappings = Kinds(rawValue: 1 << 8)
        static let policyConstraints = Kinds(rawValue: 1 << 9)
        static let inhibitAnyPolicy = Kinds(rawValue: 1 << 10)
        static let crlDistributionPoints = Kinds(rawValue: 1 << 11)
        static let authorityInfoAccess = Kinds(rawValue: 1 << 12)
        static let subjectInfoAccess = Kinds(rawValue: 1 << 13)
        static let tlsFeature = Kinds(rawValue: 1 << 14)
        static let signedCertificateTimestamps = Kinds(rawValue: 1 << 15)
        static let ocspNoCheck = Kinds(rawValue: 1 << 16)
        static let issuerAltName = Kinds(rawValue: 1 << 17)
        static let freshestCRL = Kinds(rawValue: 1 << 18)
        static let subjectDirectoryAttributes = Kinds(rawValue: 1 << 19)
    }
}

/// RFC 5280 §4.2.1.9.
struct BasicConstraints: Sendable, Hashable {
    var isAuthority = false
    /// How many non-self-issued intermediates may follow.
    var pathLength: Int?
}

/// RFC 5280 §4.2.1.1.
struct AuthorityKeyIdentifier: Sendable, Hashable {
    var keyIdentifier: Range<Int>?
    var hasIssuer = false
    /// The INTEGER's content.
    var serialNumber: Range<Int>?
}

/// RFC 5280 §4.2.1.5.
struct PolicyMapping: Sendable, Hashable {
    let issuerDomain: ObjectIdentifier
    let subjectDomain: ObjectIdentifier
}

/// RFC 5280 §4.2.1.11: after how many more certificates the requirement starts.
struct PolicyConstraints: Sendable, Hashable {
    var requireExplicitPolicy: Int?
    var inhibitPolicyMapping: Int?
}

/// RFC 5280 §4.2.1.10.
struct NameConstraints: Sendable, Hashable {
    var permitted: [GeneralName] = []
    var excluded: [GeneralName] = []
}

/// RFC 5280 §4.2.1.13.
struct DistributionPoint: Sendable, Hashable {
    /// What the list stands under.
    var name: DistributionPointName?
    /// The revocation reasons that it holds; nil: all.
    var reasons: RevocationReasons?
    /// Somebody else than the certificate's issuer signs the list.
    var crlIssuer: [GeneralName]?
}
