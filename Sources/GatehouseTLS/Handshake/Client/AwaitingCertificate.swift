import GatehouseCertificates
import GatehouseCrypto

/// Awaits the server's Certificate; a CertificateRequest may come first.
struct AwaitingCertificate: ~Copyable, Sendable {
    var agreement: ClientAgreement

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        if message.type == .certificateRequest, agreement.certificateRequestContext == nil {
            try handleRequest(message)
            return .awaitingCertificate(self)
        }
        let certificates = try message.decode(as: CertificateMessage.self)
        // RFC 9846 §4.5.1: "in the case of server authentication, this field SHALL be zero length".
        guard certificates.context.isEmpty else { throw .peerMisbehaved(.wrongCertificateRequestContext) }
        guard !certificates.entries.isEmpty else { throw .peerMisbehaved(.noCertificate) }
        for entry in certificates.entries { try agreement.hello.checkAnswered(entry.extensions) }
        let chain = try Self.parse(certificates.entries)
        core.session?.peerCertificates = chain
        agreement.transcript.append(message.bytes)
        return .awaitingCertificateVerify(AwaitingCertificateVerify(agreement: agreement, chain: chain))
    }

    private mutating func handleRequest(_ message: ReceivedMessage) throws(TLSError) {
        let request = try message.decode(as: CertificateRequest.self)
        // §4.4.2: "this field SHALL be zero length unless used for the post-handshake authentication exchanges".
        guard request.context.isEmpty else { throw .peerMisbehaved(.wrongCertificateRequestContext) }
        // §4.4.2: "The "signature_algorithms" extension MUST be specified".
        guard request.signatureAlgorithms != nil else {
            throw .peerMisbehaved(.missingExtension(.signatureAlgorithms))
        }
        agreement.certificateRequestContext = request.context
        agreement.transcript.append(message.bytes)
    }

    private static func parse(_ entries: [CertificateMessage.Entry]) throws(TLSError) -> [Certificate] {
        var chain: [Certificate] = []
        for entry in entries {
            do throws(CertificateError) {
                chain.append(try Certificate(der: entry.data))
            } catch {
                throw .invalidMessage(.malformedCertificate(error))
            }
        }
        return chain
    }
}
