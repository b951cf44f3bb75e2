/// The object identifiers that RFC 5280 and its companions give a meaning.
extension ObjectIdentifier {
    // Certificate and CRL extensions, RFC 5280 §4.2 and §5.
    static let subjectKeyIdentifier = ObjectIdentifier(2, 5, 29, 14)
    /// The key usage extension (RFC 5280 §4.2.1.3).
    public static let keyUsage = ObjectIdentifier(2, 5, 29, 15)
    static let subjectAltName = ObjectIdentifier(2, 5, 29, 17)
    static let basicConstraints = ObjectIdentifier(2, 5, 29, 19)
    static let crlNumber = ObjectIdentifier(2, 5, 29, 20)
    static let reasonCode = ObjectIdentifier(2, 5, 29, 21)
    static let invalidityDate = ObjectIdentifier(2, 5, 29, 24)
    static let deltaCRLIndicator = ObjectIdentifier(2, 5, 29, 27)
    static let issuingDistributionPoint = ObjectIdentifier(2, 5, 29, 28)
    static let certificateIssuer = ObjectIdentifier(2, 5, 29, 29)
    static let nameConstraints = ObjectIdentifier(2, 5, 29, 30)
    static let crlDistributionPoints = ObjectIdentifier(2, 5, 29, 31)
    static let certificatePolicies = ObjectIdentifier(2, 5, 29, 32)
    static let anyPolicy = ObjectIdentifier(2, 5, 29, 32, 0)
    static let policyMappings = ObjectIdentifier(2, 5, 29, 33)
    static let authorityKeyIdentifier = ObjectIdentifier(2, 5, 29, 35)
    static let policyConstraints = ObjectIdentifier(2, 5, 29, 36)
    /// The extended key usage extension (RFC 5280 §4.2.1.12).
    public static let extendedKeyUsage = ObjectIdentifier(2, 5, 29, 37)
    static let anyExtendedKeyUsage = ObjectIdentifier(2, 5, 29, 37, 0)
    static let freshestCRL = ObjectIdentifier(2, 5, 29, 46)
    static let inhibitAnyPolicy = ObjectIdentifier(2, 5, 29, 54)
    static let issuerAltName = ObjectIdentifier(2, 5, 29, 18)
    static let subjectDirectoryAttributes = ObjectIdentifier(2, 5, 29, 9)
    static let authorityInfoAccess = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 1, 1)
    static let subjectInfoAccess = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 1, 11)
    /// RFC 7633 §4.
    static let tlsFeature = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 1, 24)
    /// RFC 6962 §3.3.
    static let signedCertificateTimestamps = ObjectIdentifier(1, 3, 6, 1, 4, 1, 11129, 2, 4, 2)
    /// RFC 6960 §4.2.2.2.1.
    static let ocspNoCheck = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1, 5)

    // Access methods, RFC 5280 §4.2.2.1.
    static let accessOCSP = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1)
    static let basicOCSPResponse = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)
    static let ocspNonce = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 48, 1, 2)

    // Extended key purposes, RFC 5280 §4.2.1.12.
    static let serverAuthentication = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 1)
    static let clientAuthentication = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 2)
    static let ocspSigning = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 9)

    // Names inside otherName: RFC 4985 §2.
    static let serviceName = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 8, 7)

    // Attribute types, RFC 5280 §4.1.2.4 and appendix A.1.
    static let commonName = ObjectIdentifier(2, 5, 4, 3)
    static let emailAddress = ObjectIdentifier(1, 2, 840, 113_549, 1, 9, 1)

    // Public keys, RFC 3279, RFC 4055, RFC 5480, RFC 8410.
    static let rsaEncryption = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 1)
    static let rsassaPSS = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 10)
    static let mgf1 = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 8)
    static let ecPublicKey = ObjectIdentifier(1, 2, 840, 10045, 2, 1)
    static let secp256r1 = ObjectIdentifier(1, 2, 840, 10045, 3, 1, 7)
    static let secp384r1 = ObjectIdentifier(1, 3, 132, 0, 34)
    static let secp521r1 = ObjectIdentifier(1, 3, 132, 0, 35)
    static let ed25519 = ObjectIdentifier(1, 3, 101, 112)
    static let ed448 = ObjectIdentifier(1, 3, 101, 113)
    /// RFC 9881 §2: of keys and of signatures.
    static let mlDSA44 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 3, 17)
    static let mlDSA65 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 3, 18)
    static let mlDSA87 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 3, 19)

    // Signatures.
    static let md5WithRSA = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 4)
    static let sha1WithRSA = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 5)
    static let sha256WithRSA = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 11)
    static let sha384WithRSA = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 12)
    static let sha512WithRSA = ObjectIdentifier(1, 2, 840, 113_549, 1, 1, 13)
    static let ecdsaWithSHA1 = ObjectIdentifier(1, 2, 840, 10045, 4, 1)
    static let ecdsaWithSHA256 = ObjectIdentifier(1, 2, 840, 10045, 4, 3, 2)
    static let ecdsaWithSHA384 = ObjectIdentifier(1, 2, 840, 10045, 4, 3, 3)
    static let ecdsaWithSHA512 = ObjectIdentifier(1, 2, 840, 10045, 4, 3, 4)

    // Digests.
    static let sha1 = ObjectIdentifier(1, 3, 14, 3, 2, 26)
    static let sha256 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 1)
    static let sha384 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 2)
    static let sha512 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 3)
}
