public import GatehouseCertificates

/// How the peer's certificate is judged.
@nonexhaustive
public enum PeerVerification: Sendable {
    /// The verifier decides by its chain; a server's certificate must carry the server's name. A stapled OCSP response
    /// is part of the evidence.
    case verifier(CertificateVerifier)
    /// The peer must show one of these keys, byte for byte, and no certificate (RFC 7250).
    case trustedRawPublicKeys(Set<RawPublicKey>)
    /// The connection pauses for `Need.peerVerdict`.
    case asksForVerdict
    /// Any certificate is taken: whoever sits on the network can pose as the peer.
    case dangerouslyAcceptAnyCertificate

    /// Its chain must lead to an anchor of the store, by the default policy; a server's certificate must carry the
    /// server's name.
    public static func trustStore(_ store: TrustStore) -> PeerVerification {
        .verifier(CertificateVerifier(trustStore: store))
    }
}

extension PeerVerification {
    /// What a session remembers of it.
    var sessionTag: UInt8 {
        switch self {
        case .verifier: 1
        case .asksForVerdict: 2
        case .dangerouslyAcceptAnyCertificate: 3
        case .trustedRawPublicKeys: 4
        }
    }

    /// What the peer may show: only an application can judge both kinds.
    func certificateTypes(_ configured: [CertificateType]) -> [CertificateType] {
        switch self {
        case .verifier: [.x509]
        case .trustedRawPublicKeys: [.rawPublicKey]
        case .asksForVerdict, .dangerouslyAcceptAnyCertificate: configured
        }
    }

    /// Whether a session with this peer may go on: a key that is not trusted any more does not come back with a ticket.
    func allowsResumption(with peer: ShownCredential, _ configured: [CertificateType]) -> Bool {
        guard !peer.isEmpty else { return true }
        if case .trustedRawPublicKeys(let keys) = self, let key = peer.rawPublicKey { return keys.contains(key) }
        return certificateTypes(configured).contains(peer.type)
    }
}
