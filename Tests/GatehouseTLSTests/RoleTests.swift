import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// What one role does in a feature, where the other role's part is shown elsewhere.
@Suite("Features, role by role")
struct RoleTests {
    @Test("F-01 the server's order of suites decides, but a client that puts ChaCha20 first gets it")
    func suiteOrder() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        let (aes128, aes256) = (CipherSuite.aes128GCMSHA256, CipherSuite.aes256GCMSHA384)
        let chacha20 = CipherSuite.chacha20Poly1305SHA256
        for (offered, supported, chosen) in [
            ([aes256, aes128, chacha20], [aes128, aes256, chacha20], aes128),
            ([chacha20, aes128, aes256], [aes128, aes256, chacha20], chacha20),
            ([chacha20, aes128], [aes256, aes128], aes128),
            ([aes128, chacha20], [chacha20, aes128], chacha20),
        ] {
            client.cipherSuites = offered
            server.cipherSuites = supported
            try FullHandshakeTests.exchange(client, server) { #expect($0.cipherSuite == chosen) }
            #expect(
                try HelloShapeTests.hello { $0.cipherSuites = offered }.cipherSuites.suffix(offered.count)
                    == offered[...])
        }
    }

    @Test("F-05 F-14 a client asks for the host by its name, and for none by an address")
    func askedName() throws {
        for (name, asked) in [
            ("localhost", "localhost"), ("LocalHost.", "localhost"), ("127.0.0.1", nil), ("::1", nil),
        ] as [(String, String?)] {
            let (configuration, _) = try FullHandshakeTests.configurations()
            var output: [UInt8] = []
            _ = try ClientConnection(configuration, serverName: name, now: TestCredentials.now, output: &output)
            let hello = try ReceivedMessage(Array(output.dropFirst(RecordHeader.length))).decode(as: ClientHello.self)
            #expect(hello.serverName.map { String(decoding: $0, as: UTF8.self) } == asked)
            #expect(hello.extensions.contains(.serverName) == (asked != nil))
        }
    }

    @Test(
        "F-03 F-06 a client signs with every kind of key",
        arguments: [KeyAlgorithm.p256, .p384, .p521, .ed25519, .ed448, .rsa(bits: 2048), .rsaPSS(bits: 2048)])
    func clientKeys(algorithm: KeyAlgorithm) throws {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        client.credentials = [try TestCredentials.server(algorithm)]
        server.resumption = .disabled
        let loopback = try Loopback(client, server)
        try loopback.run()
        #expect(loopback.isEstablished && loopback.serverSession?.isPeerVerified == true)
        #expect(loopback.serverSession?.peerSignatureScheme?.fits(algorithm) == true)
    }

    @Test("F-06 a client hears which authorities and schemes the server takes before it chooses")
    func toldAuthorities() throws {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        client.asksForCredential = true
        let authority = try TestCredentials.root.get().certificate.subject.der
        server.clientAuthentication.certificateAuthorities = [authority]
        server.clientAuthentication.signatureSchemes = [.ed25519]
        let loopback = try Loopback(client, server)
        try loopback.run()
        guard case .needs(.clientCredential(let info)) = loopback.clientEvents.last else {
            Issue.record("the client did not ask")
            return
        }
        #expect(info.certificateAuthorities == [authority] && info.signatureSchemes == [.ed25519])
        #expect(info.certificateType == .x509)
    }

    @Test("F-09 B-22 a stored session is found in its own store only, and under its whole name")
    func otherStore() throws {
        let store = SessionStore(capacity: 100)
        var (client, server) = try ResumptionTests.configurations(.store(store))
        client.trustGeneration = 0
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        server.resumption = .store(SessionStore(capacity: 100))
        #expect(try ResumptionTests.connect(client, server, session).isResumed == false)
        server.resumption = .tickets(TicketKeys())
        #expect(try ResumptionTests.connect(client, server, session).isResumed == false)
        server.resumption = .store(store)
        let names = session.ticket.indices.map { index in
            var name = session.ticket
            name[index] ^= 1
            return name
        }
        for name in names + [Array(session.ticket.dropLast()), session.ticket + [0], [0]] {
            let guessed = ClientSession(ticket: name, state: session.state)
            #expect(try ResumptionTests.connect(client, server, guessed).isResumed == false)
        }
        #expect(try ResumptionTests.connect(client, server, session).isResumed == true)
    }

    @Test("F-10 a server says how many tickets it will send, to who asks; a client takes as many as come")
    func ticketCount() throws {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        server.ticketCount = 4
        for (asked, said) in [(nil, nil), (0, 0), (3, 3), (200, 4)] as [(UInt8?, UInt8?)] {
            client.ticketRequest = asked.map { ($0, 0) }
            #expect(try ResumptionRulesTests.answer(client, server, nil).expectedTicketCount == said)
        }
        let (subject, peer) = try ClientStage.serverHello.start { $0.ticketRequest = (1, 1) }
        peer.encryptedExtensions.extensions.order = [.ticketRequest]
        peer.encryptedExtensions.expectedTicketCount = 9
        try subject.receive(try peer.flight())
        #expect(subject.isEstablished)
    }

    @Test("F-16 each side logs every secret once, the same as the other, and nothing unless it is told to")
    func keyLog() throws {
        var (client, server) = try EarlyDataTests.configurations()
        let session = try EarlyDataTests.session(client, server)
        let silent = try ResumptionTests.connect(client, server)
        #expect(silent.client.takeKeyLog().isEmpty && silent.server.takeKeyLog().isEmpty)
        client.collectsKeyLog = true
        server.collectsKeyLog = true
        let handshake = [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0",
        ]
        let early = ["CLIENT_EARLY_TRAFFIC_SECRET", "EARLY_EXPORTER_SECRET"]
        for (session, labels) in [(nil, handshake), (session, (early + handshake).sorted())] {
            let loopback = try ResumptionTests.connect(client, server, session)
            let logs = [loopback.client.takeKeyLog(), loopback.server.takeKeyLog()].map { log in
                String(decoding: log, as: UTF8.self).split(separator: "\n").sorted()
            }
            #expect(logs[0] == logs[1])
            #expect(logs[0].map { String($0.prefix { $0 != " " }) } == labels)
            #expect(loopback.client.takeKeyLog().isEmpty)
        }
    }
}
