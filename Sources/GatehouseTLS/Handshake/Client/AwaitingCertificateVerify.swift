import GatehouseCertificates
import GatehouseCrypto

/// Has the server's certificates; awaits the signature that proves who holds the key.
struct AwaitingCertificateVerify: ~Copyable, Sendable {
    var agreement: ClientAgreement
    let chain: [Certificate]

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let certificateVerify = try message.decode(as: CertificateVerify.self)
        let verification = agreement.configuration.verification
        let verified = try PeerCertificateVerified.verify(
            chain, agreement.name, verification, at: core.now)
        let signature = try HandshakeSignature.verify(
            certificateVerify, .server, agreement.transcript.hash, by: chain[0],
            offered: agreement.configuration.signatureSchemes)
        core.session?.signatureScheme = certificateVerify.algorithm
        agreement.transcript.append(message.bytes)
        switch consume verified {
        case .some(let certificate):
            return .awaitingServerFinished(
                AwaitingServerFinished(agreement: agreement, certificate: certificate, signature: signature))
        case .none:
            core.tell(.needs(.peerVerdict(PeerCertificates(chain: chain, name: agreement.name))))
            return .judgingPeer(JudgingPeer(agreement: agreement, signature: signature))
        }
    }
}
