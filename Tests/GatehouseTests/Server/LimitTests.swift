import Gatehouse
import GatehouseSystem
import Glibc
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct LimitTests {
    @Test("G-1, 7-A 31 connections that send one byte and close do not keep a good client out")
    func oneByteConnections() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        for byte: UInt8 in [0x16, 0x41] {
            var bad: [BlockingClient] = []
            for _ in 0..<31 {
                let client = try BlockingClient(to: endpoint)
                try client.send([byte])
                bad.append(client)
            }
            bad = []
        }
        _ = try await SSLSocket.connected(to: endpoint)
        try await eventually { await server.statistics.inFlight == 0 }
        #expect(await server.statistics.failed == 62)
        #expect(await server.statistics.failures[.notTLS] == 31)
        #expect(recorder.count("error notTLS") == 31)
        #expect(recorder.count("error remoteHostClosed") == 31)
        await server.close()
    }

    @Test("G-1 more silent connections than may be in flight do not keep a good client out")
    func silentConnections() async throws {
        let limit = 50
        let (server, recorder, endpoint) = try await SSLServer.listening { server in
            server.handshakeTimeout = nil
            server.maxHandshakes = limit
        }
        var silent: [BlockingClient] = []
        for _ in 0..<150 { silent.append(try BlockingClient(to: endpoint)) }
        _ = try await SSLSocket.connected(to: endpoint)
        try await eventually { await server.hasPendingConnections }
        let statistics = await server.statistics
        #expect(statistics.accepted == 151)
        #expect(statistics.failures[.socketResource] == 151 - limit)
        #expect(statistics.failed == 151 - limit)
        #expect(statistics.inFlight == limit - 1)
        #expect(recorder.count("error socketResource") == 151 - limit)
        // The oldest made room.
        #expect(try silent[0].receiveAll().isEmpty)
        await server.close()
        try await eventually { await server.statistics.open == 0 }
    }

    @Test("G-1 a connection with a complete ClientHello outlasts those that only sit there")
    func completeHello() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { server in
            server.handshakeTimeout = nil
            server.maxHandshakes = 3
        }
        let transport = try BlockingClient(to: endpoint)
        var good = try EngineClient(on: transport)
        // The server's answer is there: its ClientHello was complete.
        try good.awaitAnswer()
        var silent: [BlockingClient] = []
        for number in 0..<10 {
            silent.append(try BlockingClient(to: endpoint))
            try await eventually { await server.statistics.accepted == number + 2 }
        }
        try good.handshake()
        try await eventually { await server.hasPendingConnections }
        #expect(await server.statistics.failures[.socketResource] == 8)
        await server.close()
    }

    @Test("G-1, TS-5, TS-8, 6.2-16, 5.13 a full queue pauses accepting, and taking lets others in, in their order")
    func fullQueue() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.maxPendingConnections = 2 }
        var clients: [SSLSocket] = []
        for number in 0..<3 {
            let client = try await SSLSocket.connecting(to: endpoint)
            clients.append(client)
            if number < 2 { try await eventually { recorder.count("pending") == number + 1 } }
        }
        try await Task.sleep(for: .milliseconds(100))
        #expect(recorder.count("newConnection") == 2)
        #expect(await server.statistics.queued == 2)
        var ports: [UInt16] = [try #require(await server.nextPendingConnection()).peerPort]
        try await eventually { recorder.count("pending") == 3 }
        while let socket = await server.nextPendingConnection() { ports.append(socket.peerPort) }
        #expect(ports == clients.compactMap { $0.localEndpoint?.port })
        await server.close()
    }

    @Test("TS-5, 6.2-10 raising the limit lets those in that wait; any number is taken")
    func raisedLimit() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.maxPendingConnections = 0 }
        let client = try await SSLSocket.connecting(to: endpoint)
        try await Task.sleep(for: .milliseconds(50))
        #expect(recorder.all.isEmpty)
        await server.run { $0.maxPendingConnections = 1 }
        try await eventually { await client.isEncrypted }
        for value in [0, Int.min, Int.max] {
            await server.run { $0.maxPendingConnections = value }
            #expect(await server.maxPendingConnections == value)
        }
        await server.close()
    }

    @Test("G-1, 6.2-25, 7-K a pause by the user lasts until the user ends it")
    func pause() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let first = try await SSLSocket.connected(to: endpoint)
        await server.pauseAccepting()
        var waiting: [SSLSocket] = []
        for _ in 0..<5 { waiting.append(try await SSLSocket.connecting(to: endpoint)) }
        #expect(await server.next() != nil)
        try await Task.sleep(for: .milliseconds(100))
        #expect(recorder.count("newConnection") == 1)
        await server.resumeAccepting()
        for client in waiting { try await eventually { await client.isEncrypted } }
        try await eventually { recorder.count("pending") == 6 }
        await first.disconnectFromHost()
        await server.close()
    }

    @Test("SV-5, G-10, 6.1-7, 5.9 a silent client is dropped in time, and the server still knows who it was")
    func silentClient() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = .milliseconds(100) }
        let peers = Recorder()
        server.errorOccurred.connect { _, socket, _ in peers.add("\(socket.peerEndpoint ?? endpoint)") }
        let silent = try BlockingClient(to: endpoint)
        #expect(try silent.receiveAll().isEmpty)
        try await eventually { await server.statistics.open == 0 }
        #expect(recorder.all == ["newConnection", "error socketTimeout"])
        #expect(peers.all == [try #require(silent.endpoint).description])
        #expect(await server.statistics.failures[.socketTimeout] == 1)
        await server.close()
    }

    @Test("SV-5, 5.9 the deadline is one for the whole handshake: half a ClientHello and a slow drip do not move it")
    func slowClients() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = .milliseconds(300) }
        let hello = try Fixture.clientHello()
        // The first bytes are there before the deadline begins.
        await server.pauseAccepting()
        let half = try BlockingClient(to: endpoint)
        try half.send(Array(hello.prefix(hello.count / 2)))
        let drip = try BlockingClient(to: endpoint)
        try drip.send([hello[0]])
        await server.resumeAccepting()
        try SystemThread.start {
            for byte in hello.dropFirst() {
                guard (try? drip.send([byte])) != nil else { return }
                usleep(10_000)
            }
        }
        #expect(try half.receiveAll().isEmpty)
        try await eventually { await server.statistics.open == 0 }
        #expect(recorder.count("started") == 2)
        #expect(recorder.count("error socketTimeout") == 2)
        await server.run { $0.handshakeTimeout = Fixture.patience }
        _ = try await SSLSocket.connected(to: endpoint)
        await server.close()
    }

    @Test("6.1-8 silent clients beside good ones: all that can be served are served")
    func twoGoodAndManyBad() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.maxPendingConnections = 5 }
        _ = try await SSLSocket.connected(to: endpoint)
        try await eventually { recorder.count("pending") == 1 }
        await server.run { $0.handshakeTimeout = .milliseconds(200) }
        var silent: [BlockingClient] = []
        for _ in 0..<10 { silent.append(try BlockingClient(to: endpoint)) }
        try await eventually { recorder.count("error socketTimeout") == 10 }
        #expect(recorder.count("newConnection") == 11)
        #expect(recorder.count("pending") == 1)
        #expect(await server.statistics.queued == 1)
        await server.run { $0.handshakeTimeout = Fixture.patience }
        _ = try await SSLSocket.connected(to: endpoint)
        try await eventually { recorder.count("pending") == 2 }
        await server.close()
    }
}
