import GatehouseCertificates
import GatehouseCrypto

/// What a client carries from the ServerHello to the end of the handshake.
struct ClientAgreement: ~Copyable, Sendable {
    let configuration: ClientConfiguration
    let name: ReferenceName?
    let hello: ClientHello
    let parameters: CipherSuiteParameters
    var transcript: Transcript
    let handshakeSecret: HandshakeSecret
    let clientHandshakeTraffic: TrafficSecret
    let serverHandshakeTraffic: TrafficSecret
    /// The context of the server's CertificateRequest; `nil` when there was none.
    var certificateRequestContext: [UInt8]?
}
