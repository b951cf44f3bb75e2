import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// How a connection judges its peer's certificates.
struct PeerJudge: Sendable {
    /// `auto` only on a server that was told whom to trust.
    let mode: PeerVerifyMode
    private let purpose: Purpose
    private let verifier: CertificateVerifier
    private let evidence: RevocationEvidence
    private let trustedPublicKeys: Set<RawPublicKey>
    /// Differs between settings that may judge differently, and is the same on every machine that has the same: a
    /// session counts only under the settings that its peer was judged by.
    let fingerprint: UInt64

    init(_ settings: SSLConfiguration, mode: PeerVerifyMode, _ purpose: Purpose, _ store: TrustStore) {
        self.mode = mode
        self.purpose = purpose
        var policy = settings.verificationPolicy
        if settings.peerVerifyDepth > 0 { policy.maximumIntermediates = settings.peerVerifyDepth }
        var verifier = CertificateVerifier(trustStore: store, policy: policy)
        verifier.cache = settings.verdicts
        self.verifier = verifier
        var evidence = RevocationEvidence()
        evidence.revocationLists = settings.revocationLists
        self.evidence = evidence
        trustedPublicKeys = Set(settings.trustedPublicKeys)
        fingerprint = mode == .none ? 0 : Self.fingerprint(mode, settings, policy, store)
    }

    /// What is wrong with the peer's chain, or its raw public key; empty when nothing is.
    ///
    /// - Parameter staple: the DER of the OCSP response that came with it.
    func problems(of peer: PeerCertificates, staple: [UInt8]?, at now: Int64) -> [CertificateProblem] {
        if let key = peer.rawPublicKey {
            if trustedPublicKeys.contains(key) { return [] }
            return [
                CertificateProblem(.untrustedPublicKey, depth: 0, nil, "the peer's public key is not a trusted one")
            ]
        }
        var evidence = evidence
        evidence.stapledResponse = staple
        return verifier.verify(peer.chain, name: peer.name, purpose: purpose, at: now, evidence: evidence).problems
    }

    private static func fingerprint(
        _ mode: PeerVerifyMode, _ settings: SSLConfiguration, _ policy: VerificationPolicy, _ store: TrustStore
    ) -> UInt64 {
        var text = "\(mode) \(settings.missingCertificateIsFatal) \(policy.profile) \(policy.revocation)"
        text += " \(policy.maximumIntermediates) \(policy.leafKeyUsage.rawValue) \(policy.rsaBits)"
        text += " \(policy.requiresExplicitPolicy) \(policy.inhibitsPolicyMapping) \(policy.inhibitsAnyPolicy)"
        text += " \((policy.acceptablePolicies ?? []).map(\.description).sorted())"
        var bytes = Array(text.utf8) + store.fingerprint
        for key in settings.trustedPublicKeys { bytes += GatehouseCrypto.Hasher.hash(.sha256, key.der.span) }
        for list in settings.revocationLists { bytes += GatehouseCrypto.Hasher.hash(.sha256, list.der.span) }
        return GatehouseCrypto.Hasher.hash(.sha256, bytes.span).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
