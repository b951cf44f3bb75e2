import GatehouseCertificates
import GatehouseCrypto

/// Awaits the server's Certificate; a CertificateRequest may come first.
struct AwaitingCertificate: ~Copyable, Sendable {
    var agreement: ClientAgreement

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        if message.type == .certificateRequest, agreement.certificateRequest == nil {
            let request = try message.decode(as: CertificateRequest.self)
            // RFC 9846 §4.4.2: "this field SHALL be zero length unless used for the post-handshake authentication
            // exchanges".
            guard request.context.isEmpty else { throw .peerMisbehaved(.wrongCertificateRequestContext) }
            try request.check()
            agreement.certificateRequest = request
            agreement.transcript.append(message.bytes)
            return .awaitingCertificate(self)
        }
        let certificates = try message.decode(as: CertificateMessage.self)
        // RFC 9846 §4.5.1: "in the case of server authentication, this field SHALL be zero length".
        guard certificates.context.isEmpty else { throw .peerMisbehaved(.wrongCertificateRequestContext) }
        guard !certificates.entries.isEmpty else { throw .peerMisbehaved(.noCertificate) }
        for entry in certificates.entries { try agreement.offer.hello.checkAnswered(entry.extensions) }
        let peer = try ShownCredential(certificates.entries, as: agreement.certificateTypes.server)
        core.session?.peer = peer
        core.session?.peerOCSPResponse = certificates.entries[0].ocspResponse
        core.session?.peerSignedCertificateTimestamps = certificates.entries[0].signedCertificateTimestamps
        agreement.transcript.append(message.bytes)
        return .awaitingCertificateVerify(AwaitingCertificateVerify(agreement: agreement, peer: peer))
    }
}

extension CertificateRequest {
    /// RFC 9846 §4.4.2: "The "signature_algorithms" extension MUST be specified".
    func check() throws(TLSError) {
        guard signatureAlgorithms != nil else { throw .peerMisbehaved(.missingExtension(.signatureAlgorithms)) }
    }
}
