import GatehouseCertificates
import GatehouseCrypto

/// Has the server's certificates; awaits the signature that proves who holds the key.
struct AwaitingCertificateVerify: ~Copyable, Sendable {
    var agreement: ClientAgreement
    let peer: ShownCredential

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let certificateVerify = try message.decode(as: CertificateVerify.self)
        let (configuration, name) = (agreement.configuration, agreement.offer.name)
        var certificate = try PeerCertificateVerified.verify(
            peer, name, configuration.verification, .serverAuthentication, at: core.now,
            stapledResponse: core.session?.peerOCSPResponse)
        let signature = try HandshakeSignature.verify(
            certificateVerify, .server, agreement.transcript.hash, by: peer, offered: configuration.signatureSchemes)
        core.session?.signatureScheme = certificateVerify.algorithm
        core.session?.peerSignatureScheme = certificateVerify.algorithm
        agreement.transcript.append(message.bytes)
        if let certificate = certificate.take() {
            core.session?.isPeerVerified = !certificate.isDoubtful
            return .awaitingServerFinished(
                AwaitingServerFinished(
                    agreement: agreement,
                    authentication: .certificate(CertificateProof(certificate: certificate, signature: signature))))
        }
        core.tell(.needs(.peerVerdict(PeerCertificates(peer, name: name))))
        return .judgingServer(JudgingServer(agreement: agreement, peer: peer, signature: signature))
    }
}

/// Waits for the application's verdict about the server's certificates.
struct JudgingServer: ~Copyable, Sendable {
    let agreement: ClientAgreement
    let peer: ShownCredential
    let signature: HandshakeSignatureVerified

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingServerFinished {
        let certificate = try PeerCertificateVerified.byApplication(decision, about: peer)
        core.session?.isPeerVerified = !certificate.isDoubtful
        return AwaitingServerFinished(
            agreement: agreement,
            authentication: .certificate(CertificateProof(certificate: certificate, signature: signature)))
    }
}
