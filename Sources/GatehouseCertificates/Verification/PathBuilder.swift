import GatehouseCrypto

/// Looks for a path from the leaf to a trust anchor (RFC 4158), the most likely candidates first, and goes back to try
/// the next one when a path turns out to be invalid.
///
/// Certificates are the nodes of a graph and "may have issued, by the names" is its edges: there can be several issuers
/// of one name, roots signed by each other, and loops. An edge's signature is checked when it is first walked, and once
/// only.
struct PathBuilder {
    let request: VerificationRequest
    /// The leaf, which is first, and the certificates that may stand between it and an anchor.
    private let pool: [Certificate]
    /// For each certificate of the pool, the first one with the same subject and key.
    private let twins: [Int]
    private(set) var budget: PathBudget
    /// For each certificate of the pool, who may have issued it, best first; found when first needed.
    private var edges: [[Edge]?]
    /// Positions in `pool`, the leaf first.
    private var path: [Int] = [0]
    /// For each certificate of the pool, whether it or its twin stands in the path.
    private var isInPath: [Bool]
    private var best: Attempt?

    init?(chain: [Certificate], request: VerificationRequest, budget: PathBudget) {
        guard let leaf = chain.first else { return nil }
        let intermediates = chain.dropFirst().filter { $0 != leaf }
        pool = [leaf] + intermediates
        twins = intermediates.count < 2 ? Array(pool.indices) : Self.twins(of: pool)
        edges = Array(repeating: nil, count: pool.count)
        isInPath = Array(repeating: false, count: pool.count)
        isInPath[0] = true
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

    /// Tries to complete the path; nil if no candidate leads to an anchor through a valid path. The recursion is as
    /// deep as the path is long, which `fitsInPath` bounds.
    private mutating func extend() throws(PathBudget.Exceeded) -> [Certificate]? {
        let last = path[path.count - 1]
        var obstacle = Obstacle.unknownIssuer
        let candidates = try candidates(for: last)
        for position in candidates.indices {
            try budget.spendStep()
            let edge = candidates[position]
            if case .intermediate(let index) = edge.issuer, isInPath[twins[index]] { continue }
            let outcome = try outcome(of: edge, position, for: last)
            guard outcome == .valid else {
                // A namesake with another key is not the issuer that is looked for.
                if edge.keyMatch != .differs { obstacle = .signature(outcome) }
                continue
            }
            switch edge.issuer {
            case .anchor(let index):
                if let found = try complete(with: request.store.anchor(at: index)) { return found }
            case .intermediate(let index):
                guard fitsInPath(index) else {
                    obstacle = .tooLong
                    continue
                }
                path.append(index)
                isInPath[twins[index]] = true
                if let found = try extend() { return found }
                isInPath[twins[index]] = false
                path.removeLast()
            }
        }
        try recordDeadEnd(obstacle)
        return nil
    }

    /// Whether the path is not too long with this intermediate.
    private func fitsInPath(_ index: Int) -> Bool {
        guard path.count <= Self.longestPath else { return false }
        let others = path.dropFirst().count { !pool[$0].isSelfIssued }
        return pool[index].isSelfIssued || others < request.policy.maximumIntermediates
    }

    /// The most intermediates of a path, self-issued ones included.
    private static let longestPath = 255

    /// RFC 4158 §2.4.2: a path that has the same name and key twice is a loop.
    private static func twins(of pool: [Certificate]) -> [Int] {
        struct Identity: Hashable {
            let subject: DistinguishedName
            let publicKeyInfo: ArraySlice<UInt8>
        }
        var first: [Identity: Int] = [:]
        return pool.enumerated().map { index, certificate in
            let fields = certificate.fields
            let identity = Identity(subject: fields.subject, publicKeyInfo: fields.der[fields.publicKeyInfo])
            if let twin = first[identity] { return twin }
            first[identity] = index
            return index
        }
    }
}

// MARK: - Candidates

extension PathBuilder {
    /// A certificate of the pool or an anchor of the store, by position.
    private enum Issuer {
        case intermediate(Int)
        case anchor(Int)
    }

    /// What the authority key identifier of a certificate and the subject key identifier of another say. A difference
    /// does not rule an issuer out: identifiers are there "to facilitate" building paths (RFC 5280 §4.2.1.1).
    private enum KeyMatch: Int {
        case matches, unknown, differs
    }

    private struct Edge {
        let issuer: Issuer
        let keyMatch: KeyMatch
        let isCurrent: Bool
        /// The signature's outcome, once it was checked.
        var outcome: SignatureCheck.Outcome?

        /// The order of trial: matching key identifiers first, then those valid now, then anchors.
        var rank: Int {
            let isAnchor = if case .anchor = issuer { true } else { false }
            return keyMatch.rawValue * 4 + (isCurrent ? 0 : 2) + (isAnchor ? 0 : 1)
        }
    }

    /// Everybody who, by name, may have issued the certificate, best first.
    private mutating func candidates(for index: Int) throws(PathBudget.Exceeded) -> [Edge] {
        if let known = edges[index] { return known }
        let certificate = pool[index]
        var found: [Edge] = []
        for anchor in request.store.anchorIndices(named: certificate.issuer) {
            found.append(edge(to: .anchor(anchor), request.store.anchor(at: anchor).certificate, from: certificate))
        }
        try budget.spendNameComparisons(pool.count)
        for other in pool.indices.dropFirst() where other != index && pool[other].subject == certificate.issuer {
            found.append(edge(to: .intermediate(other), pool[other], from: certificate))
        }
        if found.count > 1 { found.sort { $0.rank < $1.rank } }
        edges[index] = found
        return found
    }

