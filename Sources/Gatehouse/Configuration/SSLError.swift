public import GatehouseCertificates

/// A problem of the peer's certificate, or that it has none.
///
/// Two are equal when they say the same of the same certificate.
public struct SSLError: Error, Sendable {
    /// What is wrong. The names and numbers are those of `QSslError`; those that cannot occur here are left out.
    @nonexhaustive
    public enum Code: Int, Sendable, Hashable {
        /// An issuer's key is no valid key.
        case unableToDecodeIssuerPublicKey = 3
        /// A signature is wrong.
        case certificateSignatureFailed = 4
        /// A certificate is not valid yet.
        case certificateNotYetValid = 5
        /// A certificate is not valid any more.
        case certificateExpired = 6
        /// The peer's certificate is self-signed and not trusted.
        case selfSignedCertificate = 9
        /// The chain ends in a self-signed certificate that is not trusted.
        case selfSignedCertificateInChain = 10
        /// The issuer of the last certificate of the chain is not trusted.
        case unableToGetLocalIssuerCertificate = 11
        /// The chain is one certificate, which nobody who is trusted has issued.
        case unableToVerifyFirstCertificate = 12
        /// A certificate is revoked.
        case certificateRevoked = 13
        /// An issuer is not a CA, or its key must not sign certificates.
        case invalidCACertificate = 14
        /// There are more intermediates below a CA than it allows.
        case pathLengthExceeded = 15
        /// A certificate must not be used for this purpose.
        case invalidPurpose = 16
        /// The peer has shown a key instead of a certificate, and it is not among the trusted ones.
        case certificateUntrusted = 17
        /// The peer has sent no certificate.
        case noPeerCertificate = 21
        /// The certificate is not issued for the name that was asked for.
        case hostNameMismatch = 22
        /// No revocation information was there although it is required.
        case certificateStatusUnknown = 25
        /// The certificate promises a stapled OCSP response and none came.
        case ocspNoResponseFound = 26
        /// The responder says that it could not understand the request.
        case ocspMalformedRequest = 27
        /// The OCSP response is not well-formed.
        case ocspMalformedResponse = 28
        /// The responder reports an internal error.
        case ocspInternalError = 29
        /// The responder asks to try later.
        case ocspTryLater = 30
        /// The responder wants the request signed.
        case ocspSignatureRequired = 31
        /// The responder refuses to answer.
        case ocspUnauthorized = 32
        /// The OCSP response is not signed by who it should be.
        case ocspResponseCannotBeTrusted = 33
        /// The OCSP response is about other certificates.
        case ocspResponseCertIDUnknown = 34
        /// The OCSP response's time is over or has not begun.
        case ocspResponseExpired = 35
        /// The responder does not know the certificate.
        case ocspStatusUnknown = 36
        /// Something else; `errorString` says what.
        case unspecifiedError = -1
    }

    /// What is wrong.
    public let code: Code
    /// The certificate that it is about; `nil` when it is about none.
    public let certificate: SSLCertificate?
    /// What exactly, as one line for a person.
    public let errorString: String

    /// An error to compare with, for `ignoreSSLErrors`: such a problem of such a certificate.
    public init(_ code: Code, certificate: SSLCertificate? = nil) {
        self.init(code, certificate, "\(code)")
    }

    private init(_ code: Code, _ certificate: SSLCertificate?, _ errorString: String) {
        self.code = code
        self.certificate = certificate
        self.errorString = errorString
    }

    init(_ problem: CertificateProblem) {
        self.init(Code(problem.code), problem.certificate, problem.description)
    }
}

extension SSLError: Hashable {
    /// Whether both say the same of the same certificate.
    public static func == (left: SSLError, right: SSLError) -> Bool {
        left.code == right.code && left.certificate == right.certificate
    }

    /// Goes with `==`.
    public func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(code)
        hasher.combine(certificate)
    }
}

extension SSLError: CustomStringConvertible {
    /// ``errorString``.
    public var description: String { errorString }
}

extension SSLError.Code {
    init(_ code: CertificateProblem.Code) {
        self =
            switch code {
            case .unableToDecodeIssuerPublicKey: .unableToDecodeIssuerPublicKey
            case .certificateSignatureFailed: .certificateSignatureFailed
            case .certificateNotYetValid: .certificateNotYetValid
            case .certificateExpired: .certificateExpired
            case .selfSignedCertificate: .selfSignedCertificate
            case .selfSignedCertificateInChain: .selfSignedCertificateInChain
            case .unableToGetLocalIssuerCertificate: .unableToGetLocalIssuerCertificate
            case .unableToVerifyFirstCertificate: .unableToVerifyFirstCertificate
            case .certificateRevoked: .certificateRevoked
            case .invalidCACertificate: .invalidCACertificate
            case .pathLengthExceeded: .pathLengthExceeded
            case .invalidPurpose: .invalidPurpose
            case .untrustedPublicKey: .certificateUntrusted
            case .noPeerCertificate: .noPeerCertificate
            case .hostNameMismatch: .hostNameMismatch
            case .certificateStatusUnknown: .certificateStatusUnknown
            case .ocspNoResponseFound: .ocspNoResponseFound
            case .ocspMalformedRequest: .ocspMalformedRequest
            case .ocspMalformedResponse: .ocspMalformedResponse
            case .ocspInternalError: .ocspInternalError
            case .ocspTryLater: .ocspTryLater
            case .ocspSignatureRequired: .ocspSignatureRequired
            case .ocspUnauthorized: .ocspUnauthorized
            case .ocspResponseCannotBeTrusted: .ocspResponseCannotBeTrusted
            case .ocspResponseCertIDUnknown: .ocspResponseCertIDUnknown
            case .ocspResponseExpired: .ocspResponseExpired
            case .ocspStatusUnknown: .ocspStatusUnknown
            case .chainTooLong, .budgetExceeded, .unhandledCriticalExtension, .invalidExtension, .weakKey, .weakDigest,
                .unsupportedAlgorithm, .invalidRevocationList, .unsupportedRevocationList, .revocationListExpired,
                .nameConstraintViolation, .policyViolation:
                .unspecifiedError
            }
    }
}
