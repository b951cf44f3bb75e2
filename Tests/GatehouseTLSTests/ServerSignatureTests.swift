import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("What proves a server's identity")
struct ServerSignatureTests {
    /// What a client that takes any certificate makes of the server.
    static func failure(
        of server: ScriptedServer, adjust: (inout ClientConfiguration) -> Void = { _ in }
    ) throws -> TLSError? {
        var configuration = ClientConfiguration(verification: .dangerouslyAcceptAnyCertificate)
        adjust(&configuration)
        var output: [UInt8] = []
        var client = try ClientConnection(
            configuration, serverName: "localhost", now: TestCredentials.now, output: &output)
        try server.receive(output)
        var flight = try server.flight()
        var position = 0
        do throws(TLSError) {
            var span = flight.mutableSpan
            while try client.receive(&span, at: &position, output: &output) != nil {}
        } catch {
            return error
        }
        return nil
    }

    @Test("B-27 PKCS #1 is refused in CertificateVerify, also when the configuration lists it: illegal_parameter")
    func pkcs1() throws {
        let server = ScriptedServer(credential: try TestCredentials.server(.rsa(bits: 2048)))
        server.scheme = .rsaPSSRSAESHA256
        server.change(CertificateVerify.self) { $0 = CertificateVerify(algorithm: .rsaPKCS1SHA256, signature: [1]) }
        let error = try Self.failure(of: server) { $0.signatureSchemes.append(.rsaPKCS1SHA256) }
        #expect(error == .peerMisbehaved(.signatureSchemeNotOffered))
        #expect(error?.alert == .illegalParameter)
    }

    @Test("B-19 a key that its certificate does not let sign is refused, whoever judges the chain: illegal_parameter")
    func keyUsage() throws {
        let key = try PrivateKey.generate(.p256)
        var template = CertificateTemplate(
            commonName: "signs certificates only", notBefore: TestCredentials.now - 1, notAfter: TestCredentials.now + 1
        )
        template.role = .authority(pathLength: nil)
        let certificate = try template.selfSigned(with: key, serialNumber: [1])
        let server = ScriptedServer(credential: try Credential(chain: [certificate], key: key))
        let error = try Self.failure(of: server)
        #expect(error == .peerMisbehaved(.keyNotForSigning))
        #expect(error?.alert == .illegalParameter)
    }

    @Test("B-17 a Finished of another length: decrypt_error", arguments: [0, 31, 33])
    func finishedLength(count: Int) throws {
        let server = ScriptedServer(credential: try TestCredentials.p256.get())
        server.change(Finished.self) { $0.verifyData = Array(($0.verifyData + [0]).prefix(count)) }
        let error = try Self.failure(of: server)
        #expect(error == .peerMisbehaved(.wrongFinished))
        #expect(error?.alert == .decryptError)
    }

    @Test("F-03 a credential signs with the first of its own schemes that the peer accepts")
    func preference() throws {
        var credential = try TestCredentials.server(.rsa(bits: 2048))
        let accepted: [SignatureScheme] = [.rsaPSSRSAESHA256, .rsaPSSRSAESHA512]
        #expect(credential.signatureScheme(amongPeers: accepted, as: .server) == .rsaPSSRSAESHA256)
        credential.signatureSchemes = [.rsaPKCS1SHA256, .rsaPSSRSAESHA512, .rsaPSSRSAESHA256]
        #expect(credential.signatureScheme(amongPeers: accepted + [.rsaPKCS1SHA256], as: .server) == .rsaPSSRSAESHA512)
        credential.signatureSchemes = [.rsaPSSRSAESHA384]
        #expect(credential.signatureScheme(amongPeers: accepted, as: .server) == nil)
    }

    @Test("F-03 RSASSA-PKCS1-v1_5 signs for clients only, where both sides list it (RFC 9963)")
    func legacySchemes() throws {
        var credential = try TestCredentials.server(.rsa(bits: 2048))
        let legacy = SignatureScheme.supportedFromClientsWhenListed
        #expect(legacy.map(\.rawValue) == [0x0420, 0x0520, 0x0620])
        #expect(
            legacy.map(\.description) == [
                "rsa_pkcs1_sha256_legacy", "rsa_pkcs1_sha384_legacy", "rsa_pkcs1_sha512_legacy",
            ])
        #expect(credential.signatureScheme(amongPeers: legacy, as: .client) == nil)
        credential.signatureSchemes += legacy
        #expect(credential.signatureScheme(amongPeers: legacy, as: .client) == .rsaPKCS1SHA256Legacy)
        #expect(credential.signatureScheme(amongPeers: legacy, as: .server) == nil)
        var other = try TestCredentials.server(.p256)
        other.signatureSchemes += legacy
        #expect(other.signatureScheme(amongPeers: legacy, as: .client) == nil)
    }

    @Test(
        "F-14 timestamps that are no list, an empty list, an empty timestamp: decode_error",
        arguments: [[], [0, 0], [0, 2, 0, 0], [0, 3, 0, 1], [0, 3, 0, 1, 9, 9]] as [[UInt8]])
    func malformedTimestamps(list: [UInt8]) throws {
        let credential = try TestCredentials.p256.get()
        let server = ScriptedServer(credential: credential)
        server.alter = { type, message in
            guard type == .certificate else { return [.message(message)] }
            var entry = CertificateMessage.Entry(data: credential.chain[0].der)
            entry.extensions.order = [.signedCertificateTimestamp]
            entry.signedCertificateTimestamps = list
            return [.message(CertificateMessage(context: [], entries: [entry]).encoded())]
        }
        let error = try Self.failure(of: server) { $0.requestsSignedCertificateTimestamps = true }
        #expect(error?.alert == .decodeError)
    }
}
