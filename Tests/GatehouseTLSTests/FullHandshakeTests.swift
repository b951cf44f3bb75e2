import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("The full handshake, both roles over memory")
struct FullHandshakeTests {
    static func configurations(
        _ algorithm: KeyAlgorithm = .p256
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        let credential = algorithm == .p256 ? try TestCredentials.p256.get() : try TestCredentials.server(algorithm)
        return (
            ClientConfiguration(verification: .trustStore(try TestCredentials.trustStore())),
            try ServerConfiguration(credentials: [credential])
        )
    }

    @Test("F-01 every cipher suite", arguments: CipherSuite.supported)
    func cipherSuites(suite: CipherSuite) throws {
        var (client, server) = try Self.configurations()
        client.cipherSuites = [suite]
        server.cipherSuites = [.aes128GCMSHA256, .aes256GCMSHA384, .chacha20Poly1305SHA256]
        try Self.exchange(client, server) { session in
            #expect(session.cipherSuite == suite)
        }
    }

    @Test("F-02 every group", arguments: NamedGroup.supported + NamedGroup.supportedWhenListed)
    func groups(group: NamedGroup) throws {
        var (client, server) = try Self.configurations()
        client.groups = [group]
        server.groups = NamedGroup.supported + NamedGroup.supportedWhenListed
        try Self.exchange(client, server) { session in
            #expect(session.group == group)
            #expect(session.roundTrips == 1)
        }
    }

    @Test(
        "F-03 every kind of key",
        arguments: [
            KeyAlgorithm.p256, .p384, .p521, .ed25519, .ed448, .rsa(bits: 2048), .rsaPSS(bits: 2048),
        ] + MLDSAParameterSet.allCases.filter(\.isSupported).map { .mlDSA($0) })
    func keys(algorithm: KeyAlgorithm) throws {
        let (client, server) = try Self.configurations(algorithm)
        try Self.exchange(client, server) { session in
            #expect(session.signatureScheme?.fits(algorithm) == true)
        }
    }

    @Test("B-02 one byte at a time")
    func oneByteAtATime() throws {
        let (client, server) = try Self.configurations()
        let loopback = try Loopback(client, server)
        loopback.step = 1
        try loopback.run()
        #expect(loopback.isEstablished)
    }

    @Test("F-04 a group without a share is asked for: HelloRetryRequest")
    func helloRetryRequest() throws {
        var (client, server) = try Self.configurations()
        client.groups = [.x25519, .secp384r1]
        server.groups = [.secp384r1]
        try Self.exchange(client, server) { session in
            #expect(session.group == .secp384r1)
            #expect(session.roundTrips == 2)
        }
    }

    /// Runs a handshake, sends data both ways, closes both ways, and shows both sides' sessions to `check`.
    static func exchange(
        _ clientConfiguration: ClientConfiguration, _ serverConfiguration: ServerConfiguration,
        _ check: (NegotiatedSession) -> Void
    ) throws {
        let loopback = try Loopback(clientConfiguration, serverConfiguration)
        try loopback.run()
        #expect(loopback.isEstablished)
        for session in [loopback.client.session, loopback.server.session] { check(try #require(session)) }

        let request = [UInt8](repeating: 0x61, count: 100)
        let response = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try loopback.client.send(request.span, output: &loopback.toServer)
        try loopback.server.send(response.span, output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.serverReceived == request)
        #expect(loopback.clientReceived == response)

        loopback.client.close(output: &loopback.toServer)
        try loopback.run()
        loopback.server.close(output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.serverEvents.contains { if case .closeNotify = $0 { true } else { false } })
        #expect(loopback.clientEvents.contains { if case .closeNotify = $0 { true } else { false } })
    }
}
