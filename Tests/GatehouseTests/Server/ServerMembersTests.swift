import Gatehouse
import GatehouseSystem
import GatehouseTLS
import Glibc
import Synchronization
import TestSupport
import Testing

/// The members of the server, one by one.
@Suite(.onOwnThreads, .patient) struct ServerMembersTests {
    @Test("SV-4, SV-3 the configuration is the one that was set; a client's is refused and changes nothing")
    func configuration() async throws {
        let server = try await SSLServer.patient(Fixture.server(alpn: ["a"]))
        try await server.setSSLConfiguration(Fixture.server(alpn: ["b"]))
        try await server.listen(address: .localHost)
        let endpoint = Endpoint(address: .localHost, port: await server.serverPort)
        await #expect(throws: SocketFailure.self) { try await server.setSSLConfiguration(Fixture.client()) }
        let client = try await SSLSocket.connected(to: endpoint, Fixture.client(alpn: ["a", "b"]))
        #expect(await client.session?.applicationProtocol == "b")
        await server.close()
    }

    @Test("SV-5, P13 the timeout is the one at accept: changing it does not move the deadline of those in flight")
    func timeoutAtAccept() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        let patient = try BlockingClient(to: endpoint)
        try await eventually { await server.statistics.accepted == 1 }
        await server.run { $0.handshakeTimeout = .milliseconds(50) }
        let hasty = try BlockingClient(to: endpoint)
        #expect(try hasty.receiveAll().isEmpty)
        try await eventually { recorder.count("error socketTimeout") == 1 }
        var good = try EngineClient(on: patient)
        try good.handshake()
        try await eventually { recorder.count("pending") == 1 }
        await server.close()
    }

    @Test("SV-6, SV-9, SV-11, P6, P15, 5.10 start first, the alert before the error, the error once, with its peer")
    func failingHandshake() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let peers = Recorder()
        server.errorOccurred.connect { _, socket, _ in
            peers.add(socket.peerEndpoint?.description ?? "")
            socket.perform { peers.add("\($0.isEncrypted) \($0.errorString)") }
        }
        let client = try BlockingClient(to: endpoint)
        try client.send([22, 3, 1, 0, 4, 20, 0, 0, 0])
        _ = try client.receiveAll()
        try await eventually { await server.statistics.open == 0 }
        #expect(
            recorder.all == [
                "newConnection", "started", "alertSent fatal unexpected_message", "error sslHandshakeFailed",
            ])
        #expect(peers.all.first == client.endpoint?.description)
        #expect(peers.all.last?.hasPrefix("false ") == true)
        #expect(peers.all.count == 2)
        await server.close()
    }

    @Test("SV-12, P5, 5.11 an alert that the client sends comes before the error that it causes")
    func alertReceived() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let client = try BlockingClient(to: endpoint)
        try client.send(Array(try Fixture.clientHello()))
        try await eventually { recorder.count("started") == 1 }
        try client.send([21, 3, 3, 0, 2, 2, 48])
        _ = try client.receiveAll()
        try await eventually { await server.statistics.open == 0 }
        #expect(
            recorder.all == [
                "newConnection", "started", "alertReceived fatal unknown_ca", "error sslHandshakeFailed",
            ])
        #expect(await server.statistics.alertsReceived == [.unknownCA: 1])
        await server.close()
    }

    @Test("TS-7, TS-9 newConnection comes at accept, when nothing is pending yet")
    func newConnection() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let silent = try BlockingClient(to: endpoint)
        try await eventually { recorder.count("newConnection") == 1 }
        #expect(await !server.hasPendingConnections)
        #expect(await server.nextPendingConnection() == nil)
        #expect(await server.statistics.inFlight == 1)
        var client = try EngineClient(on: silent)
        try client.handshake()
        try await eventually { await server.hasPendingConnections }
        #expect(recorder.all == ["newConnection", "started", "pending"])
        await server.close()
    }

    @Test("TS-2 close destroys what nobody has taken; the peers get close_notify; listening again works")
    func closeDestroysTheQueue() async throws {
        let (server, _, endpoint) = try await SSLServer.listening(port: freePort())
        var clients: [Recorder] = []
        for _ in 0..<3 {
            let recorder = Recorder()
            _ = try await SSLSocket.connected(to: endpoint, recorder: recorder)
            clients.append(recorder)
        }
        try await eventually { await server.statistics.queued == 3 }
        await server.close()
        #expect(await server.statistics.queued == 0)
        for client in clients { try await eventually { client.all.last == "disconnected closeNotify" } }
        try await eventually { await server.statistics.open == 0 }
        try await server.listen(address: .localHost, port: endpoint.port)
        _ = try await SSLSocket.connected(to: endpoint)
        await server.close()
    }

    @Test("TS-11, 6.2-26 a connection from elsewhere is queued behind the others and announced, without listening")
    func addPendingConnection() async throws {
        let (origin, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await origin.next())
        let server = try await SSLServer.patient()
        let recorder = Recorder()
        recorder.follow(server)
        let waiting = Task { await server.waitForNewConnection() }
        #expect(await !waiting.value)
        await server.addPendingConnection(socket)
        #expect(recorder.all == ["pending"])
        #expect(await server.hasPendingConnections)
        #expect(await server.waitForNewConnection())
        #expect(await server.nextPendingConnection() === socket)
        await client.abort()
        await origin.close()
    }

    @Test("SV-16 a descriptor that others accepted is served as if it had come in here")
    func incomingConnection() async throws {
        let server = try await SSLServer.patient(threads: 2)
        let recorder = Recorder()
        recorder.follow(server)
        let refused = await #expect(throws: SocketFailure.self) { try await server.incomingConnection(4242) }
        #expect(refused?.error == .unsupportedSocketOperation)
        for round in 1...4 {
            var ends: [Int32] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            try await server.incomingConnection(ends[0])
            var client = try EngineClient(on: BlockingClient(adopting: ends[1]))
            try client.handshake()
            try await eventually { recorder.count("pending") == round }
            let socket = try #require(await server.nextPendingConnection())
            #expect(socket.peerEndpoint == nil)
            await socket.write([9])
            await socket.disconnectFromHost()
            #expect(try client.readToEnd())
            #expect(client.received == [9])
        }
        #expect(recorder.all.count { $0.hasPrefix("error") } == 0)
        // A descriptor that is no connection stays the caller's.
        let unconnected = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        await #expect(throws: SocketFailure.self) { try await server.incomingConnection(unconnected) }
        #expect(Glibc.close(unconnected) == 0)
        await server.close()
    }

    @Test("SV-16, G-2 close ends a connection from elsewhere that its loop has not begun yet, whatever ends meanwhile")
    func closingBehindIncomingConnection() async throws {
        let server = try await SSLServer.patient(threads: 2)
        func connect() async throws -> BlockingClient {
            var ends: [Int32] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            try await server.incomingConnection(ends[0])
            return try BlockingClient(adopting: ends[1])
        }
        // The first goes to the server's own loop, the second to the other one.
        var clients: [EngineClientBox] = []
        var sockets: [SSLSocket] = []
        for _ in 0..<2 {
            let client = EngineClientBox(try await EngineClient(on: connect()))
            try client.value.handshake()
            clients.append(client)
            try await eventually { await server.hasPendingConnections }
            sockets.append(try #require(await server.nextPendingConnection()))
        }
        let (here, there) = (sockets[0], sockets[1])
        #expect(here.loop === server.loop)
        #expect(there.loop !== server.loop)
        await there.abort()
        try await eventually { await server.statistics.open == 1 }
        // The other loop is busy when the next connection comes to it, and the last one of before ends.
        let isBusy = Mutex(true)
        there.loop.post { while isBusy.withLock({ $0 }) { usleep(1000) } }
        let late = try await connect()
        #expect(await server.statistics.open == 2)
        await here.abort()
        try await eventually { await server.statistics.open == 1 }
        isBusy.withLock { $0 = false }
        try await eventually { await server.statistics.inFlight == 1 }
        await server.close()
        #expect(try late.receiveAll() == [21, 3, 3, 0, 2, 1, 0])
        try await eventually { await server.statistics.open == 0 }
    }

    @Test("TS-13, G-2 a pause before listening counts for it")
    func pauseBeforeListening() async throws {
        let server = try await SSLServer.patient()
        let recorder = Recorder()
        recorder.follow(server)
        await server.pauseAccepting()
        try await server.listen(address: .localHost)
        let endpoint = Endpoint(address: .localHost, port: await server.serverPort)
        let client = try await SSLSocket.connecting(to: endpoint)
        try await Task.sleep(for: .milliseconds(50))
        #expect(recorder.all.isEmpty)
        await server.resumeAccepting()
        try await eventually { await client.isEncrypted }
        await server.close()
    }

    @Test("TS-8, P4, G-1 taking a connection does not end the user's pause; FIFO; nil when empty; from any task")
    func taking() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(threads: 2)
        var ports: [UInt16?] = []
        for number in 1...3 {
            ports.append(try await SSLSocket.connected(to: endpoint).localEndpoint?.port)
            try await eventually { recorder.count("pending") == number }
        }
        await server.pauseAccepting()
        let late = try await SSLSocket.connecting(to: endpoint)
        for port in ports {
            let task = Task.detached { await server.nextPendingConnection() }
            #expect(await task.value?.peerPort == port)
        }
        #expect(await server.nextPendingConnection() == nil)
        try await Task.sleep(for: .milliseconds(50))
        #expect(recorder.count("newConnection") == 3)
        await server.resumeAccepting()
        try await eventually { await late.isEncrypted }
        await server.close()
    }

    @Test("TS-14, 6.2-18 a wait that takes too long says so")
    func waitTimeout() async throws {
        let (server, _, _) = try await SSLServer.listening()
        #expect(await !server.waitForNewConnection(timeout: .milliseconds(10)))
        #expect(await server.serverError == .socketTimeout)
        #expect(await server.errorString == "Network operation timed out")
        await server.close()
    }

    @Test("SV-2, G-2 a slot that closes the server and lets it go, in every signal of a connection")
    func throwingAwayTheServer() async throws {
        for signal in ["newConnection", "started", "pending", "encrypted", "readyRead"] {
            let ended = Recorder()
            let gone = WeakReference<SSLServer>()
            do {
                let (server, _, endpoint) = try await SSLServer.listening()
                gone.object = server
                let end: @Sendable (isolated SSLServer, String) -> Void = { server, name in
                    if name == signal { server.close() }
                }
                server.newConnection.connect { end($0, "newConnection") }
                server.startedEncryptionHandshake.connect { [weak server] sender, socket in
                    socket.disconnected.connect { _, _ in ended.add("disconnected") }
                    socket.encrypted.connect { [weak server] _ in server?.perform { end($0, "encrypted") } }
                    socket.readyRead.connect { [weak server] _ in server?.perform { end($0, "readyRead") } }
                    end(sender, "started")
                }
                server.pendingConnectionAvailable.connect { server in
                    // Taken for the later signals: then the connection lives on.
                    if signal == "encrypted" || signal == "readyRead" { _ = server.nextPendingConnection() }
                    end(server, "pending")
                }
                let client = try await SSLSocket.connecting(to: endpoint)
                await client.write([1])
                try await eventually { await !server.isListening }
                await client.abort()
                try await eventually { await server.statistics.open == 0 }
            }
            try await eventually { gone.object == nil }
            if signal != "newConnection" { try await eventually { ended.count("disconnected") == 1 } }
        }
    }
}
