/// One reason why a chain of certificates is not to be believed.
public struct CertificateProblem: Error, Sendable, Hashable {
    /// What is wrong. The names of QSslError's values are kept where there is one.
    public enum Code: Sendable, Hashable, CaseIterable {
        // Building the chain.
        /// The issuer of the last certificate of the chain is not among the trust anchors.
        case unableToGetLocalIssuerCertificate
        /// The chain is one certificate, which no trust anchor issued.
        case unableToVerifyFirstCertificate
        /// The leaf is self-signed and not a trust anchor.
        case selfSignedCertificate
        /// The chain ends in a self-signed certificate that is not a trust anchor.
        case selfSignedCertificateInChain
        /// Every chain needs more intermediates than the policy allows.
        case chainTooLong
        /// The search took more work than `PathBudget` allows.
        case budgetExceeded

        // The certificates of the chain.
        /// There is no certificate at all.
        case noPeerCertificate
        /// A certificate has a critical extension that is not known.
        case unhandledCriticalExtension
        /// A certificate breaks a rule of its profile (RFC 5280 §4 or the web's).
        case invalidExtension
        /// An issuer is not a CA, or its key must not sign certificates.
        case invalidCACertificate
        /// There are more intermediates below a CA than it allows.
        case pathLengthExceeded
        /// A certificate must not be used for this purpose.
        case invalidPurpose
        /// A key is too small, too large or of a kind that is not accepted.
        case weakKey
        /// A signature is made with MD5 or SHA-1.
        case weakDigest
        /// A key or a signature algorithm is not supported.
        case unsupportedAlgorithm

        // A key without a certificate.
        /// The peer's raw public key is not one of those that are trusted.
        case untrustedPublicKey

        // The name.
        /// The leaf is not issued for the name that was asked for.
        case hostNameMismatch

        // Revocation.
        /// The certificate is revoked.
        case certificateRevoked
        /// No revocation information was there although the policy requires it.
        case certificateStatusUnknown
        /// A revocation list is not signed by who it should be, or is not well-formed.
        case invalidRevocationList
        /// A revocation list is of a kind that is not processed (delta, indirect, unknown critical extension).
        case unsupportedRevocationList
        /// A revocation list's time is over or has not begun.
        case revocationListExpired
        /// The certificate demands a stapled OCSP response and none came.
        case ocspNoResponseFound
        /// The OCSP response is not well-formed.
        case ocspMalformedResponse
        /// The responder says that it could not understand the request.
        case ocspMalformedRequest
        /// The responder reports an internal error.
        case ocspInternalError
        /// The responder asks to try later.
        case ocspTryLater
        /// The responder wants the request signed.
        case ocspSignatureRequired
        /// The responder refuses to answer.
        case ocspUnauthorized
        /// The OCSP response is not signed by who it should be.
        case ocspResponseCannotBeTrusted
        /// The OCSP response is about other certificates.
        case ocspResponseCertIDUnknown
        /// The OCSP response's time is over or has not begun.
        case ocspResponseExpired
        /// The responder does not know the certificate.
        case ocspStatusUnknown

        // Signatures and validity, from the anchor down.
        /// An issuer's key is no valid key.
        case unableToDecodeIssuerPublicKey
        /// A signature is wrong.
        case certificateSignatureFailed
        /// A certificate is not valid yet.
        case certificateNotYetValid
        /// A certificate is not valid any more.
        case certificateExpired

        // What CAs demand of the chain below them.
        /// A name lies outside of what a CA of the chain may certify.
        case nameConstraintViolation
        /// The chain is not valid under an acceptable certificate policy.
        case policyViolation
    }

    /// What is wrong.
    public let code: Code
    /// Where in the chain: 0 is the leaf.
    public let depth: Int
    /// The certificate that it is about, if it is about one.
    public let certificate: Certificate?
    /// What exactly, for a person. At most some hundred characters; what it quotes is cut and made printable.
    public let detail: String

    package init(_ code: Code, depth: Int, _ certificate: Certificate?, _ detail: String) {
        self.code = code
        self.depth = depth
        self.certificate = certificate
        self.detail = detail
    }
}

extension CertificateProblem: CustomStringConvertible {
    /// One line for a person, such as `certificate 0 (CN=example): it expired on 2026-01-01 00:00:00 UTC`.
    public var description: String {
        guard let certificate else { return detail }
        let subject = certificate.subject.isEmpty ? "no subject" : certificate.subject.description
        return "certificate \(depth) (\(printable(subject, limit: 96))): \(detail)"
    }
}

extension [CertificateProblem] {
    /// In the order in which OpenSSL's callers are used to get them: what was found building the chain, then the
    /// extensions from the leaf up, the name, revocation, signatures and validity from the anchor down, and at last
    /// name constraints and policies.
    func inReportingOrder() -> [CertificateProblem] {
        enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.code.stage != b.code.stage { return a.code.stage < b.code.stage }
            if a.depth != b.depth { return (a.depth < b.depth) == (a.code.stage != .signatures) }
            return left.offset < right.offset
        }.map(\.element)
    }
}

extension CertificateProblem.Code {
    enum Stage: Int, Comparable {
        case building, extensions, name, revocation, signatures, constraints

        static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    var stage: Stage {
        switch self {
        case .unableToGetLocalIssuerCertificate, .selfSignedCertificate, .selfSignedCertificateInChain, .chainTooLong,
            .budgetExceeded, .noPeerCertificate, .untrustedPublicKey:
            .building
        case .unhandledCriticalExtension, .invalidExtension, .invalidCACertificate, .pathLengthExceeded,
            .invalidPurpose, .weakKey, .weakDigest, .unsupportedAlgorithm:
            .extensions
        case .hostNameMismatch:
            .name
        case .certificateRevoked, .certificateStatusUnknown, .invalidRevocationList, .unsupportedRevocationList,
            .revocationListExpired, .ocspNoResponseFound, .ocspMalformedResponse, .ocspMalformedRequest,
            .ocspInternalError, .ocspTryLater, .ocspSignatureRequired, .ocspUnauthorized, .ocspResponseCannotBeTrusted,
            .ocspResponseCertIDUnknown, .ocspResponseExpired, .ocspStatusUnknown:
            .revocation
        case .unableToVerifyFirstCertificate, .unableToDecodeIssuerPublicKey, .certificateSignatureFailed,
            .certificateNotYetValid, .certificateExpired:
            .signatures
        case .nameConstraintViolation, .policyViolation:
            .constraints
        }
    }
}
