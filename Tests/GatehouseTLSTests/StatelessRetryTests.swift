import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("HelloRetryRequest without state: a cookie carries it")
struct StatelessRetryTests {
    static let keys = TicketKeys()
    static let address: [UInt8] = [192, 0, 2, 1]

    static func configuration(_ keys: TicketKeys = keys) throws -> ServerConfiguration {
        var configuration = try ServerStage.configuration()
        configuration.groups = [.x25519]
        configuration.statelessRetry = StatelessRetry(keys: keys)
        return configuration
    }

    private static func server(
        _ configuration: ServerConfiguration, now: Int64 = TestCredentials.now, address: [UInt8] = address
    ) -> Subject<ServerConnection> {
        Subject(ServerConnection(configuration, now: now, peerAddress: address))
    }

    /// A client that has been sent back with a cookie, by a server that is gone.
    private static func sentBack(
        _ configuration: ServerConfiguration, _ change: (inout ClientHello) -> Void = { _ in }
    ) throws -> ScriptedClient {
        let client = try ScriptedClient(offeringShare: false, change)
        let server = server(configuration)
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        let retry = try #require(client.retry)
        #expect(retry.keyShare == .selectedGroup(.x25519) && retry.cookie != nil)
        return client
    }

    private static func secondHello(
        _ client: ScriptedClient, cookie: [UInt8]? = nil, _ change: (inout ClientHello) -> Void = { _ in }
    ) throws -> [UInt8] {
        let cookie = cookie ?? client.retry?.cookie
        return try client.secondHelloRecords(group: .x25519) { hello in
            hello.cookie = cookie
            if !hello.extensions.contains(.cookie) { hello.extensions.order.append(.cookie) }
            change(&hello)
        }
    }

    private static func complete(_ server: Subject<ServerConnection>, _ client: ScriptedClient) throws {
        try client.receive(server.takeOutput())
        try server.receive(try client.finishedRecord())
        #expect(server.isEstablished)
        #expect(server.connection.session?.roundTrips == 2)
    }

    @Test("F-04 another connection goes on from the second hello, with each suite", arguments: CipherSuite.supported)
    func otherConnection(suite: CipherSuite) throws {
        let configuration = try Self.configuration()
        let client = try Self.sentBack(configuration) { $0.cipherSuites = [suite] }
        let server = Self.server(configuration)
        try server.receive(try Self.secondHello(client))
        try Self.complete(server, client)
    }

