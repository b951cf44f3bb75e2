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
    /// The server takes the early data that was sent.
    var isEarlyDataAccepted = false
    /// What the server says of the certificate that it asks for; `nil` when it does not ask.
    var certificateRequest: CertificateRequest?

    var configuration: ClientConfiguration { offer.configuration }
}

/// How a server has shown who it is. A client is not connected without one of these.
enum ServerAuthentication: ~Copyable, Sendable {
    case certificate(CertificateProof)
    case preSharedKey(PreSharedKeyAgreed)
}
