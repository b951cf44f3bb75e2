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

    private init(_ peer: ShownCredential, isDoubtful: Bool) {
        validUntil = peer.validUntil
        self.isDoubtful = isDoubtful
    }

    /// The application said so.
    static func byApplication(
        _ verdict: Decision, about peer: ShownCredential
    ) throws(TLSError) -> PeerCertificateVerified {
        PeerCertificateVerified(peer, isDoubtful: try verdict.isDespiteProblems)
    }

    /// Judges what the peer shows; `nil` when the application has to.
    static func verify(
        _ peer: ShownCredential, _ name: ReferenceName?, _ verification: PeerVerification, _ purpose: Purpose,
        at now: Int64, stapledResponse: [UInt8]? = nil
    ) throws(TLSError) -> PeerCertificateVerified? {
        switch verification {
        case .verifier(let verifier):
            // Whoever has any certificate could pose as the server. Only its pre-shared key could have shown who it is.
            guard name != nil || purpose != .serverAuthentication else {
                let problem = CertificateProblem(
                    .hostNameMismatch, depth: 0, peer.certificates.first, "there is no name that it should have")
                throw .certificate(CertificateRejected([problem]))
            }
            var evidence = RevocationEvidence.none
            evidence.stapledResponse = stapledResponse
            switch verifier.verify(peer.certificates, name: name, purpose: purpose, at: now, evidence: evidence) {
            case .verified(let path): return PeerCertificateVerified(.certificates(path), isDoubtful: false)
            case .rejected(let problems): throw .certificate(CertificateRejected(problems))
            }
        case .trustedRawPublicKeys(let keys):
            guard case .rawPublicKey(let key) = peer, keys.contains(key) else {
                let problem = CertificateProblem(
                    .untrustedPublicKey, depth: 0, nil, "the peer's public key is not one of those that are trusted")
                throw .certificate(CertificateRejected([problem]))
            }
            return PeerCertificateVerified(peer, isDoubtful: false)
        case .asksForVerdict: return nil
        case .dangerouslyAcceptAnyCertificate: return PeerCertificateVerified(peer, isDoubtful: true)
        }
    }
}
