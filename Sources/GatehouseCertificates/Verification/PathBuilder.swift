import GatehouseCrypto

/// Looks for a path from the leaf to a trust anchor (RFC 4158), the most likely candidates first, and goes back to try
/// the next one when a path turns out to be invalid.
///
/// Certificates are the nodes of a graph and "may have issued" is its edges: there can be several issuers of one name,
/// roots signed by each other, and loops. Every edge's signature is checked when it is first walked, and once only.
struct PathBuilder {
    let request: VerificationRequest
    /// The leaf, which is first, and the certificates that may stand between it and an anchor.
    private let pool: [Certificate]
    private(set) var budget: PathBudget
    /// The outcomes of the signature checks made so far.
    private var checked: [Edge: SignatureCheck.Outcome] = [:]
    /// Positions in `pool`, the leaf first.
    private var path: [Int] = [0]
    private var best: Attempt?

    private struct Edge: Hashable {
        let certificate: Int
        let issuer: Issuer
    }

    /// A certificate of the pool or an anchor of the store, by position.
    private enum Issuer: Hashable {
        case intermediate(Int)
        case anchor(Int)
    }

    /// A path that was tried, and what is wrong with it.
    private struct Attempt {
        var problems: [CertificateProblem]
        var length: Int
        var isAnchored: Bool

        /// A path that reaches an anchor tells more than one that does not; then the fewer problems, the better; of
        /// two that reach none, the longer one.
        func isBetter(than other: Attempt) -> Bool {
            if isAnchored != other.isAnchored { return isAnchored }
            return isAnchored ? problems.count < other.problems.count : length > other.length
        }
    }

    init?(chain: [Certificate], request: VerificationRequest, budget: PathBudget) {
        guard let leaf = chain.first else { return nil }
        var pool = [leaf]
        if chain.count > 2 {
            var seen: Set<Certificate> = [leaf]
            for certificate in chain.dropFirst() where seen.insert(certificate).inserted {
                pool.append(certificate)
            }
        } else {
            pool += chain.dropFirst().filter { $0 != leaf }
        }
        self.pool = pool
        self.request = request
        self.budget = budget
    }

    /// The verdict on the leaf.
    mutating func search() throws(PathBudget.Exceeded) -> Verdict {
        let leaf = pool[0]
        // A leaf that is itself an anchor is trusted for what it says, whoever signed it.
        if request.store.contains(leaf), let found = try validate([leaf], end: .anchorCertificate) {
            return .verified(path: found)
        }
        if let found = try extend() { return .verified(path: found) }
        return .rejected(best?.problems.inReportingOrder() ?? [])
    }

    /// Tries to complete the path; nil if no candidate leads to an anchor through a valid path.
    private mutating func extend() throws(PathBudget.Exceeded) -> [Certificate]? {
        guard let last = path.last else { return nil }
        var obstacle: CertificateProblem?
        for candidate in candidates(for: last) {
            try budget.spendStep()
            switch try check(Edge(certificate: last, issuer: candidate.issuer)) {
            case .valid: break
            case let failure:
                // A namesake with another key is not the issuer that is looked for.
                if obstacle == nil, candidate.keyMatch != .differs { obstacle = problem(failure, at: path.count - 1) }
                continue
            }
            switch candidate.issuer {
            case .anchor(let index):
                let certificates = path.map { pool[$0] }
                let anchor = request.store.anchor(at: index)
                let found =
                    if let certificate = anchor.certificate {
                        try validate(certificates + [certificate], end: .anchorCertificate)
                    } else {
                        try validate(certificates, end: .anchorKey(anchor))
                    }
                if let found { return found }
            case .intermediate(let index):
                guard !isInPath(subjectAndKeyOf: index) else { continue }
                guard fitsInPath(index) else {
                    if obstacle == nil {
                        obstacle = CertificateProblem(
                            .chainTooLong, depth: path.count, pool[index],
                            "with it the chain has more than \(request.policy.maximumIntermediates) intermediates")
                    }
                    continue
                }
                path.append(index)
                if let found = try extend() { return found }
                path.removeLast()
            }
        }
        try recordDeadEnd(obstacle)
        return nil
    }

    /// Validates a path that has reached an anchor: returns it if it is good, and remembers it if it is the best yet.
    private mutating func validate(
        _ certificates: [Certificate], end: PathEnd
    ) throws(PathBudget.Exceeded) -> [Certificate]? {
        let problems = try problems(of: certificates, end: end)
        if problems.isEmpty { return certificates }
        record(Attempt(problems: problems, length: certificates.count, isAnchored: true))
        return nil
    }

    private mutating func problems(
        of certificates: [Certificate], end: PathEnd
    ) throws(PathBudget.Exceeded) -> [CertificateProblem] {
        var validator = PathValidator(
            path: certificates, end: end, request: request, pool: pool, budget: budget)
        try validator.run()
        budget = validator.budget
        return validator.problems
    }

    private mutating func record(_ attempt: Attempt) {
        if best.map({ attempt.isBetter(than: $0) }) ?? true { best = attempt }
    }

