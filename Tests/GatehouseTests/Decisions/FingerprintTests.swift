import Gatehouse
import GatehouseTLS
import Testing

/// Servers that keep only the fingerprint of a client's certificate.
@Suite(.timeLimit(.minutes(4))) struct FingerprintTests {
    private static let good = ClientIdentity.good.chain[0].digest()

    private static func server(
        _ mode: PeerVerifyMode = .verify, _ change: (inout SSLConfiguration) -> Void = { _ in }
    ) throws -> SSLConfiguration {
        try ClientIdentity.server(mode) {
            $0.keepsOnlyFingerprint = true
            change(&$0)
        }
    }

    @Test("F-06, SK-6 the fingerprint is there, verified and after the end too; the certificates are not")
    func kept() async throws {
        let attempt = try await Attempt(Self.server(), ClientIdentity.client(ClientIdentity.chained))
        let socket = try #require(await attempt.socket())
        await attempt.end()
        try await eventually { await socket.state == .unconnected }
        #expect(await socket.peerCertificateFingerprint == ClientIdentity.chained.chain[0].digest())
        #expect(await socket.peerCertificate == nil)
        #expect(await socket.peerCertificateChain.isEmpty)
        #expect(await socket.isPeerVerified)
        // A client has no such setting.
        #expect(await attempt.client.peerCertificateFingerprint == Fixture.credential.chain[0].digest())
        #expect(await attempt.client.peerCertificate != nil)
    }

    @Test(
        "F-06, SK-6 it tells whose the connection is where everything is kept, and nothing where nobody showed anything"
    )
    func whole() async throws {
        let attempt = try await Attempt(ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.good))
        let socket = try #require(await attempt.socket())
        #expect(await socket.peerCertificateFingerprint == Self.good)
        #expect(await socket.peerCertificate == ClientIdentity.good.chain[0])
        await attempt.end()
        let nobody = try await Attempt(Self.server(.auto), ClientIdentity.client(nil))
        let anonymous = try #require(await nobody.socket())
        #expect(await anonymous.peerCertificateFingerprint == nil)
        await nobody.end()
    }

    @Test(
        "F-06, 5.3, 5.4 who decides has the whole chain, and a refusal is what it always is", arguments: [true, false])
    func decided(ignores: Bool) async throws {
        let attempt = try await Attempt(Self.server(), ClientIdentity.client(ClientIdentity.selfSigned)) { server in
            server.sslErrors.connect { _, _, decision in
                #expect(decision.peerCertificateChain == ClientIdentity.selfSigned.chain)
                if ignores { decision.ignore() } else { decision.reject() }
            }
        }
        #expect(attempt.isAccepted == ignores)
        #expect(attempt.events.contains("alertSent fatal unknown_ca") == !ignores)
        if ignores {
            let socket = try #require(await attempt.socket())
            #expect(await socket.peerCertificateFingerprint == ClientIdentity.selfSigned.chain[0].digest())
            #expect(await !socket.isPeerVerified)
            #expect(await socket.peerCertificateChain.isEmpty)
        }
        await attempt.end()
    }

    @Test("F-07 of a certificate that is shown after the handshake only the fingerprint is kept too")
    func later() async throws {
        let meeting = try await Meeting(.verify, ClientIdentity.good, { $0.keepsOnlyFingerprint = true })
        try await meeting.ask()
        #expect(await meeting.socket.certificateRequestAnswer == .shown)
        #expect(await meeting.socket.peerCertificateFingerprint == Self.good)
        #expect(await meeting.socket.peerCertificate == nil)
        #expect(await meeting.socket.isPeerVerified)
        await meeting.end()
    }

    @Test("F-09, B-23 a resumed session has it, as long as the setting stays what it was", arguments: [true, false])
    func resumed(isKept: Bool) async throws {
        let (server, _, endpoint) = try await SSLServer.listening(Self.server())
        let configuration = try ClientIdentity.client(ClientIdentity.good)
        let client = try SSLSocket(configuration: configuration, on: EventLoop(), handshakeTimeout: Fixture.patience)
        for visit in 0..<2 {
            try await client.connectToHostEncrypted("localhost", port: endpoint.port)
            #expect(await client.waitForEncrypted(timeout: nil))
            let socket = try #require(await server.next())
            await socket.write([1])
            #expect(try await client.receive(1) == [1])
            #expect(await socket.isSessionResumed == (visit == 1 && isKept))
            #expect(await socket.peerCertificateFingerprint == Self.good)
            #expect(await socket.isPeerVerified)
            #expect(await (socket.peerCertificate == nil) == (visit == 0 || isKept))
            await client.disconnectFromHost()
            #expect(await client.waitForDisconnected(timeout: nil))
            var next = configuration
            next.sessionTicket = await client.sessionTicket
            try await client.setSSLConfiguration(next)
            try await server.setSSLConfiguration(Self.server { $0.keepsOnlyFingerprint = isKept })
        }
        await server.close()
    }

    @Test("G-13 where no client can show a certificate the setting is refused")
    func contradictions() throws {
        var nobody = try Fixture.server()
        nobody.keepsOnlyFingerprint = true
        #expect(throws: ConfigurationError.self) { try nobody.validate(as: .server) }
        try nobody.validate(as: .client)
        var keysOnly = nobody
        keysOnly.trustedPublicKeys = [
            try #require(try Credential(rawPublicKeyOf: SSLKey.generate(.p256)).rawPublicKey)
        ]
        #expect(throws: ConfigurationError.self) { try keysOnly.validate(as: .server) }
        keysOnly.caCertificates = [ClientIdentity.authority]
        try keysOnly.validate(as: .server)
    }
}
