import GatehouseCertificates
import GatehouseCrypto

/// Has asked for a certificate; awaits the client's Certificate.
struct AwaitingClientCertificate: ~Copyable, Sendable {
    var agreement: ServerAgreement

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let policy = agreement.accepted.configuration.clientAuthentication
        let type = agreement.certificateTypes.client ?? .x509
        let peer = try policy.credential(in: message, context: [], as: type)
        agreement.transcript.append(message.bytes)
        guard !peer.isEmpty else {
            // RFC 9846 §4.5.1.4: "If the client does not send any certificates (i.e., it sends an empty Certificate
            // message), the server MAY at its discretion either continue the handshake without client authentication,
            // or abort the handshake with a "certificate_required" alert."
            if policy.leavesMissingCertificateToApplication {
                core.tell(.needs(.peerVerdict(PeerCertificates(peer, name: nil))))
                return .judgingAnonymous(JudgingAnonymous(agreement: agreement))
            }
            guard let allowed = AnonymityAllowed.byConfiguration(policy) else {
                throw .peerIncompatible(.clientCertificateRequired)
            }
            return .awaitingClientFinished(
                AwaitingClientFinished(agreement: agreement, authentication: .anonymous(allowed)))
        }
        core.session?.peer = peer
        return .awaitingClientCertificateVerify(
            AwaitingClientCertificateVerify(agreement: agreement, peer: peer))
    }
}

/// Waits for the application's verdict about a client without a certificate.
struct JudgingAnonymous: ~Copyable, Sendable {
    let agreement: ServerAgreement

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingClientFinished {
        AwaitingClientFinished(
            agreement: agreement, authentication: .anonymous(try .byApplication(decision)))
    }
}

/// Has the client's certificates; awaits the signature that proves who holds the key.
struct AwaitingClientCertificateVerify: ~Copyable, Sendable {
    var agreement: ServerAgreement
    let peer: ShownCredential

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let policy = agreement.accepted.configuration.clientAuthentication
        let certificateVerify = try message.decode(as: CertificateVerify.self)
        var certificate = try PeerCertificateVerified.verify(
            peer, nil, policy.verification, .clientAuthentication, at: core.now)
        let signature = try HandshakeSignature.verify(
            certificateVerify, .client, agreement.transcript.hash, by: peer,
            offered: policy.signatureSchemes)
        core.session?.peerSignatureScheme = certificateVerify.algorithm
        agreement.transcript.append(message.bytes)
        if let certificate = certificate.take() {
            core.session?.isPeerVerified = !certificate.isDoubtful
            return .awaitingClientFinished(
                AwaitingClientFinished(
                    agreement: agreement,
                    authentication: .certificate(CertificateProof(certificate: certificate, signature: signature))))
        }
        core.tell(.needs(.peerVerdict(PeerCertificates(peer, name: nil))))
        return .judgingClient(JudgingClient(agreement: agreement, peer: peer, signature: signature))
    }
}

/// Waits for the application's verdict about the client's certificates.
struct JudgingClient: ~Copyable, Sendable {
    let agreement: ServerAgreement
    let peer: ShownCredential
    let signature: HandshakeSignatureVerified

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingClientFinished {
        let certificate = try PeerCertificateVerified.byApplication(decision, about: peer)
        core.session?.isPeerVerified = !certificate.isDoubtful
        return AwaitingClientFinished(
            agreement: agreement,
            authentication: .certificate(CertificateProof(certificate: certificate, signature: signature)))
    }
}
