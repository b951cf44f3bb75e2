import GatehouseCertificates

/// Says that the peer's certificates were accepted: by the verifier, by the application, or because the configuration
/// dangerously accepts any.
struct PeerCertificateVerified: ~Copyable {
    private init() {}

    /// The application said so.
    static func byApplication() -> PeerCertificateVerified {
        PeerCertificateVerified()
    }

    /// Judges a server's chain; `nil` when the application has to.
    static func verify(
        _ chain: [Certificate], _ name: ReferenceName?, _ verification: ServerVerification, at now: Int64
    ) throws(TLSError) -> PeerCertificateVerified? {
        switch verification {
        case .trustStore(let store):
            let verifier = CertificateVerifier(trustStore: store)
            switch verifier.verify(chain, name: name, purpose: .serverAuthentication, at: now) {
            case .verified: return PeerCertificateVerified()
            case .rejected(let problems): throw .certificate(CertificateRejected(problems))
            }
        case .asksForVerdict: return nil
        case .dangerouslyAcceptAnyCertificate: return PeerCertificateVerified()
        }
    }
}
