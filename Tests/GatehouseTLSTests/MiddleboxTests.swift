import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-18 looking like TLS 1.2 to middleboxes")
struct MiddleboxTests {
    /// The types of the records, change_cipher_spec with its body checked.
    private static func types(_ bytes: [UInt8]) -> [ContentType] {
        ResumptionRulesTests.records(bytes).map { record in
            let type = ContentType(rawValue: record[0])
            #expect(type != .changeCipherSpec || record == [20, 3, 3, 0, 1, 1])
            return type
        }
    }

    /// What each side sends, flight by flight, up to the end of the handshake.
    private static func flights(_ loopback: Loopback) throws -> (client: [[ContentType]], server: [[ContentType]]) {
        var (clients, servers) = ([[ContentType]](), [[ContentType]]())
        while !loopback.toServer.isEmpty {
            var flight = loopback.toServer
            loopback.toServer = []
            clients.append(types(flight))
            try loopback.deliverToServer(&flight)
            var answer = loopback.toClient
            loopback.toClient = []
            if !answer.isEmpty { servers.append(types(answer)) }
            try loopback.deliverToClient(&answer)
        }
        #expect(loopback.isEstablished)
        return (clients, servers)
    }

    @Test("F-18 one change_cipher_spec from each side: behind the ServerHello, before the client's second flight")
    func once() throws {
        let (client, server) = try FullHandshakeTests.configurations()
        let (clients, servers) = try Self.flights(try Loopback(client, server))
        #expect(clients == [[.handshake], [.changeCipherSpec, .applicationData]])
        #expect(servers == [[.handshake, .changeCipherSpec, .applicationData]])
    }

    @Test("F-18 F-04 with a HelloRetryRequest: behind it, and before the second ClientHello", arguments: [true, false])
    func retry(stateless: Bool) throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.groups = [.x25519, .secp256r1]
        server.groups = [.secp256r1]
        if stateless { server.statelessRetry = StatelessRetry(keys: TicketKeys()) }
        let (clients, servers) = try Self.flights(try Loopback(client, server))
        #expect(clients == [[.handshake], [.changeCipherSpec, .handshake], [.applicationData]])
        #expect(servers == [[.handshake, .changeCipherSpec], [.handshake, .applicationData]])
    }

    @Test("F-18 F-11 with early data: before it, right behind the ClientHello")
    func earlyData() throws {
        let (client, server) = try EarlyDataTests.configurations()
        let session = try EarlyDataTests.session(client, server)
        let loopback = try Loopback(client, server, session: session)
        try loopback.client.sendEarlyData([1].span, output: &loopback.toServer)
        let (clients, _) = try Self.flights(loopback)
        #expect(clients.first == [.handshake, .changeCipherSpec, .applicationData])
        #expect(clients.dropFirst().joined().allSatisfy { $0 == .applicationData })
    }

    @Test("F-18 a client that does not want it sends no session id, and nobody sends change_cipher_spec")
    func off() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.usesMiddleboxCompatibilityMode = false
        client.groups = [.x25519, .secp256r1]
        for groups in [[NamedGroup.x25519], [.secp256r1]] {
            server.groups = groups
            let (clients, servers) = try Self.flights(try Loopback(client, server))
            #expect(!(clients + servers).joined().contains(.changeCipherSpec))
        }
        #expect(try HelloShapeTests.hello { $0.usesMiddleboxCompatibilityMode = false }.legacySessionID.isEmpty)
    }

    @Test("F-18 the session id is 32 random bytes, and comes back as it was in ServerHello and HelloRetryRequest")
    func echo() throws {
        let identifiers = try (0..<4).map { _ in try HelloShapeTests.hello { _ in }.legacySessionID }
        #expect(Set(identifiers).count == 4 && identifiers.allSatisfy { $0.count == 32 })
        for length in [0, 1, 32] {
            for stage in [ServerStage.clientHello, .secondClientHello] {
                let (server, client) = try ServerStage.clientHello.start()
                client.hello.legacySessionID = [UInt8](repeating: 6, count: length)
                if stage == .secondClientHello { client.hello.keyShares = [] }
                client.helloBytes = client.hello.encoded()
                try server.receive(try client.helloRecords())
                let output = server.takeOutput()
                let answer = try ReceivedMessage(
                    Array(try #require(ResumptionRulesTests.records(output).first).dropFirst(RecordHeader.length))
                ).decode(as: ServerHello.self)
                #expect(answer.legacySessionIDEcho == client.hello.legacySessionID)
                #expect(answer.isRetryRequest == (stage == .secondClientHello))
                #expect(Self.types(output).contains(.changeCipherSpec) == (length > 0))
            }
        }
    }
}
