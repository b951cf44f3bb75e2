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

    /// Asks for certificates after the client's Finished, if the client allows it. RFC 9846 §4.4.2: "servers which are
    /// authenticating with an external PSK MUST NOT send the CertificateRequest message in the main handshake or request
    /// post-handshake authentication."
    var requester: CertificateRequester? {
        guard accepted.hello.extensions.contains(.postHandshakeAuth),
            accepted.selected == nil || accepted.selected?.session != nil
        else { return nil }
        return CertificateRequester(certificateTypes.client ?? .x509, transcript)
    }
}

/// How a client has shown who it is. A server is not connected without one of these.
enum ClientAuthentication: ~Copyable, Sendable {
    /// It was not asked, or it declined where it may.
    case anonymous(AnonymityAllowed)
    case certificate(CertificateProof)
    case preSharedKey(PreSharedKeyAgreed)
}

/// Says that a client may come in without a certificate: the configuration lets everybody, or the application this one.
struct AnonymityAllowed: ~Copyable, Sendable {
    /// Let in although something is wrong with that: no later session may rest on it.
    let isDoubtful: Bool

    private init(isDoubtful: Bool) {
        self.isDoubtful = isDoubtful
    }

    /// `nil` when clients have to have a certificate.
    static func byConfiguration(_ policy: ClientCertificatePolicy) -> AnonymityAllowed? {
        policy.requirement == .required ? nil : AnonymityAllowed(isDoubtful: false)
    }

    /// The application said so.
    static func byApplication(_ verdict: Decision) throws(TLSError) -> AnonymityAllowed {
        AnonymityAllowed(isDoubtful: try verdict.isDespiteProblems)
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
        if policy.requirement == .none, let allowed = AnonymityAllowed.byConfiguration(policy) {
            return .awaitingClientFinished(
                AwaitingClientFinished(agreement: agreement, authentication: .anonymous(allowed)))
        }
        return .awaitingClientCertificate(AwaitingClientCertificate(agreement: agreement))
    }
}
