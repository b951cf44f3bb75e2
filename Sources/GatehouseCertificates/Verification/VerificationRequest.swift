/// What is asked about a chain: the same for every path that is tried.
struct VerificationRequest: Sendable {
    let store: TrustStore
    let policy: VerificationPolicy
    let name: ReferenceName?
    /// nil for the certificate of a revocation list's signer, which is used for nothing else.
    let purpose: Purpose?
    let time: UnixTime
    let evidence: RevocationEvidence

    /// Whether this is about the signer of a revocation list. Its own revocation is then judged by lists that its
    /// issuer signed itself, so that this ends.
    var isAboutListSigner: Bool { purpose == nil }

    /// The same question about the signer of a revocation list.
    func aboutListSigner() -> VerificationRequest {
        VerificationRequest(
            store: store, policy: policy, name: nil, purpose: nil, time: time, evidence: evidence)
    }
}

/// Where a path ends.
enum PathEnd: Sendable {
    /// Its last certificate is a trust anchor.
    case anchorCertificate
    /// Its last certificate was issued by an anchor that is a bare key.
    case anchorKey(TrustAnchor)
    /// Nobody who is trusted issued its last certificate.
    case nowhere
}