    private func edge(to issuer: Issuer, _ issuing: Certificate?, from certificate: Certificate) -> Edge {
        guard let issuing else { return Edge(issuer: issuer, keyMatch: .unknown, isCurrent: true) }
        var keyMatch = KeyMatch.unknown
        if let wanted = certificate.fields.extensions.authorityKeyIdentifier?.keyIdentifier,
            let offered = issuing.fields.extensions.subjectKeyIdentifier
        {
            let isEqual = certificate.fields.der[wanted] == issuing.fields.der[offered]
            keyMatch = isEqual ? .matches : .differs
        }
        let isCurrent = issuing.notBefore <= request.time && request.time <= issuing.notAfter
        return Edge(issuer: issuer, keyMatch: keyMatch, isCurrent: isCurrent)
    }

    private mutating func outcome(
        of edge: Edge, _ position: Int, for index: Int
    ) throws(PathBudget.Exceeded) -> SignatureCheck.Outcome {
        if let known = edges[index]?[position].outcome { return known }
        let digests = request.policy.dangerouslyAcceptedDigests
        let outcome =
            switch edge.issuer {
            case .intermediate(let issuer):
                try pool[index].checkSignature(key: pool[issuer].publicKey, accepting: digests, budget: &budget)
            case .anchor(let anchor):
                try pool[index].checkSignature(
                    key: request.store.anchor(at: anchor).publicKey, accepting: digests, budget: &budget)
            }
        edges[index]?[position].outcome = outcome
        return outcome
    }
}

// MARK: - Attempts

extension PathBuilder {
    /// A path that was tried, and what is wrong with it.
    private struct Attempt {
        let problems: [CertificateProblem]
        let length: Int
        let isAnchored: Bool

        /// A path that reaches an anchor tells more than one that does not; then the fewer problems, the better; of
        /// two that reach none, the longer one.
        func isBetter(than other: Attempt) -> Bool {
            if isAnchored != other.isAnchored { return isAnchored }
            return isAnchored ? problems.count < other.problems.count : length > other.length
        }
    }

    /// Why a path does not go on.
    private enum Obstacle {
        case unknownIssuer
        case signature(SignatureCheck.Outcome)
        case tooLong
    }

    private mutating func complete(with anchor: TrustAnchor) throws(PathBudget.Exceeded) -> [Certificate]? {
        let certificates = path.map { pool[$0] }
        guard let certificate = anchor.certificate else {
            return try validate(certificates, end: .anchorKey(anchor))
        }
        return try validate(certificates + [certificate], end: .anchorCertificate)
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
        try budget.spendValidation(of: certificates.count)
        var validator = PathValidator(path: certificates, end: end, request: request, pool: pool, budget: budget)
        try validator.run()
        budget = validator.budget
        return validator.problems
    }

    private mutating func record(_ attempt: Attempt) {
        if best.map({ attempt.isBetter(than: $0) }) ?? true { best = attempt }
    }

    /// Remembers a path that ends before an anchor, with all else that is wrong with it.
    private mutating func recordDeadEnd(_ obstacle: Obstacle) throws(PathBudget.Exceeded) {
        guard best.map({ !$0.isAnchored && $0.length < path.count }) ?? true else { return }
        let certificates = path.map { pool[$0] }
        let problems = try problems(of: certificates, end: .nowhere) + problems(from: obstacle)
        record(Attempt(problems: problems, length: certificates.count, isAnchored: false))
    }

    private func problems(from obstacle: Obstacle) -> [CertificateProblem] {
        let depth = path.count - 1
        let top = pool[path[depth]]
        func problem(_ code: CertificateProblem.Code, _ detail: String) -> CertificateProblem {
            CertificateProblem(code, depth: depth, top, detail)
        }
        switch obstacle {
        case .tooLong:
            let limit = request.policy.maximumIntermediates
            return [problem(.chainTooLong, "its chain goes on, with more than \(limit) intermediates in all")]
        case .signature(.invalid):
            return [problem(.certificateSignatureFailed, "its signature is not its issuer's")]
        case .signature(.unusableKey):
            return [problem(.unableToDecodeIssuerPublicKey, "its issuer's key cannot be used")]
        case .signature(.weakDigest), .signature(.unsupportedAlgorithm), .signature(.valid):
            // Validation says so of the certificate itself.
            return []
        case .unknownIssuer where top.isSelfIssued:
            return [
                problem(
                    depth == 0 ? .selfSignedCertificate : .selfSignedCertificateInChain,
                    "it is self-signed and not trusted")
            ]
        case .unknownIssuer:
            let issuer = printable(top.issuer.description, limit: 96)
            let missing = problem(
                .unableToGetLocalIssuerCertificate, "its issuer (\(issuer)) is neither trusted nor sent along")
            guard depth == 0 else { return [missing] }
            return [
                missing,
                problem(.unableToVerifyFirstCertificate, "its signature cannot be checked without its issuer"),
            ]
        }
    }
}
