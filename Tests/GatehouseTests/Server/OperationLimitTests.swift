import Gatehouse
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

/// Limits beyond the handshake's, and what is counted.
@Suite(.onOwnThreads, .patient) struct OperationLimitTests {
    @Test("no more connections than maxConnections are open; the next is served when one ends", arguments: [1, 3])
    func maxConnections(threads: Int) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(threads: threads) { server in
            #expect(server.maxConnections == .max)
            server.maxConnections = 2
            server.echo()
        }
        var clients: [SSLSocket] = []
        for _ in 0..<2 { clients.append(try await SSLSocket.connected(to: endpoint)) }
        let third = try await SSLSocket.connecting(to: endpoint)
        try await eventually { recorder.count("newConnection") == 2 }
        try await Task.sleep(for: .milliseconds(50))
        #expect(recorder.count("newConnection") == 2)
        #expect(await server.statistics.open == 2)
        await clients[0].disconnectFromHost()
        try await eventually { await third.isEncrypted }
        // Raising the limit lets more in.
        let fourth = try await SSLSocket.connecting(to: endpoint)
        await server.run { $0.maxConnections = 3 }
        try await eventually { await fourth.isEncrypted }
        await server.close()
    }

    @Test("with several threads, many clients at once: none is lost, and the limit holds but for one per thread")
    func maxConnectionsUnderLoad() async throws {
        let (limit, threads) = (8, 3)
        let (server, _, endpoint) = try await SSLServer.listening(threads: threads) { server in
            server.maxConnections = limit
            server.maxPendingConnections = 1000
        }
        let most = Recorder()
        server.newConnection.connect { server in
            if server.statistics.open > limit + threads - 1 { most.add("too many") }
        }
        server.pendingConnectionAvailable.connect { server in
            while let socket = server.nextPendingConnection() {
                socket.perform { socket in
                    socket.write([1])
                    socket.disconnectFromHost()
                }
            }
        }
        let loop = try EventLoop()
        var clients: [SSLSocket] = []
        for _ in 0..<100 {
            let client = try SSLSocket(configuration: Fixture.client(), on: loop, handshakeTimeout: nil)
            try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
            clients.append(client)
        }
        for client in clients {
            try await eventually { await client.state == .unconnected }
            #expect(await client.readAll() == [1])
        }
        #expect(most.all.isEmpty)
        try await eventually { await server.statistics.open == 0 }
        #expect(await server.statistics.completed == 100)
        await server.close()
    }

    /// Does something again and again on the socket's own loop, which goes on however late the test's next line comes.
    private static func perform(
        on socket: isolated SSLSocket, times: Int, every interval: Duration,
        _ action: @escaping @Sendable (isolated SSLSocket) -> Void
    ) {
        guard times > 0 else { return }
        action(socket)
        _ = socket.loop.deadline(after: interval) { [weak socket] in
            socket?.perform { perform(on: $0, times: times - 1, every: interval, action) }
        }
    }

    @Test("an idle connection ends with close_notify and socketTimeout; one that is used does not")
    func idleTimeout() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { server in
            #expect(server.idleTimeout == nil)
            server.idleTimeout = .seconds(600)
        }
        let (idleEnd, idleClient) = (Recorder(), Recorder())
        _ = try await SSLSocket.connected(to: endpoint, recorder: idleClient)
        let idle = try #require(await server.next())
        idleEnd.follow(idle)
        let busy = try await SSLSocket.connected(to: endpoint)
        let busyEnd = try #require(await server.next())
        #expect(await idle.idleTimeout == .seconds(600))
        await idle.run { $0.idleTimeout = .milliseconds(200) }
        await busyEnd.run { busy in
            busy.idleTimeout = .seconds(2)
            Self.perform(on: busy, times: 60, every: .milliseconds(50)) { $0.write([1]) }
        }
        try await eventually { idleEnd.all.last == "disconnected failed" }
        #expect(
            idleEnd.all == [
                "error socketTimeout", "state closing", "alertSent warning close_notify", "state unconnected",
                "readChannelFinished", "disconnected failed",
            ])
        try await eventually { idleClient.all.last == "disconnected closeNotify" }
        // Three seconds of use.
        try await eventually { await busy.bytesAvailable == 60 }
        try await eventually { await !busyEnd.isEncrypted }
        #expect(await busyEnd.error == .socketTimeout)
        await server.close()
    }

    @Test("clients that never read are dropped by writeTimeout; one that reads slowly is not")
    func writeTimeout() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { server in
            #expect(server.writeTimeout == nil)
            server.writeTimeout = .seconds(1)
            server.maxPendingConnections = 100
        }
        let ends = Recorder()
        server.pendingConnectionAvailable.connect { server in
            while let socket = server.nextPendingConnection() {
                socket.perform { socket in
                    ends.follow(socket)
                    socket.writeBufferSize = 1 << 26
                    socket.write([UInt8](repeating: 7, count: 1 << 24))
                }
            }
        }
        var clients: [SSLSocket] = []
        for _ in 0..<10 {
            let client = try SSLSocket(
                configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
            await client.run { $0.readBufferSize = 1 }
            try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
            clients.append(client)
        }
        try await eventually { ends.count("disconnected failed") == 10 }
        #expect(ends.count("error socketTimeout") == 10)
        try await eventually { await server.statistics.open == 0 }
        for client in clients { await client.abort() }

        await server.run { $0.writeTimeout = .seconds(2) }
        let reader = try await SSLSocket.connecting(to: endpoint)
        let received = Mutex(0)
        await reader.run { reader in
            Self.perform(on: reader, times: .max, every: .milliseconds(10)) { reader in
                let count = reader.skip(1 << 16)
                received.withLock { $0 += count }
            }
        }
        try await eventually { received.withLock { $0 } == 1 << 24 }
        #expect(ends.count("disconnected failed") == 10)
        await reader.abort()
        await server.close()
    }

    @Test("G-18 statistics: accepted, completed, failed by reason, alerts by type, what is going on now")
    func statistics() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let fresh = await server.statistics
        #expect(fresh.accepted == 0 && fresh.failed == 0 && fresh.open == 0 && fresh.alertsSent.isEmpty)
        let good = try await SSLSocket.connected(to: endpoint)
        let silent = try BlockingClient(to: endpoint)
        let plain = try BlockingClient(to: endpoint)
        try plain.send([0x41])
        #expect(try plain.receiveAll().isEmpty)
        let broken = try BlockingClient(to: endpoint)
        try broken.send([22, 3, 1, 0, 4, 20, 0, 0, 0])
        _ = try broken.receiveAll()
        do {
            let gone = try BlockingClient(to: endpoint)
            try gone.send([22])
        }
        try await eventually {
            let statistics = await server.statistics
            return statistics.failed == 3 && statistics.completed == 1
        }
        var statistics = await server.statistics
        #expect(statistics.accepted == 5)
        #expect(statistics.completed == 1)
        #expect(statistics.resumed == 0)
        #expect(statistics.failures == [.notTLS: 1, .sslHandshakeFailed: 1, .remoteHostClosed: 1])
        #expect(statistics.alertsSent == [.unexpectedMessage: 1])
        #expect(statistics.alertsReceived == [:])
        #expect(statistics.inFlight == 1)
        #expect(statistics.queued == 1)
        #expect(statistics.open == 2)
        // Alerts count also after the handshake.
        await good.disconnectFromHost()
        try await eventually { await server.statistics.open == 1 }
        statistics = await server.statistics
        #expect(statistics.alertsReceived == [.closeNotify: 1])
        #expect(statistics.alertsSent == [.unexpectedMessage: 1, .closeNotify: 1])
        await server.close()
        #expect(try silent.receiveAll() == [21, 3, 3, 0, 2, 1, 0])
    }

    @Test("6.2-23 connections that come together are all accepted, also after a pause")
    func manyAtOnce() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        for _ in 0..<5 {
            await server.pauseAccepting()
            var clients: [BlockingClient] = []
            for _ in 0..<100 { clients.append(try BlockingClient(to: endpoint)) }
            await server.resumeAccepting()
            try await eventually { await server.statistics.inFlight == 100 }
            clients = []
            try await eventually { await server.statistics.open == 0 }
        }
        #expect(recorder.count("newConnection") == 500)
        #expect(recorder.count("error remoteHostClosed") == 500)
        await server.close()
    }
}
