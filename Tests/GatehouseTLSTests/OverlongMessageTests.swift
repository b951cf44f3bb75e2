import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("What the application makes too long for the protocol is not cut off")
struct OverlongMessageTests {
    /// What ends the handshake.
    private static func failure(
        _ client: ClientConfiguration, _ server: ServerConfiguration,
        decision: @escaping (Need) -> Decision? = { _ in nil }
    ) throws -> TLSError? {
        let loopback = try Loopback(client, server)
        loopback.serverDecision = decision
        loopback.clientDecision = decision
        do throws(TLSError) {
            try loopback.run()
        } catch {
            return error
        }
        return nil
    }

    @Test("F-06 names of authorities and groups beyond 64 KiB: internal_error, and up to there they are sent")
    func lists() throws {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.optional)
        client.credentials = []
        let name = [UInt8](repeating: 1, count: 1000)
        server.clientAuthentication.certificateAuthorities = [[UInt8]](repeating: name, count: 60)
        #expect(try Self.failure(client, server) == nil)
        server.clientAuthentication.certificateAuthorities += [[UInt8]](repeating: name, count: 10)
        let error = try Self.failure(client, server)
        #expect(error == .tooLongToSend(.certificateRequest) && error?.alert == .internalError)

        server.clientAuthentication = .none
        server.announcedGroups = [NamedGroup](repeating: .x25519, count: 40_000)
        #expect(try Self.failure(client, server) == .tooLongToSend(.encryptedExtensions))
    }

    @Test("F-13 a client's application protocol that is too long, or empty, is not sent")
    func applicationProtocols() throws {
        var client = try FullHandshakeTests.configurations().client
        for (name, isSent) in [("a", true), (String(repeating: "a", count: 255), true), ("", false)]
            + [256, 511, 513, 60_000].map({ (String(repeating: "a", count: $0), false) })
        {
            client.applicationProtocols = ["h2", name]
            var output: [UInt8] = []
            do throws(ConnectionStartError) {
                _ = try ClientConnection(
                    client, serverName: "localhost", now: TestCredentials.now, output: &output)
                #expect(isSent)
            } catch {
                #expect(!isSent && error == .failed(.tooLongToSend(.clientHello)))
            }
            #expect(output.isEmpty == !isSent)
        }
    }

    @Test("F-14 timestamps beyond 64 KiB, in either role")
    func timestamps() throws {
        let (client, configured) = try FullHandshakeTests.configurations()
        var (asking, server) = (client, configured)
        asking.requestsSignedCertificateTimestamps = true
        server.credentials[0].signedCertificateTimestamps = [UInt8](repeating: 0, count: 65_536)
        #expect(try Self.failure(asking, server) == .tooLongToSend(.certificate))
        // Nobody asks for them.
        #expect(try Self.failure(client, server) == nil)
    }

    @Test("F-03 a signature from elsewhere beyond 64 KiB, in either role", arguments: [true, false])
    func signatures(isServers: Bool) throws {
        let key = try PrivateKey.generate(.p256)
        let credential = try TestCredentials.external(key, key.signatureSchemes)
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        if isServers { server.credentials = [credential] } else { client.credentials = [credential] }
        let error = try Self.failure(client, server) { need in
            guard case .signature = need else { return nil }
            return .signature([UInt8](repeating: 0, count: 65_536))
        }
        #expect(error == .tooLongToSend(.certificateVerify) && error?.alert == .internalError)
    }
}