    /// Remembers a path that ends before an anchor, with all else that is wrong with it.
    private mutating func recordDeadEnd(_ obstacle: CertificateProblem?) throws(PathBudget.Exceeded) {
        guard best.map({ !$0.isAnchored && $0.length < path.count }) ?? true else { return }
        let certificates = path.map { pool[$0] }
        var problems = try problems(of: certificates, end: .nowhere)
        let depth = certificates.count - 1
        if let obstacle {
            problems.append(obstacle)
        } else if let top = certificates.last {
            problems += unknownIssuer(of: top, depth: depth)
        }
        record(Attempt(problems: problems, length: certificates.count, isAnchored: false))
    }

    private func unknownIssuer(of top: Certificate, depth: Int) -> [CertificateProblem] {
        if top.isSelfIssued {
            let code: CertificateProblem.Code = depth == 0 ? .selfSignedCertificate : .selfSignedCertificateInChain
            return [CertificateProblem(code, depth: depth, top, "it is self-signed and not trusted")]
        }
        let missing = CertificateProblem(
            .unableToGetLocalIssuerCertificate, depth: depth, top,
            "its issuer (\(printable(top.issuer.description, limit: 96))) is neither trusted nor sent along")
        guard depth == 0 else { return [missing] }
        return [
            missing,
            CertificateProblem(
                .unableToVerifyFirstCertificate, depth: 0, top, "its signature cannot be checked without its issuer"),
        ]
    }

    private func problem(_ outcome: SignatureCheck.Outcome, at depth: Int) -> CertificateProblem? {
        let certificate = pool[path[depth]]
        switch outcome {
        case .invalid:
            return CertificateProblem(
                .certificateSignatureFailed, depth: depth, certificate, "its signature is not its issuer's")
        case .unusableKey:
            return CertificateProblem(
                .unableToDecodeIssuerPublicKey, depth: depth, certificate, "its issuer's key cannot be used")
        // What validation says of the certificate itself.
        case .weakDigest, .unsupportedAlgorithm, .valid:
            return nil
        }
    }
}

// MARK: - Candidates

extension PathBuilder {
    private struct Candidate {
        let issuer: Issuer
        let keyMatch: KeyMatch
        let isCurrent: Bool

        /// The order of trial: matching key identifiers first, then those valid now, then anchors.
        var rank: Int {
            let isAnchor = if case .anchor = issuer { true } else { false }
            return keyMatch.rawValue * 4 + (isCurrent ? 0 : 2) + (isAnchor ? 0 : 1)
        }
    }

    /// What the authority key identifier of a certificate and the subject key identifier of another say. A difference
    /// does not rule an issuer out: identifiers are there "to facilitate" building paths (RFC 5280 §4.2.1.1).
    private enum KeyMatch: Int {
        case matches, unknown, differs
    }

    /// Everybody who, by name, may have issued the certificate, best first.
    private mutating func candidates(for index: Int) -> [Candidate] {
        let certificate = pool[index]
        var candidates: [Candidate] = []
        for anchor in request.store.anchorIndices(named: certificate.issuer) {
            candidates.append(
                candidate(.anchor(anchor), request.store.anchor(at: anchor).certificate, for: certificate))
        }
        for other in pool.indices.dropFirst() where !path.contains(other) {
            let issuer = pool[other]
            guard issuer.subject == certificate.issuer else { continue }
            candidates.append(candidate(.intermediate(other), issuer, for: certificate))
        }
        if candidates.count > 1 { candidates.sort { $0.rank < $1.rank } }
        return candidates
    }

    private func candidate(_ issuer: Issuer, _ issuing: Certificate?, for certificate: Certificate) -> Candidate {
        guard let issuing else { return Candidate(issuer: issuer, keyMatch: .unknown, isCurrent: true) }
        var keyMatch = KeyMatch.unknown
        if let wanted = certificate.fields.extensions.authorityKeyIdentifier?.keyIdentifier,
            let offered = issuing.fields.extensions.subjectKeyIdentifier
        {
            let isEqual = certificate.fields.der[wanted] == issuing.fields.der[offered]
            keyMatch = isEqual ? .matches : .differs
        }
        return Candidate(
            issuer: issuer, keyMatch: keyMatch,
            isCurrent: issuing.notBefore <= request.time && request.time <= issuing.notAfter)
    }

    /// Whether the path has the name and key of this certificate already: it would be a loop (RFC 4158 §2.4.2).
    private func isInPath(subjectAndKeyOf index: Int) -> Bool {
        let candidate = pool[index].fields
        return path.contains { position in
            let other = pool[position].fields
            return other.subject == candidate.subject
                && other.der[other.publicKeyInfo] == candidate.der[candidate.publicKeyInfo]
        }
    }

    /// Whether the path is not too long with this intermediate.
    private func fitsInPath(_ index: Int) -> Bool {
        guard path.count <= Self.longestPath else { return false }
        let others = path.dropFirst().count { !pool[$0].isSelfIssued }
        return pool[index].isSelfIssued || others < request.policy.maximumIntermediates
    }

    /// The most intermediates of a path, self-issued ones included.
    private static let longestPath = 255

    private mutating func check(_ edge: Edge) throws(PathBudget.Exceeded) -> SignatureCheck.Outcome {
        if let outcome = checked[edge] { return outcome }
        let certificate = pool[edge.certificate]
        let outcome =
            switch edge.issuer {
            case .intermediate(let index):
                try certificate.checkSignature(key: pool[index].publicKey, budget: &budget)
            case .anchor(let index):
                try certificate.checkSignature(key: request.store.anchor(at: index).publicKey, budget: &budget)
            }
        checked[edge] = outcome
        return outcome
    }
}
