import GatehouseCertificates
import GatehouseCrypto

/// What a client carries from the ServerHello to the end of the handshake.
struct ClientAgreement: ~Copyable, Sendable {
    let offer: ClientOffer
    let parameters: CipherSuiteParameters
    let selected: OfferedKey?
    var transcript: Transcript
    let handshakeSecret: HandshakeSecret
    let clientHandshakeTraffic: TrafficSecret
    let serverHandshakeTraffic: TrafficSecret
    /// What either side shows.
    var certificateTypes = CertificateTypes()
    /// The server takes the early data that was sent.
    var isEarlyDataAccepted = false
    /// What the server says of the certificate that it asks for; `nil` when it does not ask.
    var certificateRequest: CertificateRequest?

    var configuration: ClientConfiguration { offer.configuration }

    /// What the server showed in the session that is resumed, if it is to be judged again.
    var peerToJudgeAgain: ShownCredential? {
        configuration.verifiesResumedSessions ? selected?.session?.state.peer : nil
    }
}

/// How a server has shown who it is. A client is not connected without one of these.
enum ServerAuthentication: ~Copyable, Sendable {
    case certificate(CertificateProof)
    case preSharedKey(PreSharedKeyAgreed)
    /// With the certificates of the session that is resumed, judged again.
    case resumption(ResumptionProof)

    consuming func confirmed(by certificate: consuming PeerCertificateVerified) -> ServerAuthentication {
        switch consume self {
        case .preSharedKey(let agreed): .resumption(ResumptionProof(agreed: agreed, certificate: certificate))
        case .resumption(let proof): .resumption(ResumptionProof(agreed: proof.agreed, certificate: certificate))
        case .certificate(let proof): .certificate(proof)
        }
    }
}

/// The two proofs of a resumed session whose certificates are judged again.
struct ResumptionProof: ~Copyable, Sendable {
    let agreed: PreSharedKeyAgreed
    let certificate: PeerCertificateVerified
}
