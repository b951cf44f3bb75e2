package import GatehouseCertificates

extension CertificateRejected {
    /// The alert for the first problem: the one that explains the others.
    var alert: AlertDescription {
        problems.first?.code.alert ?? .certificateUnknown
    }
}

extension CertificateProblem {
    /// The alert that says this to the peer.
    package var alert: AlertDescription { code.alert }
}

extension CertificateProblem.Code {
    /// RFC 9846 §6.2 says what each alert means; §4.5.2.4 leaves the choice to the receiver.
    fileprivate var alert: AlertDescription {
        switch self {
        case .unableToGetLocalIssuerCertificate, .unableToVerifyFirstCertificate, .selfSignedCertificate,
            .selfSignedCertificateInChain, .chainTooLong, .budgetExceeded, .invalidCACertificate,
            .pathLengthExceeded:
            .unknownCA
        case .noPeerCertificate: .certificateRequired
        case .invalidPurpose: .unsupportedCertificate
        case .untrustedPublicKey: .certificateUnknown
        case .certificateExpired: .certificateExpired
        case .certificateRevoked: .certificateRevoked
        case .certificateSignatureFailed: .decryptError
        case .ocspNoResponseFound, .ocspMalformedResponse, .ocspMalformedRequest, .ocspInternalError, .ocspTryLater,
            .ocspSignatureRequired, .ocspUnauthorized, .ocspResponseCannotBeTrusted, .ocspResponseCertIDUnknown,
            .ocspResponseExpired, .ocspStatusUnknown:
            .badCertificateStatusResponse
        case .certificateNotYetValid, .unableToDecodeIssuerPublicKey, .hostNameMismatch, .invalidExtension,
            .unhandledCriticalExtension, .weakKey, .weakDigest, .unsupportedAlgorithm, .nameConstraintViolation,
            .policyViolation:
            .badCertificate
        default: .certificateUnknown
        }
    }
}
