import GatehouseCrypto

/// Judges one complete path (RFC 5280 §6.1), its signatures apart: these were checked while it was built.
///
/// All problems are collected, not only the first: the caller may be asked to overlook some of them, and must see the
/// others. Every concern has a file of its own, as an extension with one `check…` function.
struct PathValidator {
    /// From the leaf to the trust anchor, if the anchor is a certificate, or to where the path broke off.
    let path: [Certificate]
    let end: PathEnd
    let request: VerificationRequest
    /// Other certificates that the peer sent: a revocation list may be signed with the key of one of them.
    let pool: [Certificate]
    var budget: PathBudget
    private(set) var problems: [CertificateProblem] = []

    init(
        path: [Certificate], end: PathEnd, request: VerificationRequest, pool: [Certificate], budget: PathBudget
    ) {
        self.path = path
        self.end = end
        self.request = request
        self.pool = pool
        self.budget = budget
    }

    /// Runs every check.
    mutating func run() throws(PathBudget.Exceeded) {
        checkValidity()
        checkCriticalExtensions()
        checkProfile()
        checkKeys()
        checkAuthorities()
        checkPurpose()
        try checkNameConstraints()
        if isAnchored {
            try checkPolicies()
            try checkRevocation()
        }
        try checkName()
    }

    /// Whether the path leads to somebody who is trusted.
    var isAnchored: Bool {
        if case .nowhere = end { false } else { true }
    }

    /// Whether the certificate at `depth` is the trust anchor.
    func isAnchor(_ depth: Int) -> Bool {
        if case .anchorCertificate = end { depth == path.count - 1 } else { false }
    }

    mutating func report(_ code: CertificateProblem.Code, _ depth: Int, _ detail: String) {
        problems.append(
            CertificateProblem(code, depth: depth, path.indices.contains(depth) ? path[depth] : nil, detail))
    }
}

extension PathValidator {
    /// RFC 5280 §6.1.3 (a) (2): "The certificate validity period includes the current time." Both ends belong to it
    /// (§4.1.2.5: "the period of time from notBefore through notAfter, inclusive").
    mutating func checkValidity() {
        for (depth, certificate) in path.enumerated() {
            if request.time < certificate.notBefore {
                report(.certificateNotYetValid, depth, "it is not valid before \(describe(certificate.notBefore))")
            } else if request.time > certificate.notAfter {
                report(.certificateExpired, depth, "it expired on \(describe(certificate.notAfter))")
            }
        }
    }

    /// RFC 5280 §4.2: "A certificate-using system MUST reject the certificate if it encounters a critical extension it
    /// does not recognize or a critical extension that contains information that it cannot process."
    mutating func checkCriticalExtensions() {
        for (depth, certificate) in path.enumerated() {
            let extensions = certificate.fields.extensions
            if let unknown = extensions.unknownCritical {
                report(.unhandledCriticalExtension, depth, "its critical extension \(unknown) is not known")
            } else if !extensions.critical.isDisjoint(with: .notProcessed) {
                report(.unhandledCriticalExtension, depth, "it marks an extension critical that is never processed")
            }
        }
    }
}

extension CertificateExtensions.Kinds {
    /// Known extensions that hold nothing for path validation.
    static let notProcessed: CertificateExtensions.Kinds = [
        .issuerAltName, .freshestCRL, .subjectInfoAccess, .subjectDirectoryAttributes,
    ]
}
