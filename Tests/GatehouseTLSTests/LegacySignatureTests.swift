import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("RSASSA-PKCS1-v1_5 from clients (RFC 9963)")
struct LegacySignatureTests {
    private static func configurations() throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        client.credentials = [try TestCredentials.server(.rsa(bits: 2048), names: ["client.example"])]
        client.credentials[0].signatureSchemes = SignatureScheme.supportedFromClientsWhenListed
        server.clientAuthentication.signatureSchemes += SignatureScheme.supportedFromClientsWhenListed
        return (client, server)
    }

    @Test(
        "F-06 F-03 a client signs with it where both sides list it",
        arguments: SignatureScheme.supportedFromClientsWhenListed)
    func bothList(scheme: SignatureScheme) throws {
        var (client, server) = try Self.configurations()
        client.credentials[0].signatureSchemes = [scheme]
        server.clientAuthentication.signatureSchemes = [.ed25519, scheme]
        let loopback = try ResumptionTests.connect(client, server)
        #expect(loopback.serverSession?.peerSignatureScheme == scheme)
        #expect(loopback.serverSession?.isPeerVerified == true)
    }

    @Test("F-03 neither side lists it by default, and a client never says that it takes it from a server")
    func defaults() throws {
        #expect(!SignatureScheme.supportedInHandshake.contains { "\($0)".hasSuffix("_legacy") })
        var (client, server) = try Self.configurations()
        server.clientAuthentication.signatureSchemes = SignatureScheme.supportedInHandshake
        PreSharedKeyTests.expectFailure(
            .peerIncompatible(.clientCertificateRequired), .certificateRequired, client, server)
        client.signatureSchemes += SignatureScheme.supportedFromClientsWhenListed
        var hello: [UInt8] = []
        _ = try ClientConnection(client, serverName: "localhost", now: TestCredentials.now, output: &hello)
        let scripted = ScriptedServer(credential: try TestCredentials.p256.get())
        try scripted.receive(hello)
        let offered = try #require(try scripted.clientHello().0.signatureAlgorithms)
        #expect(!offered.contains(where: SignatureScheme.supportedFromClientsWhenListed.contains))
    }

    @Test("B-27 a server that signs with it is refused, also when the configuration lists it: illegal_parameter")
    func fromServer() throws {
        let server = ScriptedServer(credential: try TestCredentials.server(.rsa(bits: 2048)))
        server.scheme = .rsaPKCS1SHA256Legacy
        let error = try ServerSignatureTests.failure(of: server) {
            $0.signatureSchemes += SignatureScheme.supportedFromClientsWhenListed
        }
        #expect(error == .peerMisbehaved(.signatureSchemeNotOffered))
        #expect(error?.alert == .illegalParameter)
    }

    @Test("B-27 a server does not take it from a client that was not told so: illegal_parameter")
    func notListed() throws {
        let (subject, scripted) = try ServerStage.clientCertificateVerify.start()
        let verify = CertificateVerify(algorithm: .rsaPKCS1SHA256Legacy, signature: [1])
        try expectFailure(
            of: subject, scripted, receiving: try scripted.record(.handshake, verify.encoded()),
            .peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter)
    }
}
