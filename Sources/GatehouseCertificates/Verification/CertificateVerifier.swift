/// Decides whether a chain of certificates is to be believed (RFC 5280 §6, RFC 9525).
///
///     let verifier = CertificateVerifier(trustStore: store)
///     switch verifier.verify(chain, name: .init(host: "example.com"), purpose: .serverAuthentication, at: now) {
///     case .verified(let path): print("trusted through", path.last?.subject as Any)
///     case .rejected(let problems): problems.forEach { print($0) }
///     }
public struct CertificateVerifier: Sendable {
    /// Whom chains may end at.
    public var trustStore: TrustStore
    /// What is demanded beyond the signatures.
    public var policy: VerificationPolicy
    /// Where good verdicts are remembered; nil: nowhere.
    public var cache: VerdictCache?

    /// A verifier for chains that end at an anchor of `trustStore`.
    public init(trustStore: TrustStore, policy: VerificationPolicy = .default) {
        self.trustStore = trustStore
        self.policy = policy
    }

    /// Judges the first certificate of `chain`; the others may be used as intermediates, in whatever order they come.
    ///
    /// - Parameters:
    ///   - chain: what the peer sent. An empty one is rejected with `noPeerCertificate`.
    ///   - name: whom the peer must be; nil if any name will do, as for most clients.
    ///   - purpose: what the certificate is used for.
    ///   - time: the time that it must be valid at.
    ///   - evidence: what is known about revocation.
    public func verify(
        _ chain: [Certificate], name: ReferenceName?, purpose: Purpose, at time: UnixTime,
        evidence: RevocationEvidence = .none
    ) -> Verdict {
        guard let cache else { return judge(chain, name, purpose, time, evidence) }
        let key = VerdictCache.Key(
            chain: chain, name: name, purpose: purpose, policy: policy, storeGeneration: trustStore.generation,
            evidence: evidence)
        if let path = cache.path(for: key, at: time) { return .verified(path: path) }
        let verdict = judge(chain, name, purpose, time, evidence)
        if case .verified(let path) = verdict { cache.remember(path, for: key, from: time) }
        return verdict
    }

    private func judge(
        _ chain: [Certificate], _ name: ReferenceName?, _ purpose: Purpose, _ time: UnixTime,
        _ evidence: RevocationEvidence
    ) -> Verdict {
        let request = VerificationRequest(
            store: trustStore, policy: policy, name: name, purpose: purpose, time: time, evidence: evidence)
        guard var builder = PathBuilder(chain: chain, request: request, budget: policy.budget) else {
            return .rejected([CertificateProblem(.noPeerCertificate, depth: 0, nil, "the peer sent no certificate")])
        }
        do throws(PathBudget.Exceeded) {
            return try builder.search()
        } catch {
            return .rejected([
                CertificateProblem(
                    .budgetExceeded, depth: 0, chain.first, "judging its chain takes more work than a chain may cause")
            ])
        }
    }
}
