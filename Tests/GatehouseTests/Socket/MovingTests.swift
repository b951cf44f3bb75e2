import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct MovingTests {
    @Test("a connection moves with what was received and not read, and what was written and not sent")
    func nothingIsLost() async throws {
        let pair = try await Pair()
        let other = try EventLoop()
        await pair.client.write([1, 2, 3])
        try await eventually { await pair.socket.bytesAvailable == 3 }
        let oldEnd = Recorder()
        oldEnd.follow(pair.socket)
        let seen = Mutex<[UInt8]>([])
        let moved = try await pair.socket.run { socket in
            socket.readBufferSize = 77_777
            socket.write([7, 8])
            return try socket.move(to: other) { socket in
                socket.readyRead.connect { socket in
                    #expect(socket.loop.isCurrent)
                    let bytes = socket.readAll()
                    seen.withLock { $0 += bytes }
                    socket.write([9])
                }
            }
        }
        #expect(moved.loop === other)
        #expect(try await pair.client.receive(3) == [7, 8, 9])
        #expect(seen.withLock { $0 } == [1, 2, 3])
        await pair.client.write([4])
        #expect(try await pair.client.receive(1) == [9])
        #expect(seen.withLock { $0 } == [1, 2, 3, 4])
        #expect(await moved.readBufferSize == 77_777)
        #expect(await moved.isEncrypted)
        #expect(moved.peerEndpoint == pair.client.localEndpoint)
        #expect(moved.localEndpoint == pair.socket.localEndpoint)
        #expect(await moved.requestedServerName == "localhost")
        #expect(await moved.mode == .sslServer)

        #expect(await pair.socket.state == .unconnected)
        #expect(await pair.socket.bytesAvailable == 0)
        #expect(await pair.socket.bytesToWrite == 0)
        #expect(await pair.socket.write([1]) == 0)
        #expect(await pair.socket.socketDescriptor == nil)
        #expect(oldEnd.all.isEmpty)
        #expect(await pair.server.statistics.open == 1)
        await moved.disconnectFromHost()
        #expect(await pair.client.waitForDisconnected(timeout: nil))
        try await eventually { await pair.server.statistics.open == 0 }
        await pair.end()
    }

    @Test("a connection moves from loop to loop while megabytes flow both ways")
    func underLoad() async throws {
        let pair = try await Pair()
        let loops = [try EventLoop(), try EventLoop(), pair.server.loop]
        let total = 4_000_000
        let echo: @Sendable (isolated SSLSocket) -> Void = { socket in
            let echo: @Sendable (isolated SSLSocket) -> Void = { socket in
                socket.skip(socket.write(socket.peek(socket.bytesAvailable)))
            }
            socket.readyRead.connect { echo($0) }
            socket.bytesWritten.connect { socket, _ in echo(socket) }
            echo(socket)
        }
        await pair.socket.run(echo)
        await pair.client.run { $0.readBufferSize = 100_000 }
        let data = (0..<total).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let sent = Mutex(0)
        let sendMore: @Sendable (isolated SSLSocket) -> Void = { client in
            sent.withLock { $0 += client.write(data[$0...]) }
        }
        pair.client.bytesWritten.connect { client, _ in sendMore(client) }
        await pair.client.run(sendMore)
        var socket = pair.socket
        var received: [UInt8] = []
        var moves = 0
        while received.count < total {
            _ = await pair.client.waitForReadyRead(timeout: nil)
            received += await pair.client.readAll()
            if received.count > total / 20 * moves {
                let loop = loops[moves % loops.count]
                socket = try await socket.run { try $0.move(to: loop, echo) }
                moves += 1
            }
        }
        #expect(received == data)
        #expect(moves > 5)
        await socket.abort()
        await pair.end()
    }

    @Test("a slot may move its own socket; what was still to be told is told on the new loop")
    func fromASlot() async throws {
        let (server, _, endpoint) = try await SSLServer.listening(threads: 2)
        let worker = try EventLoop()
        let recorder = Recorder()
        server.pendingConnectionAvailable.connect { server in
            server.nextPendingConnection()?.perform { socket in
                do {
                    try socket.move(to: worker) { socket in
                        recorder.follow(socket)
                        socket.readyRead.connect { socket in
                            recorder.add("readyRead")
                            socket.write(socket.readAll())
                        }
                    }
                } catch {
                    Issue.record(error)
                }
            }
        }
        let client = try BlockingClient(to: endpoint)
        var engine = try EngineClient(on: client)
        // Finished, data and close_notify in one go: they are all there when the socket moves.
        try engine.handshake(thenSending: [1, 2, 3])
        #expect(try engine.readToEnd())
        #expect(engine.received == [1, 2, 3])
        try await eventually { recorder.all.last?.hasPrefix("disconnected") == true }
        #expect(recorder.count("readyRead") == 1)
        #expect(recorder.all.last == "disconnected closeNotify")
        await server.close()
    }

    @Test("only an encrypted connection that is not closing can move")
    func refusals() async throws {
        let other = try EventLoop()
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        let refusal = { (socket: SSLSocket) async in
            await #expect(throws: SocketFailure.self) { _ = try await socket.move(to: other) }?.error
        }
        #expect(await refusal(client) == .operation)
        server.startedEncryptionHandshake.connect { _, socket in
            socket.perform { socket in
                #expect(throws: SocketFailure.self) { _ = try socket.assumeIsolated { try $0.move(to: other) } }
            }
        }
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        #expect(await client.waitForEncrypted(timeout: nil))
        await client.abort()
        #expect(await refusal(client) == .operation)
        await server.close()
    }

    @Test("a client's socket moves too, and a server that shuts down still ends connections that have moved")
    func bothRoles() async throws {
        let pair = try await Pair()
        let other = try EventLoop()
        let client = try await pair.client.run { try $0.move(to: other) }
        let socket = try await pair.socket.run { try $0.move(to: other) }
        await client.write([1])
        #expect(try await socket.receive(1) == [1])
        await pair.server.shutdown(gracePeriod: .milliseconds(10))
        #expect(await client.waitForDisconnected(timeout: nil))
        #expect(await socket.waitForDisconnected(timeout: nil))
        #expect(await pair.server.statistics.open == 0)
    }
}
