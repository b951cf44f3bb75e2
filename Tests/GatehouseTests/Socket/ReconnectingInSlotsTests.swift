import GatehouseSystem
import Synchronization
import TestSupport
import Testing

@testable import Gatehouse

/// Slots, waits and tasks of a socket that connects again after its end.
@Suite(.onOwnThreads, .patient) struct ReconnectingInSlotsTests {
    private static func client() throws -> SSLSocket {
        try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
    }

    /// Sends back what comes, and ends the connection when that is a zero.
    private static func answerOrEnd(_ socket: isolated SSLSocket) {
        let answer: @Sendable (isolated SSLSocket) -> Void = { socket in
            let bytes = socket.readAll()
            if bytes == [0] { socket.disconnectFromHost() } else { socket.write(bytes) }
        }
        socket.readyRead.connect { answer($0) }
        answer(socket)
    }

    @Test("SK-12 a slot of disconnected connects again: the slots stay, and hear of each connection in order")
    func fromDisconnected() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try Self.client()
        let recorder = Recorder()
        recorder.follow(client)
        client.encrypted.connect { $0.disconnectFromHost() }
        client.disconnected.connect { client, _ in
            guard recorder.count("encrypted") < 5 else { return }
            #expect(throws: Never.self) { try client.connectToHostEncrypted("localhost", port: endpoint.port) }
        }
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        try await eventually { recorder.count("disconnected local") == 5 }
        let once = [
            "state hostLookup", "state connecting", "hostFound", "state connected", "connected", "encrypted",
            "state closing", "alertSent warning close_notify", "state unconnected", "readChannelFinished",
            "disconnected local",
        ]
        #expect(recorder.all == (1...5).flatMap { _ in once })
        // Nobody has connected again after the last end: the slots are gone.
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        #expect(await client.waitForEncrypted(timeout: nil))
        #expect(recorder.all.count == 5 * once.count)
        await client.abort()
        await server.close()
    }

    @Test(
        "RW-11, SK-12 a slot that throws the connection away and connects again: the end is told before the beginning")
    func abortInASlot() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try Self.client()
        let recorder = Recorder()
        recorder.follow(client)
        client.encrypted.connect { client in
            guard recorder.count("encrypted") == 1 else { return }
            client.abort()
            #expect(throws: Never.self) { try client.connectToHostEncrypted("localhost", port: endpoint.port) }
            recorder.add("slot ends")
        }
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        try await eventually { recorder.count("encrypted") == 2 }
        let first = try #require(recorder.all.firstIndex(of: "slot ends"))
        #expect(
            recorder.all[first...].prefix(6) == [
                "slot ends", "state unconnected", "readChannelFinished", "disconnected local", "state hostLookup",
                "state connecting",
            ])
        #expect(await client.isEncrypted)
        await client.abort()
        #expect(recorder.count("disconnected local") == 2)
        await server.close()
    }

    @Test("6.3-38 a slot of disconnected that tries again in vain, again and again, does not hold up its loop")
    func inVain() async throws {
        let client = try Self.client()
        let isEnough = Mutex(false)
        let attempts = Recorder()
        client.disconnected.connect { client, _ in
            guard !isEnough.withLock({ $0 }) else { return attempts.add("last") }
            attempts.add("again")
            #expect(throws: Never.self) {
                try client.connectToUnixSocketEncrypted("/nowhere/at/all", peerVerifyName: "localhost")
            }
        }
        try await client.connectToUnixSocketEncrypted("/nowhere/at/all", peerVerifyName: "localhost")
        try await eventually { attempts.all.count > 10 }
        #expect(await client.error != nil)
        isEnough.withLock { $0 = true }
        try await eventually { attempts.all.last == "last" }
    }

    @Test("an idle connection that ends takes nothing of the one that a slot begins with it")
    func afterIdleness() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let recorder = Recorder()
        recorder.follow(client)
        client.disconnected.connect { client, _ in
            guard recorder.count("encrypted") == 0 else { return }
            client.idleTimeout = nil
            #expect(throws: Never.self) { try client.connectToHostEncrypted("localhost", port: endpoint.port) }
        }
        await client.run { $0.idleTimeout = .milliseconds(20) }
        try await eventually { recorder.all.contains("encrypted") || recorder.count("disconnected failed") > 1 }
        #expect(await client.isEncrypted)
        #expect(await client.error == nil)
        await client.abort()
        await server.close()
    }

    @Test("RW-16 waits that hold the thread up, one connection after the other, and across a slot that connects again")
    func blocking() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        server.pendingConnectionAvailable.connect { server in
            while let socket = server.nextPendingConnection() { socket.perform(Self.answerOrEnd) }
        }
        let client = try Self.client()
        try await client.run { client in
            for byte in 1...3 as ClosedRange<UInt8> {
                try client.connectToHostEncrypted("localhost", port: endpoint.port)
                #expect(client.waitForEncrypted(timeout: nil) == true)
                client.write([byte])
                #expect(client.waitForReadyRead(timeout: nil) == true)
                #expect(client.readAll() == [byte])
                client.disconnectFromHost()
                #expect(client.waitForDisconnected(timeout: nil) == true)
                #expect(client.waitForEncrypted(timeout: nil) == false)
            }
            for awaitsEnd in [true, false] {
                try client.connectToHostEncrypted("localhost", port: endpoint.port)
                #expect(client.waitForEncrypted(timeout: nil) == true)
                let slot = client.disconnected.connect { client, _ in
                    #expect(throws: Never.self) { try client.connectToHostEncrypted("localhost", port: endpoint.port) }
                }
                client.write([0])
                // The connection is over that was waited for, though the socket is on its way again.
                let outcome =
                    awaitsEnd
                    ? client.waitForDisconnected(timeout: nil) : client.waitForReadyRead(timeout: nil)
                slot.disconnect()
                #expect(outcome == awaitsEnd)
                #expect(client.waitForEncrypted(timeout: nil) == true)
                client.abort()
            }
        }
        await server.close()
    }

    @Test("RW-16 waits of tasks are over with the connection that they began in")
    func tasks() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        client.disconnected.connect { client, _ in
            #expect(throws: Never.self) { try client.connectToHostEncrypted("localhost", port: endpoint.port) }
        }
        let data = Task { await client.waitForReadyRead(timeout: nil) }
        let end = Task { await client.waitForDisconnected(timeout: nil) }
        try await eventually { await client.waits.count == 2 }
        let socket = try #require(await server.next())
        await socket.abort()
        #expect(await end.value)
        #expect(await !data.value)
        #expect(await client.waitForEncrypted(timeout: nil))
        await client.run { client in
            client.disconnected.disconnectAll()
            client.abort()
        }
        await server.close()
    }

    @Test("F-22 a task that reads or writes stays with the connection in which it began")
    func asyncFace() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let connection = SSLConnection(client)
        let first = try #require(await server.next())
        await first.run { $0.readBufferSize = 1 }
        await first.write([1])
        var inbound = connection.inbound.makeAsyncIterator()
        var lines = connection.lines().makeAsyncIterator()
        #expect(try await inbound.next() == [1])
        await first.write(Array("a line\nhalf".utf8))
        #expect(try await lines.next() == "a line")
        // More than all the buffers on the way take.
        let writing = Task { try await connection.write([UInt8](repeating: 0xEE, count: 1 << 25)) }
        try await eventually { await client.bytesToWrite == client.writeBufferSize }
        try await client.run { client in
            client.abort()
            try client.connectToHostEncrypted("localhost", port: endpoint.port)
        }
        await #expect(throws: SocketFailure.self) { try await writing.value }
        #expect(await client.waitForEncrypted(timeout: nil))
        let second = try #require(await server.next())
        await second.write(Array("b\n".utf8))
        try await connection.write([5])
        await connection.finishWriting()
        #expect(await second.waitForDisconnected(timeout: nil))
        #expect(await second.readAll() == [5])
        await #expect(throws: SocketFailure.self) { try await inbound.next() }
        await #expect(throws: SocketFailure.self) { try await lines.next() }
        #expect(try await connection.lines().reduce(into: []) { $0.append($1) } == ["b"])
        await first.abort()
        await server.close()
    }
}
