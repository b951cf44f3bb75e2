import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("0-RTT")
struct EarlyDataTests {
    static let data = Array("GET / HTTP/1.1".utf8)

    static func configurations(
        maximumSize: UInt32 = 1000, replayGuard: any ReplayGuard = InMemoryReplayGuard()
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        client.offersEarlyData = true
        server.earlyData = EarlyDataPolicy(maximumSize: maximumSize, replayGuard: replayGuard)
        return (client, server)
    }

    /// Resumes, sends `data` early, and says whether the server took it.
    static func resume(
        _ client: ClientConfiguration, _ server: ServerConfiguration, _ session: ClientSession,
        now: Int64 = TestCredentials.now, serverNow: Int64? = nil
    ) throws -> (loopback: Loopback, early: [UInt8]) {
        let loopback = try Loopback(client, server, session: session, now: now, serverNow: serverNow)
        #expect(loopback.client.earlyDataLimit == Int(session.maximumEarlyDataSize))
        if loopback.client.earlyDataLimit > 0 {
            try loopback.client.sendEarlyData(data.span, output: &loopback.toServer)
        }
        try loopback.run()
        #expect(loopback.isEstablished)
        try loopback.client.send([1].span, output: &loopback.toServer)
        try loopback.run()
        #expect(loopback.serverReceived == [1])
        return (loopback, loopback.serverEarlyData)
    }

    static func session(_ client: ClientConfiguration, _ server: ServerConfiguration) throws -> ClientSession {
        try #require(try ResumptionTests.connect(client, server).sessions.first)
    }

    @Test("F-11 early data arrives as such, once", arguments: CipherSuite.supported)
    func accepted(suite: CipherSuite) throws {
        var (client, server) = try Self.configurations()
        server.cipherSuites = [suite]
        client.cipherSuites = [suite]
        let session = try Self.session(client, server)
        let (loopback, early) = try Self.resume(client, server, session)
        #expect(early == Self.data)
        #expect(loopback.clientSession?.isEarlyDataAccepted == true)
        #expect(loopback.serverSession?.isEarlyDataAccepted == true)
        // The same ticket again: the handshake goes on, the data does not arrive.
        let (again, nothing) = try Self.resume(client, server, session)
        #expect(nothing.isEmpty && again.isResumed == true)
        #expect(again.clientSession?.isEarlyDataAccepted == false)
        #expect(again.clientEvents.contains { if case .earlyDataRejected = $0 { true } else { false } })
    }

    @Test("F-11 a replayed flight is never taken twice")
    func replayed() throws {
        let (client, server) = try Self.configurations()
        let session = try Self.session(client, server)
        let loopback = try Loopback(client, server, session: session)
        try loopback.client.sendEarlyData(Self.data.span, output: &loopback.toServer)
        let flight = loopback.toServer
        try loopback.run()
        #expect(loopback.serverEarlyData == Self.data)
        for _ in 0..<100 {
            var (bytes, position, output) = (flight, 0, [UInt8]())
            var replayed = ServerConnection(server, now: TestCredentials.now)
            var span = bytes.mutableSpan
            while let event = try replayed.receive(&span, at: &position, output: &output) {
                if case .earlyData = event { Issue.record("replayed early data was taken") }
            }
        }
    }

    @Test("F-11 another server's guard, a full guard and another age reject; 1-RTT goes on")
    func rejected() throws {
        var (client, server) = try Self.configurations()
        let session = try Self.session(client, server)
        let policy = server.earlyData
        server.earlyData = EarlyDataPolicy(maximumSize: 1000, replayGuard: InMemoryReplayGuard())
        #expect(try Self.resume(client, server, session).early.isEmpty)
        server.earlyData = nil
        #expect(try Self.resume(client, server, session).early.isEmpty)
        server.earlyData = policy
        let (now, tolerance) = (TestCredentials.now + 100, Int64(10))
        for skew in [-tolerance - 1, tolerance + 1] {
            #expect(
                try Self.resume(client, server, session, now: now, serverNow: now + skew).early.isEmpty)
        }
        #expect(try Self.resume(client, server, session, now: now, serverNow: now + tolerance).early == Self.data)

