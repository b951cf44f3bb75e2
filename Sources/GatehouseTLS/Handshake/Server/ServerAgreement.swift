import GatehouseCertificates
import GatehouseCrypto

/// What a server carries from its Finished to the client's.
struct ServerAgreement: ~Copyable, Sendable {
    let accepted: ClientHelloAccepted
    let certificateTypes: CertificateTypes
    var transcript: Transcript
    let clientHandshakeTraffic: TrafficSecret
    let mainSecret: MainSecret
    let application: ApplicationSecrets
}

/// How a client has shown who it is. A server is not connected without one of these.
enum ClientAuthentication: ~Copyable, Sendable {
    /// It was not asked, or it declined where it may.
    case anonymous(AnonymityAllowed)
    case certificate(CertificateProof)
    case preSharedKey(PreSharedKeyAgreed)
}

/// Says that the configuration lets clients in without a certificate; only it makes one.
struct AnonymityAllowed: ~Copyable, Sendable {
    /// Nobody is asked for a certificate, or nobody has to have one.
    init?(_ policy: ClientCertificatePolicy) {
        if policy.requirement == .required { return nil }
    }
}

extension ServerHandshake {
    /// What comes after our Finished.
    static func awaitingClient(
        _ agreement: consuming ServerAgreement, _ authentication: consuming ClientAuthentication?,
        acceptsEarlyData: Bool
    ) -> ServerHandshake {
        let policy = agreement.accepted.configuration.clientAuthentication
        if let authentication = authentication.take() {
            return acceptsEarlyData
                ? .awaitingEndOfEarlyData(
                    AwaitingEndOfEarlyData(agreement: agreement, authentication: authentication))
                : .awaitingClientFinished(
                    AwaitingClientFinished(agreement: agreement, authentication: authentication))
        }
        if policy.requirement == .none, let allowed = AnonymityAllowed(policy) {
            return .awaitingClientFinished(
                AwaitingClientFinished(agreement: agreement, authentication: .anonymous(allowed)))
        }
        return .awaitingClientCertificate(AwaitingClientCertificate(agreement: agreement))
    }
}
