/// What came out of verifying a chain.
public enum Verdict: Sendable, Hashable {
    /// The chain is to be believed: from the leaf, which comes first, to the trust anchor. An anchor that is a bare
    /// key is not in it.
    case verified(path: [Certificate])
    /// It is not; never empty. All problems of the best chain that could be built, in the order of
    /// `CertificateProblem.Code`'s stages.
    case rejected([CertificateProblem])

    /// Whether the chain is to be believed.
    public var isVerified: Bool {
        if case .verified = self { true } else { false }
    }

    /// The problems; empty if there is none.
    public var problems: [CertificateProblem] {
        if case .rejected(let problems) = self { problems } else { [] }
    }
}
