import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

/// Listening, and its end. TS-15 is left out: a TLS server does not listen through a SOCKS proxy.
@Suite(.onOwnThreads, .patient) struct ListeningTests {
    @Test("6.2-9, TS-3, SV-1, P2 a server that does not listen")
    func constructing() async throws {
        let server = try SSLServer(configuration: Fixture.server())
        #expect(await !server.isListening)
        #expect(await server.serverPort == 0)
        #expect(await server.serverAddress == nil)
        #expect(await server.serverPath == nil)
        #expect(await server.socketDescriptor == -1)
        #expect(await server.maxPendingConnections == 30)
        #expect(await server.maxHandshakes == 1024)
        #expect(await server.handshakeTimeout == .seconds(5))
        #expect(await !server.hasPendingConnections)
        #expect(await server.nextPendingConnection() == nil)
        #expect(await server.serverError == nil)
        #expect(await server.errorString.isEmpty)
        #expect(await server.statistics.accepted == 0)
        #expect(await !server.waitForNewConnection())
    }

    @Test("TS-1, 6.2-17, 6.2-22 what listening fails with, and that it can be tried again")
    func listenErrors() async throws {
        let server = try await SSLServer.patient()
        let foreign = try #require(HostAddress("1.2.3.4"))
        let unavailable = await #expect(throws: SocketFailure.self) { try await server.listen(address: foreign) }
        #expect(unavailable?.error == .socketAddressNotAvailable)
        #expect(unavailable?.reason == "The address is not available")
        #expect(await server.serverError == .socketAddressNotAvailable)
        #expect(await server.errorString == "The address is not available")
        #expect(await !server.isListening)
        let port = try freePort()
        try await server.listen(address: .localHost, port: port)
        #expect(await server.serverPort == port)
        #expect(await server.isListening)
        #expect(await server.serverAddress == .localHost)
        let other = try await SSLServer.patient()
        let inUse = await #expect(throws: SocketFailure.self) {
            try await other.listen(address: .localHost, port: port)
        }
        #expect(inUse?.error == .addressInUse)
        #expect(inUse?.reason == "The bound address is already in use")
        await server.close()
        try await other.listen(address: .localHost, port: port)
        await other.close()
    }

    @Test("6.2-20 listening twice fails and changes nothing")
    func listenTwice() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let failure = await #expect(throws: SocketFailure.self) { try await server.listen() }
        #expect(failure?.error == .operation)
        #expect(await server.serverError == nil)
        #expect(await server.serverPort == endpoint.port)
        _ = try await SSLSocket.connected(to: endpoint)
        await server.close()
    }

    @Test("6.2-12 a server that listens on IPv6 alone")
    func ipv6() async throws {
        let server = try await SSLServer.patient()
        try await server.listen(address: .localHostIPv6)
        #expect(await server.serverAddress == .localHostIPv6)
        let client = try await SSLSocket.connected(
            to: Endpoint(address: .localHostIPv6, port: await server.serverPort))
        let socket = try #require(await server.next())
        #expect(socket.peerEndpoint == client.localEndpoint)
        #expect(socket.peerAddress == .localHostIPv6)
        await socket.write([6])
        #expect(try await client.receive(1) == [6])
        await server.close()
    }

    @Test("6.2-13, TS-1 the wildcard takes IPv4 and IPv6", arguments: [HostAddress.localHost, .localHostIPv6])
    func dualStack(_ address: HostAddress) async throws {
        let server = try await SSLServer.patient()
        try await server.listen()
        #expect(await server.serverAddress == .any)
        let endpoint = Endpoint(address: address, port: await server.serverPort)
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        #expect(socket.peerAddress == address)
        #expect(socket.peerPort == client.localEndpoint?.port)
        await server.close()
    }

    @Test("G-2, 6.2-15, 7-B closing and pausing in any state never crashes, and listening again works")
    func anyState() async throws {
        let server = try await SSLServer.patient()
        await server.close()
        await server.pauseAccepting()
        await server.resumeAccepting()
        await server.close()
        for _ in 0..<3 {
            try await server.listen(address: .localHost)
            _ = try await SSLSocket.connected(
                to: Endpoint(address: .localHost, port: await server.serverPort))
            await server.close()
            await server.close()
            #expect(await !server.isListening)
            #expect(await !server.hasPendingConnections)
        }
    }

    @Test("G-2, 7-B close ends handshakes in flight and the queue with an alert; connections that were taken live on")
    func close() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let takenClient = try await SSLSocket.connected(to: endpoint)
        let taken = try #require(await server.next())
        let queuedRecorder = Recorder()
        _ = try await SSLSocket.connected(to: endpoint, recorder: queuedRecorder)
        try await eventually { recorder.count("pending") == 2 }
        // One whose time is short, closed as soon as its handshake has begun.
        await server.run { $0.handshakeTimeout = .seconds(2) }
        server.startedEncryptionHandshake.connect { server, _ in server.close() }
        await server.pauseAccepting()
        let inFlight = try BlockingClient(to: endpoint)
        try inFlight.send(Array(try Fixture.clientHello().prefix(100)))
        await server.resumeAccepting()
        // A plaintext close_notify (RFC 9846 §6.1), then the end.
        #expect(try inFlight.receiveAll() == [21, 3, 3, 0, 2, 1, 0])
        try await eventually { queuedRecorder.all.last == "disconnected closeNotify" }
        try await eventually { await server.statistics.open == 1 }
        // Its timeout passes without harm.
        try await Task.sleep(for: .seconds(2))
        #expect(recorder.all.count { $0.hasPrefix("error") } == 0)
        await taken.write([1, 2, 3])
        #expect(try await takenClient.receive(3) == [1, 2, 3])
        await takenClient.disconnectFromHost()
        try await eventually { await taken.state == .unconnected }
    }

    @Test("G-2 shutdown lets connections finish, and ends those that do not")
    func shutdown() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        let waiting = Recorder()
        let task = Task {
            await server.shutdown(gracePeriod: Fixture.patience)
            waiting.add("done")
        }
        try await eventually { await !server.isListening }
        await socket.write([7])
        #expect(try await client.receive(1) == [7])
        #expect(waiting.all.isEmpty)
        await client.disconnectFromHost()
        await task.value

        try await server.listen(address: .localHost)
        let stubbornRecorder = Recorder()
        _ = try await SSLSocket.connected(
            to: Endpoint(address: .localHost, port: await server.serverPort), recorder: stubbornRecorder)
        try await eventually { recorder.count("pending") == 2 }
        await server.shutdown(gracePeriod: .milliseconds(50))
        try await eventually { stubbornRecorder.all.last == "disconnected closeNotify" }
        #expect(await server.statistics.open == 0)
        #expect(await !server.hasPendingConnections)
    }

    @Test("6.2-24 what is in the queue can be taken while the server does not listen any more")
    func takeAfterShutdown() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        try await eventually { await server.hasPendingConnections }
        let task = Task { await server.shutdown(gracePeriod: Fixture.patience) }
        try await eventually { await !server.isListening }
        let socket = try #require(await server.nextPendingConnection())
        #expect(await socket.isEncrypted)
        await client.disconnectFromHost()
        await task.value
    }

    @Test("G-16, TS-14, 6.2-18 waiting for a connection waits for an encrypted one, up to the timeout")
    func waiting() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        #expect(await !server.waitForNewConnection(timeout: .milliseconds(20)))
        let silent = try BlockingClient(to: endpoint)
        try await eventually { await server.statistics.accepted == 1 }
        #expect(await !server.waitForNewConnection(timeout: .milliseconds(20)))
        let client = try await SSLSocket.connecting(to: endpoint)
        #expect(await server.waitForNewConnection(timeout: nil))
        #expect(await server.waitForNewConnection())
        #expect(await server.nextPendingConnection()?.peerPort == client.localEndpoint?.port)
        let cancelled = Task { await server.waitForNewConnection() }
        cancelled.cancel()
        #expect(await !cancelled.value)
        #expect(await server.connectionWaiters.isEmpty)
        let waiting = Task { await server.waitForNewConnection() }
        try await eventually { await !server.connectionWaiters.isEmpty }
        await server.close()
        #expect(await !waiting.value)
        #expect(try silent.receiveAll() == [21, 3, 3, 0, 2, 1, 0])
    }
}
