import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct WaitingTests {
    private static let soon = Duration.milliseconds(30)

    @Test("RW-16 in a task: encrypted, data, written, disconnected, each as it happens")
    func inATask() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connecting(to: endpoint)
        #expect(await client.waitForEncrypted(timeout: nil))
        #expect(await client.waitForEncrypted(timeout: nil))
        let socket = try #require(await server.next())
        async let arrival = socket.waitForReadyRead(timeout: nil)
        await client.write([1, 2, 3])
        #expect(await client.waitForBytesWritten(timeout: nil))
        #expect(await client.bytesToWrite == 0)
        #expect(await arrival)
        #expect(await socket.readAll() == [1, 2, 3])
        async let end = socket.waitForDisconnected(timeout: nil)
        await client.disconnectFromHost()
        #expect(await end)
        #expect(await socket.waitForDisconnected(timeout: nil))
        #expect(await !socket.waitForReadyRead(timeout: nil))
        #expect(await !socket.waitForEncrypted(timeout: nil))
        #expect(await !socket.waitForBytesWritten(timeout: nil))
        await server.close()
    }

    @Test("RW-16 data that came between reading and waiting is not missed; looked at, it is waited for no more")
    func nothingIsMissed() async throws {
        let pair = try await Pair()
        await pair.client.write([1])
        try await eventually { await pair.socket.bytesAvailable == 1 }
        #expect(await pair.socket.waitForReadyRead(timeout: nil))
        #expect(await !pair.socket.waitForReadyRead(timeout: Self.soon))
        await pair.client.write([2])
        try await eventually { await pair.socket.bytesAvailable == 2 }
        #expect(await pair.socket.peek(2) == [1, 2])
        #expect(await !pair.socket.waitForReadyRead(timeout: Self.soon))
        await pair.end()
    }

    @Test("RW-16 every wait ends when its time is over or its task is cancelled, and the socket goes on")
    func timeouts() async throws {
        let pair = try await Pair()
        await pair.client.run { $0.readBufferSize = 1 }
        repeat {
            await pair.socket.write([UInt8](repeating: 1, count: 1 << 20))
        } while await pair.socket.waitForBytesWritten(timeout: Self.soon)
        #expect(await !pair.socket.waitForReadyRead(timeout: Self.soon))
        #expect(await !pair.socket.waitForDisconnected(timeout: Self.soon))
        #expect(await !pair.socket.waitForDisconnected(timeout: .zero))
        let waiting = Task { await pair.socket.waitForReadyRead(timeout: nil) }
        waiting.cancel()
        #expect(await !waiting.value)
        #expect(await pair.socket.isEncrypted)
        #expect(await pair.socket.error == nil)
        // A full buffer is read no further: there is nothing to wait for.
        _ = await pair.client.waitForReadyRead(timeout: nil)
        #expect(await !pair.client.waitForReadyRead(timeout: nil))
        await pair.end()
    }

    @Test("RW-16 a socket that was never connected waits for nothing")
    func neverConnected() async throws {
        let socket = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        #expect(await !socket.waitForEncrypted(timeout: nil))
        #expect(await !socket.waitForReadyRead(timeout: nil))
        #expect(await !socket.waitForBytesWritten(timeout: nil))
        #expect(await !socket.waitForDisconnected(timeout: nil))
    }

    @Test("RW-16 in the style that blocks: connect by name, handshake, write, read, end, all in one stretch")
    func blocking() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        await server.echo()
        let recorder = Recorder()
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        recorder.follow(client)
        client.readyRead.connect { _ in recorder.add("readyRead") }
        try await client.run { client in
            try client.connectToHostEncrypted("localhost", port: endpoint.port)
            #expect(client.waitForEncrypted(timeout: nil) == true)
            client.write([1, 2, 3])
            #expect(client.waitForBytesWritten(timeout: nil) == true)
            while client.bytesAvailable < 3 { #expect(client.waitForReadyRead(timeout: nil) == true) }
            #expect(client.readAll() == [1, 2, 3])
            client.disconnectFromHost()
            #expect(client.waitForDisconnected(timeout: nil) == true)
        }
        #expect(
            recorder.all == [
                "state hostLookup", "state connecting", "hostFound", "state connected", "connected", "encrypted",
                "readyRead", "state closing", "alertSent warning close_notify", "state unconnected",
                "readChannelFinished", "disconnected local",
            ])
        await server.close()
    }

    @Test("RW-16 a wait that holds up the loop ends with its time, and with the deadline of the handshake")
    func blockingTimeouts() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.maxPendingConnections = 0 }
        let patient = try SSLSocket(
            configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        try await patient.run { client in
            try client.connectToHostEncrypted("127.0.0.1", port: endpoint.port)
            #expect(client.waitForEncrypted(timeout: .milliseconds(10)) == false)
            #expect(client.error == nil)
            client.abort()
        }
        let hasty = try SSLSocket(
            configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: .milliseconds(50))
        try await hasty.run { client in
            try client.connectToHostEncrypted("127.0.0.1", port: endpoint.port)
            #expect(client.waitForEncrypted(timeout: nil) == false)
            #expect(client.error == .socketTimeout)
            #expect(client.waitForDisconnected(timeout: nil) == true)
        }
        await server.close()
    }

    @Test("RW-16 waiting inside any slot: data comes, no slot is called inside another, and none is lost")
    func insideSlots() async throws {
        typealias Connect = @Sendable (SSLSocket, @escaping @Sendable (isolated SSLSocket) -> Void) -> Void
        let slots: [(name: String, connect: Connect)] = [
            ("encrypted", { socket, body in socket.encrypted.connect { body($0) } }),
            ("modeChanged", { socket, body in socket.modeChanged.connect { socket, _ in body(socket) } }),
            ("stateChanged", { socket, body in socket.stateChanged.connect { socket, _ in body(socket) } }),
            ("connected", { socket, body in socket.connected.connect { body($0) } }),
            ("hostFound", { socket, body in socket.hostFound.connect { body($0) } }),
            ("readyRead", { socket, body in socket.readyRead.connect { body($0) } }),
            ("bytesWritten", { socket, body in socket.bytesWritten.connect { socket, _ in body(socket) } }),
            (
                "encryptedBytesWritten",
                { socket, body in
                    socket.encryptedBytesWritten.connect { socket, _ in body(socket) }
                }
            ),
        ]
        for slot in slots {
            let (server, _, endpoint) = try await SSLServer.listening()
            server.startedEncryptionHandshake.connect { _, socket in
                socket.encrypted.connect { $0.write([1, 2]) }
            }
            await server.echo()
            let client = try SSLSocket(
                configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
            let depth = Mutex((current: 0, deepest: 0))
            let answer = Mutex<[UInt8]?>(nil)
            slot.connect(client) { client in
                depth.withLock { depth in
                    depth.current += 1
                    depth.deepest = max(depth.deepest, depth.current)
                }
                defer { depth.withLock { $0.current -= 1 } }
                guard answer.withLock({ $0 == nil }) else { return }
                answer.withLock { $0 = [] }
                #expect(client.waitForEncrypted(timeout: nil) == true, "\(slot.name)")
                client.write([7, 8, 9])
                #expect(client.waitForBytesWritten(timeout: nil) == true, "\(slot.name)")
                while !Set([1, 2, 7, 8, 9]).isSubset(of: client.peek(9)), client.waitForReadyRead(timeout: nil) {}
                let bytes = client.readAll()
                answer.withLock { $0 = bytes }
                client.disconnectFromHost()
                #expect(client.waitForDisconnected(timeout: nil) == true, "\(slot.name)")
            }
            client.encrypted.connect { $0.write([3]) }
            try await client.connectToHostEncrypted("localhost", port: endpoint.port)
            try await eventually { await client.state == .unconnected }
            #expect(Set([1, 2, 7, 8, 9]).isSubset(of: answer.withLock { $0 } ?? []), "\(slot.name)")
            #expect(depth.withLock { $0.deepest } == 1, "\(slot.name)")
            await server.close()
        }
    }

    @Test("RW-16, G-9 waiting for the end inside a slot answers the peer's close_notify")
    func endInsideASlot() async throws {
        let pair = try await Pair()
        let recorder = Recorder()
        recorder.follow(pair.socket)
        pair.socket.readyRead.connect { socket in
            #expect(socket.waitForDisconnected(timeout: nil) == true)
            recorder.add("waited")
        }
        await pair.client.run { client in
            client.write([1])
            client.disconnectFromHost()
        }
        try await eventually { recorder.all.last == "disconnected closeNotify" }
        #expect(
            recorder.all == [
                "waited", "alertReceived warning close_notify", "readChannelFinished", "state closing",
                "alertSent warning close_notify", "state unconnected", "disconnected closeNotify",
            ])
        await pair.end()
    }
}
