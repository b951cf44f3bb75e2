import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConfigurationTests {
    @Test("G-13, 6.3-32, 6.3-48 what cannot work is refused when the configuration is made, with the reason")
    func refused() throws {
        let credential = Fixture.credential
        #expect(throws: ConfigurationError.emptyCertificateChain) {
            try SSLConfiguration(localCertificateChain: [], privateKey: #require(credential.key))
        }
        #expect(throws: ConfigurationError.keyDoesNotMatchCertificate) {
            try SSLConfiguration(localCertificateChain: credential.chain, privateKey: PrivateKey.generate(.p256))
        }
        #expect(throws: ConfigurationError.noCredentials) { try SSLConfiguration(credentials: []) }
        #expect(throws: ConfigurationError.unsupportedCipherSuite(nil)) {
            try SSLConfiguration(credentials: [credential], ciphers: [])
        }
        let unknown = SSLCipher(rawValue: 0x1399)
        #expect(throws: ConfigurationError.unsupportedCipherSuite(unknown)) {
            try SSLConfiguration(credentials: [credential], ciphers: [.aes128GCMSHA256, unknown])
        }
        #expect(throws: ConfigurationError.self) { try SSLConfiguration(credentials: [credential], groups: []) }
        #expect(throws: ConfigurationError.self) {
            try SSLConfiguration(credentials: [credential], groups: [NamedGroup(rawValue: 1)])
        }
        for name in ["", String(repeating: "a", count: 256)] {
            #expect(throws: ConfigurationError.invalidApplicationProtocol(name)) {
                try SSLConfiguration(credentials: [credential], allowedNextProtocols: [name])
            }
        }
    }

    @Test("a server's and a client's configuration are not interchangeable")
    func roles() throws {
        #expect(throws: SocketFailure.self) { try SSLServer(configuration: Fixture.client()) }
        #expect(throws: SocketFailure.self) { try SSLSocket(configuration: Fixture.server(), on: EventLoop()) }
    }

    @Test("6.3-29 the server's order of suites wins; groups and suites are taken from the configuration")
    func preferences() async throws {
        let configuration = try SSLConfiguration(
            credentials: [Fixture.credential], ciphers: [.aes256GCMSHA384, .aes128GCMSHA256],
            groups: [.secp384r1, .x25519])
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let client = try SSLConfiguration(
            verification: .trustStore(TrustStore(anchors: Fixture.credential.chain)),
            ciphers: [.aes128GCMSHA256, .aes256GCMSHA384], groups: [.secp384r1])
        let socket = try await SSLSocket.connected(to: endpoint, client)
        #expect(await socket.sessionCipher == .aes256GCMSHA384)
        #expect(await socket.session?.group == .secp384r1)
        await socket.abort()
        await server.close()
    }

    @Test("F-16, G-18 both sides tell the same secrets to their key logs")
    func keyLog() async throws {
        let lines = Mutex<[[UInt8]]>([[], []])
        let configuration = try SSLConfiguration(credentials: [Fixture.credential]) { more in
            lines.withLock { $0[0] += more }
        }
        let client = try SSLConfiguration(
            verification: .trustStore(TrustStore(anchors: Fixture.credential.chain))
        ) { more in
            lines.withLock { $0[1] += more }
        }
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