    @Test("F-04 so does the same connection, and our own client sends the cookie back")
    func sameConnection() throws {
        let configuration = try Self.configuration()
        let client = try Self.sentBack(configuration)
        let server = Self.server(configuration)
        try server.receive(client.writer.handshake(client.helloBytes))
        try server.receive(try Self.secondHello(client))
        _ = server.takeOutput()

        var (clients, servers) = try FullHandshakeTests.configurations()
        clients.groups = [.secp256r1, .x25519]
        servers.groups = [.x25519]
        servers.statelessRetry = StatelessRetry(keys: TicketKeys())
        try FullHandshakeTests.exchange(clients, servers) { #expect($0.roundTrips == 2) }
    }

    @Test("F-04 F-18 change_cipher_spec and early data before the second hello are ignored, within their bounds")
    func earlyRecords() throws {
        let configuration = try Self.configuration()
        let client = try Self.sentBack(configuration)
        let changeCipherSpec = ScriptedWriter.plaintext(.changeCipherSpec, [1])
        let data = ScriptedWriter.plaintext(.applicationData, [UInt8](repeating: 7, count: Limits.skippedEarlyData))
        let server = Self.server(configuration)
        try server.receive(changeCipherSpec + data + changeCipherSpec)
        try server.receive(try Self.secondHello(client))
        try Self.complete(server, client)

        let flooded = Self.server(configuration)
        try flooded.receive(data)
        try expectFailure(
            of: flooded, try ScriptedClient(), receiving: ScriptedWriter.plaintext(.applicationData, [1]),
            .peerMisbehaved(.tooMuchEarlyData), .unexpectedMessage)
        let many = Self.server(configuration)
        for _ in 0..<Limits.changeCipherSpecs { try many.receive(changeCipherSpec) }
        try expectFailure(
            of: many, try ScriptedClient(), receiving: changeCipherSpec, .peerMisbehaved(.unexpectedChangeCipherSpec),
            .unexpectedMessage)
    }

    @Test("F-04 a cookie is good for 30 seconds unless told otherwise", arguments: [30, 5])
    func lifetime(seconds: Int) throws {
        var configuration = try Self.configuration()
        #expect(configuration.statelessRetry?.lifetime == 30)
        for none in [0, -1] {
            configuration.statelessRetry?.lifetime = none
            #expect(throws: ConfigurationError.self) { try configuration.validate() }
        }
        configuration.statelessRetry?.lifetime = seconds
        try configuration.validate()
        for (age, isGood) in [(0, true), (seconds, true), (seconds + 1, false), (-seconds - 1, false)] {
            let client = try Self.sentBack(configuration)
            let server = Self.server(configuration, now: TestCredentials.now + Int64(age))
            let hello = try Self.secondHello(client)
            if isGood {
                try server.receive(hello)
                try Self.complete(server, client)
            } else {
                try expectFailure(
                    of: server, try ScriptedClient(), receiving: hello, .peerMisbehaved(.invalidCookie),
                    .illegalParameter)
            }
        }
    }

    private static func expectInvalid(
        _ server: Subject<ServerConnection>, _ client: ScriptedClient, cookie: [UInt8]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectFailure(
            of: server, try ScriptedClient(), receiving: try secondHello(client, cookie: cookie),
            .peerMisbehaved(.invalidCookie), .illegalParameter, sourceLocation: sourceLocation)
    }

    @Test("F-04 B-22 a cookie for another address, or under another key, is illegal_parameter; rotated keys still open")
    func foreign() throws {
        let keys = TicketKeys()
        let configuration = try Self.configuration(keys)
        let client = try Self.sentBack(configuration)
        try Self.expectInvalid(Self.server(configuration, address: [192, 0, 2, 2]), client)
        try Self.expectInvalid(Self.server(configuration, address: []), client)
        try Self.expectInvalid(Self.server(try Self.configuration(TicketKeys())), client)
        try Self.expectInvalid(Self.server(try Self.configuration(keys.rotated(keeping: 0))), client)
        let rotated = Self.server(try Self.configuration(keys.rotated(keeping: 1)))
        try rotated.receive(try Self.secondHello(try Self.sentBack(configuration)))
        #expect(!rotated.takeOutput().isEmpty)
        // A ticket under the same keys is no cookie.
        let state = try RingSealing.ticket.seal([1], keys, context: Self.address)
        try Self.expectInvalid(Self.server(configuration), client, cookie: state)
        #expect(RingSealing.cookie.open(state, keys, context: Self.address) == nil)
    }

    @Test("F-04 a cookie changed in any byte, cut off anywhere, or longer is illegal_parameter")
    func changed() throws {
        let configuration = try Self.configuration()
        let client = try Self.sentBack(configuration)
        let cookie = try #require(client.retry?.cookie)
        #expect(cookie.count < 512)
        for index in cookie.indices {
            var changed = cookie
            changed[index] ^= 1
            try Self.expectInvalid(Self.server(configuration), client, cookie: changed)
            if index > 0 { try Self.expectInvalid(Self.server(configuration), client, cookie: Array(cookie[..<index])) }
        }
        try Self.expectInvalid(Self.server(configuration), client, cookie: cookie + [0])
        try Self.expectInvalid(
            Self.server(configuration), client, cookie: [UInt8](repeating: 1, count: 60_000))
        try expectFailure(
            of: Self.server(configuration), try ScriptedClient(), receiving: try Self.secondHello(client, cookie: []),
            .invalidMessage(.vectorLengthOutOfBounds), .decodeError)
    }

    @Test(
        "F-04 B-20 what may not differ is checked against the cookie",
        arguments: HelloRetryTests.secondHellos.filter { $0.testDescription != "a cookie that nobody gave" })
    func differences(row: ClientHelloRow) throws {
        let configuration = try Self.configuration()
        let client = try Self.sentBack(configuration)
        try expectFailure(
            of: Self.server(configuration), try ScriptedClient(),
            receiving: try Self.secondHello(client, row.change), row.error, row.alert)
    }

    @Test("F-04 F-09 a session resumes through a stateless retry; one that is dropped on the way is missing_extension")
    func resumption() throws {
        var (client, server) = try ResumptionTests.configurations(.tickets(Self.keys))
        server.statelessRetry = StatelessRetry(keys: Self.keys)
        client.groups = [.x25519, .secp256r1]
        server.groups = [.secp256r1]
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        let loopback = try ResumptionTests.connect(client, server, session)
        #expect(loopback.isResumed == true && loopback.clientSession?.roundTrips == 2)

        let dropped = try Loopback(client, server, session: session)
        var hello = dropped.toServer
        dropped.toServer = []
        try dropped.deliverToServer(&hello)
        var retry = dropped.toClient
        dropped.toClient = []
        try dropped.deliverToClient(&retry)
        let record = try #require(
            ResumptionRulesTests.records(dropped.toServer).first { $0[0] == ContentType.handshake.rawValue })
        var second = try ReceivedMessage(Array(record.dropFirst(RecordHeader.length))).decode(as: ClientHello.self)
        second.extensions.order.removeAll { $0 == .preSharedKey }
        second.preSharedKeys = nil
        var writer = ScriptedWriter()
        var bytes = try writer.handshake(second.encoded())
        let error = #expect(throws: TLSError.self) { try dropped.deliverToServer(&bytes) }
        #expect(error == .peerMisbehaved(.missingExtension(.preSharedKey)) && error?.alert == .missingExtension)
    }

    @Test("F-04 the same connection wants its cookie back: missing_extension; without the setting one is refused")
    func cookies() throws {
        let configuration = try Self.configuration()
        let client = try ScriptedClient(offeringShare: false)
        let server = Self.server(configuration)
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        try expectFailure(
            of: server, client, receiving: try client.secondHelloRecords(group: .x25519),
            .peerMisbehaved(.missingExtension(.cookie)), .missingExtension)

        var stateful = configuration
        stateful.statelessRetry = nil
        try expectFailure(
            of: Self.server(stateful), try ScriptedClient(),
            receiving: try Self.secondHello(try Self.sentBack(configuration)), .peerMisbehaved(.unsolicitedCookie),
            .illegalParameter)
    }

    @Test("F-04 a server that waits for its cookie holds next to nothing, whatever the hello was")
    func memory() async {
        await #expect(processExitsWith: .success) {
            let configuration = try Self.configuration()
            let client = try ScriptedClient(offeringShare: false) {
                $0.append(.unknown, [UInt8](repeating: 0, count: 65_000))
            }
            #expect(try MemoryBoundTests.held(configuration, after: [client.helloRecords()], needs: 0) < 8192)
        }
    }
}
