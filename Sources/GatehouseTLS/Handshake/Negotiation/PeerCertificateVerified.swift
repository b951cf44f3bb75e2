import GatehouseCertificates

/// The two proofs that a certificate needs: that it is to be believed, and that the peer holds its key.
struct CertificateProof: ~Copyable, Sendable {
    let certificate: PeerCertificateVerified
    let signature: HandshakeSignatureVerified
}

/// Says that the peer's certificates were accepted: by the verifier, by the application, or because the configuration
/// dangerously accepts any.
struct PeerCertificateVerified: ~Copyable, Sendable {
    /// When the first certificate of the path ends, in seconds since 1970.
    let validUntil: Int64
    /// Accepted in spite of what is wrong, or unseen: no later session may rest on it.
    let isDoubtful: Bool

    private init(_ path: [Certificate], isDoubtful: Bool) {
        validUntil = path.map(\.notAfter).min() ?? .max
        self.isDoubtful = isDoubtful
    }

    /// The application said so.
    static func byApplication(_ chain: [Certificate], despiteProblems: Bool) -> PeerCertificateVerified {
        PeerCertificateVerified(chain, isDoubtful: despiteProblems)
    }

    /// Judges a chain; `nil` when the application has to.
    static func verify(
        _ chain: [Certificate], _ name: ReferenceName?, _ verification: PeerVerification, _ purpose: Purpose,
        at now: Int64, stapledResponse: [UInt8]? = nil
    ) throws(TLSError) -> PeerCertificateVerified? {
        switch verification {
        case .verifier(let verifier):
            var evidence = RevocationEvidence.none
            evidence.stapledResponse = stapledResponse
            switch verifier.verify(chain, name: name, purpose: purpose, at: now, evidence: evidence) {
            case .verified(let path): return PeerCertificateVerified(path, isDoubtful: false)
            case .rejected(let problems): throw .certificate(CertificateRejected(problems))
            }
        case .asksForVerdict: return nil
        case .dangerouslyAcceptAnyCertificate: return PeerCertificateVerified(chain, isDoubtful: true)
        }
    }
}