        let full = InMemoryReplayGuard(capacity: 1)
        server.earlyData = EarlyDataPolicy(maximumSize: 1000, replayGuard: full)
        let sessions = [try Self.session(client, server), try Self.session(client, server)]
        #expect(try Self.resume(client, server, sessions[0]).early == Self.data)
        #expect(try Self.resume(client, server, sessions[1]).early.isEmpty)
        client.offersEarlyData = false
        let quiet = try Loopback(client, server, session: sessions[1])
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try quiet.client.sendEarlyData(Self.data.span, output: &quiet.toServer)
        }
    }

    @Test("F-11 F-04 a HelloRetryRequest rejects early data; a changed protocol does too")
    func retried() throws {
        var (client, server) = try Self.configurations()
        let session = try Self.session(client, server)
        server.groups = [.secp384r1]
        let (loopback, early) = try Self.resume(client, server, session)
        #expect(early.isEmpty && loopback.clientSession?.roundTrips == 2 && loopback.isResumed == true)
        server.groups = NamedGroup.supported
        client.applicationProtocols = ["b", "a"]
        server.applicationProtocols = ["b", "a"]
        #expect(try Self.resume(client, server, session).early.isEmpty)
    }

    @Test("F-11 more than max_early_data_size: refused to the sender, unexpected_message to a peer that does it")
    func tooMuch() throws {
        let (client, server) = try Self.configurations(maximumSize: 20)
        let session = try Self.session(client, server)
        let loopback = try Loopback(client, server, session: session)
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try loopback.client.sendEarlyData([UInt8](repeating: 1, count: 21).span, output: &loopback.toServer)
        }
        try loopback.client.connection.core.writer.write(
            .applicationData, [UInt8](repeating: 1, count: 21).span, to: &loopback.toServer)
        #expect(throws: TLSError.peerMisbehaved(.tooMuchEarlyData)) { try loopback.run() }
    }

    @Test("F-11 skipped early data is bounded: unexpected_message")
    func skippedTooMuch() throws {
        var (client, server) = try Self.configurations(maximumSize: 100_000)
        let session = try Self.session(client, server)
        server.earlyData = nil
        client.trustGeneration = 0
        let loopback = try Loopback(client, server, session: session)
        try loopback.client.sendEarlyData([UInt8](repeating: 1, count: 60_000).span, output: &loopback.toServer)
        #expect(throws: TLSError.peerMisbehaved(.tooMuchEarlyData)) { try loopback.run() }
    }

    @Test("F-11 empty records count as well where early data is skipped: unexpected_message")
    func emptyRecordsSkipped() throws {
        for stage in [ServerStage.clientHello, .secondClientHello] {
            let (server, client) = try ServerStage.clientHello.start()
            client.hello.append(.earlyData, [])
            if stage == .secondClientHello { client.hello.keyShares = [] }
            client.helloBytes = client.hello.encoded()
            try server.receive(try client.helloRecords())
            try client.receive(server.takeOutput())
            let empty = ScriptedWriter.plaintext(.applicationData, [])
            try server.receive(Array([[UInt8]](repeating: empty, count: Limits.skippedEarlyData).joined()))
            try expectFailure(
                of: server, client, receiving: empty, .peerMisbehaved(.tooMuchEarlyData), .unexpectedMessage)
        }
    }

    @Test(
        "F-11 the early exporter gives both sides the same, while there is early data", arguments: CipherSuite.supported
    )
    func earlyExporter(suite: CipherSuite) throws {
        var (client, server) = try Self.configurations()
        client.cipherSuites = [suite]
        client.collectsKeyLog = true
        server.collectsKeyLog = true
        let session = try Self.session(client, server)
        let loopback = try Loopback(client, server, session: session)
        func clients() throws -> [UInt8] {
            try loopback.client.exportEarlyKeyingMaterial(label: "label", context: [1], count: 50)
        }
        func servers() throws -> [UInt8] {
            try loopback.server.exportEarlyKeyingMaterial(label: "label", context: [1], count: 50)
        }
        let material = try clients()
        #expect(material.count == 50)
        #expect(throws: TLSError.misuse(.noEarlyData)) { try servers() }
        try loopback.client.sendEarlyData(Self.data.span, output: &loopback.toServer)
        var flight = loopback.toServer
        loopback.toServer = []
        try loopback.deliverToServer(&flight)
        #expect(try servers() == material)
        #expect(throws: TLSError.misuse(.invalidExporterRequest)) {
            try loopback.server.exportEarlyKeyingMaterial(label: "", context: [], count: 1)
        }
        try loopback.run()
        #expect(loopback.isEstablished)
        #expect(throws: TLSError.misuse(.noEarlyData)) { try clients() }
        #expect(throws: TLSError.misuse(.noEarlyData)) { try servers() }
        let exported = try loopback.client.exportKeyingMaterial(label: "label", context: [1], count: 50)
        #expect(exported != material)
        // F-16: the key log names the secret, the same on both sides.
        let logs = [loopback.client.takeKeyLog(), loopback.server.takeKeyLog()].map { log in
            String(decoding: log, as: UTF8.self).split(separator: "\n").filter {
                $0.hasPrefix("EARLY_EXPORTER_SECRET ")
            }
        }
        #expect(logs[0].count == 1 && logs[0] == logs[1])
    }

    @Test("F-11 there is no early exporter without early data, or when it is rejected")
    func noEarlyExporter() throws {
        let (client, server) = try Self.configurations()
        let session = try Self.session(client, server)
        let (loopback, _) = try Self.resume(client, server, session)
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try loopback.client.exportEarlyKeyingMaterial(label: "label", context: [], count: 1)
        }
        // The ticket is used up.
        let again = try Loopback(client, server, session: session)
        var flight = again.toServer
        again.toServer = []
        try again.deliverToServer(&flight)
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try again.server.exportEarlyKeyingMaterial(label: "label", context: [], count: 1)
        }
        var answer = again.toClient
        again.toClient = []
        try again.deliverToClient(&answer)
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try again.client.exportEarlyKeyingMaterial(label: "label", context: [], count: 1)
        }
    }
}
