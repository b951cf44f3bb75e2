import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

@testable import Gatehouse

/// Of 6.3-29, an option to let the client's order of suites win is not offered; of 6.3-31, there is no path to search for
/// authorities (files are read by `SSLCertificate.certificates(pem:)`), and no configuration is null.
@Suite(.onOwnThreads, .patient) struct ConfigurationTests {
    @Test("G-13, 5.15, 6.3-32, 6.3-48 what cannot work is refused when the configuration is made, with the reason")
    func refused() throws {
        let credential = Fixture.credential
        #expect(throws: ConfigurationError.emptyCertificateChain) {
            try SSLConfiguration(localCertificateChain: [], privateKey: #require(credential.key))
        }
        #expect(throws: ConfigurationError.keyDoesNotMatchCertificate) {
            try SSLConfiguration(localCertificateChain: credential.chain, privateKey: PrivateKey.generate(.p256))
        }
        refuses(.noCredentials, as: .server) { $0.credentials = [] }
        refuses(.unsupportedCipherSuite(nil)) { $0.ciphers = [] }
        let unknown = SSLCipher(rawValue: 0x1399)
        refuses(.unsupportedCipherSuite(unknown)) { $0.ciphers = [.aes128GCMSHA256, unknown] }
        refuses(.unsupportedGroup("")) { $0.groups = [] }
        refuses(.unsupportedGroup(NamedGroup(rawValue: 1).description)) { $0.groups = [NamedGroup(rawValue: 1)] }
        for name in ["", String(repeating: "a", count: 256)] {
            refuses(.invalidApplicationProtocol(name)) { $0.allowedNextProtocols = [name] }
        }
        refuses(.invalidRecordSizeLimit(63)) { $0.recordSizeLimit = 63 }
        refuses(.invalidTicketSettings) { $0.sessionTicketCount = 33 }
        refuses(.invalidTicketSettings) { $0.requestedTickets = (33, 1) }
        refuses(.invalidTicketSettings) { $0.requestedTickets = (1, 33) }
        refuses(.invalidTicketSettings) { $0.sessionTicketLifetime = .seconds(7 * 86_400 + 1) }
        refuses(.invalidTicketSettings) { $0.sessionTicketLifetime = .seconds(-1) }
    }

    @Test("G-13 settings that do not go together are refused, with the setting's name in the reason")
    func pairs() throws {
        let key = try PreSharedKey(identity: [1], key: [UInt8](repeating: 7, count: 16), hash: .sha384)
        refusesSetting("peerVerifyDepth") { $0.peerVerifyDepth = -1 }
        refusesSetting("peerCertificateLimit") { $0.peerCertificateLimit = 3 }
        refuses(.tooManyApplicationProtocols(bytes: 257 * 256)) {
            $0.allowedNextProtocols = [String](repeating: String(repeating: "a", count: 255), count: 257)
        }
        refusesSetting("signature scheme") { $0.signatureSchemes = [] }
        refusesSetting("signature scheme") { $0.signatureSchemes = [.rsaPKCS1SHA256] }
        refusesSetting("same identity") { $0.preSharedKeys = [key, key] }
        refusesSetting("ciphers") {
            $0.preSharedKeys = [key]
            $0.ciphers = [.aes128GCMSHA256]
        }
        refuses(.keyShareOfUnlistedGroup(NamedGroup.secp521r1.description)) {
            $0.groups = [.x25519]
            $0.keyShareGroups = [.secp521r1]
        }
        refusesSetting("lifetime") {
            $0.statelessRetry = StatelessRetry(keys: TicketKeys())
            $0.statelessRetry?.lifetime = 0
        }
        let filter = OIDFilter(.keyUsage, values: [3, 2, 7, 0x80])
        refusesSetting("oidFilters", as: .server) { $0.oidFilters = [filter] }
        for filters in [
            [filter, filter], [OIDFilter(.extendedKeyUsage, values: [UInt8](repeating: 0, count: 65_528))],
        ] {
            refusesSetting("oidFilters", as: .server) {
                $0.caCertificates = [ClientIdentity.authority]
                $0.oidFilters = filters
            }
        }
        refusesSetting("missingCertificateIsFatal", as: .server) { $0.missingCertificateIsFatal = true }
        refusesSetting("announcesCertificateAuthorities", as: .server) { $0.announcesCertificateAuthorities = true }
        refusesSetting("maximumEarlyDataSize", as: .server) {
            $0.maximumEarlyDataSize = 1
            $0.sessionResumption = .disabled
        }
        refusesSetting("revocation", as: .server) {
            $0.peerVerifyMode = .verify
            $0.verificationPolicy.revocation = .required
        }
        refusesSetting("revocation", as: .client) { $0.verificationPolicy.revocation = .required }
        refusesSetting("offersEarlyData", as: .client) {
            $0.offersEarlyData = true
            $0.sessionResumption = .disabled
        }
        for mode in [PeerVerifyMode.none, .query] {
            refusesSetting("dangerouslyAllowsUnverifiedServers", as: .client) { $0.peerVerifyMode = mode }
        }
        // Without a certificate, a pre-shared key has to be required.
        refuses(.noCredentials, as: .server) {
            $0.credentials = []
            $0.preSharedKeys = [key]
            $0.preSharedKeyPolicy = .orCertificate
        }
        var configuration = SSLConfiguration()
        configuration.preSharedKeys = [key]
        try configuration.validate(as: .server)
        configuration.preSharedKeys = []
        configuration.preSharedKeyPolicy = .required
        try configuration.validate(as: .server)
    }

    @Test("G-12 a server trusts nobody until it is told whom; Auto asks for nothing until then")
    func emptyStore() throws {
        let configuration = try Fixture.server()
        #expect(configuration.caCertificates.isEmpty)
        #expect(configuration.trustStore == nil)
        #expect(configuration.serverVerifyMode == .none)
        var asking = configuration
        asking.caCertificates = [Fixture.credential.chain[0]]
        #expect(asking.caCertificates == [Fixture.credential.chain[0]])
        #expect(asking.serverVerifyMode == .auto)
    }

    @Test("SV-3, SV-4, 6.3-31, 6.3-36 a configuration is a value; what cannot work leaves the old one in place")
    func values() async throws {
        let server = try await SSLServer.patient(Fixture.server(alpn: ["old"]))
        var configuration = await server.sslConfiguration
        #expect(configuration.allowedNextProtocols == ["old"])
        configuration.peerVerifyDepth = 100
        #expect(configuration.peerVerifyDepth == 100)
        #expect(await server.sslConfiguration.peerVerifyDepth == 0)
        configuration.credentials = []
        await #expect(throws: SocketFailure.self) { try await server.setSSLConfiguration(configuration) }
        #expect(await server.sslConfiguration.allowedNextProtocols == ["old"])
        #expect(throws: SocketFailure.self) { try SSLServer(configuration: SSLConfiguration()) }
    }

    private func refuses(
        _ error: ConfigurationError, as role: SSLConfiguration.Role? = nil,
        sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout SSLConfiguration) -> Void
    ) {
        var configuration = SSLConfiguration(credentials: [Fixture.credential])
        change(&configuration)
        #expect(throws: error, sourceLocation: sourceLocation) { try configuration.validate(as: role) }
    }

    private func refusesSetting(
        _ name: String, as role: SSLConfiguration.Role? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout SSLConfiguration) -> Void
    ) {
        var configuration = SSLConfiguration(credentials: [Fixture.credential])
        change(&configuration)
        #expect(sourceLocation: sourceLocation) {
            try configuration.validate(as: role)
        } throws: { error in
            guard case .unusableSetting(let reason) = error as? ConfigurationError else { return false }
            return reason.contains(name)
        }
    }

    @Test("6.3-29 the server's order of suites wins; groups and suites are taken from the configuration")
    func preferences() async throws {
        var configuration = try Fixture.server()
        configuration.ciphers = [.aes256GCMSHA384, .aes128GCMSHA256]
        configuration.groups = [.secp384r1, .x25519]
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        var client = try Fixture.client()
        client.ciphers = [.aes128GCMSHA256, .aes256GCMSHA384]
        client.groups = [.secp384r1]
        let socket = try await SSLSocket.connected(to: endpoint, client)
        #expect(await socket.sessionCipher == .aes256GCMSHA384)
        #expect(await socket.session?.group == .secp384r1)
        await socket.abort()
        await server.close()
    }

    @Test("F-16, G-18 both sides tell the same secrets to their key logs")
    func keyLog() async throws {
        let lines = Mutex<[[UInt8]]>([[], []])
        var configuration = try Fixture.server()
        configuration.keyLog = { more in lines.withLock { $0[0] += more } }
        var client = try Fixture.client()
        client.keyLog = { more in lines.withLock { $0[1] += more } }
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let socket = try await SSLSocket.connected(to: endpoint, client)
        #expect(await server.next() != nil)
        let logs = lines.withLock { $0 }.map { log in
            Set(String(decoding: log, as: UTF8.self).split(separator: "\n"))
        }
        #expect(logs[0] == logs[1])
        let labels = Set(logs[0].compactMap { $0.split(separator: " ").first })
        #expect(
            labels.isSuperset(of: [
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
                "SERVER_TRAFFIC_SECRET_0",
            ]))
        await socket.abort()
        await server.close()
    }
}
