import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct ReadWriteTests {
    private func pair() async throws -> (server: SSLServer, socket: SSLSocket, client: SSLSocket) {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        return (server, socket, client)
    }

    @Test("RW-2, 6.3-45 read, readAll and peek, in any portions")
    func portions() async throws {
        let (server, socket, client) = try await pair()
        await client.write(Array(0..<100))
        try await eventually { await socket.bytesAvailable == 100 }
        #expect(await socket.peek(5) == [0, 1, 2, 3, 4])
        #expect(await socket.peek(1000).count == 100)
        #expect(await socket.read(3) == [0, 1, 2])
        #expect(await socket.read(0).isEmpty)
        #expect(await socket.read(-1).isEmpty)
        #expect(await socket.bytesAvailable == 97)
        #expect(await socket.readAll() == Array(3..<100))
        #expect(await socket.readAll().isEmpty)
        await server.close()
        await client.abort()
    }

    @Test("RW-1 readyRead tells of everything; RW-2 what came stays readable after the end")
    func readableAfterTheEnd() async throws {
        let (server, socket, client) = try await pair()
        let seen = Mutex<[Int]>([])
        socket.readyRead.connect { socket in
            let available = socket.bytesAvailable
            seen.withLock { $0.append(available) }
        }
        await client.write([1, 2, 3])
        await client.disconnectFromHost()
        try await eventually { await socket.state == .unconnected }
        #expect(seen.withLock { $0 }.last == 3)
        #expect(await socket.readAll() == [1, 2, 3])
        #expect(await socket.write([1]) == 0)
        await server.close()
    }

    @Test("6.3-42 10 MB arrive whole, and bytesWritten adds up")
    func bigTransfer() async throws {
        let (server, socket, client) = try await pair()
        let total = 10_000_000
        let pattern = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let written = Mutex(0)
        let confirmed = Mutex(0)
        let more: @Sendable (isolated SSLSocket) -> Void = { socket in
            while true {
                let position = written.withLock { $0 }
                let start = position % pattern.count
                let part = pattern[start...].prefix(total - position)
                if part.isEmpty { return socket.disconnectFromHost() }
                let taken = socket.write(part)
                written.withLock { $0 += taken }
                if taken < part.count { return }
            }
        }
        socket.bytesWritten.connect { socket, count in
            confirmed.withLock { $0 += count }
            more(socket)
        }
        let received = Mutex<[UInt8]>([])
        client.readyRead.connect { client in
            let part = client.readAll()
            received.withLock { $0 += part }
        }
        await socket.run(more)
        try await eventually { await client.ending == .closeNotify }
        let all = received.withLock { $0 }
        #expect(all.count == total)
        let isSame = stride(from: 0, to: all.count, by: pattern.count).allSatisfy { start in
            let part = all[start...].prefix(pattern.count)
            return part.elementsEqual(pattern.prefix(part.count))
        }
        #expect(isSame)
        try await eventually { confirmed.withLock { $0 } == total }
        await server.close()
    }

    @Test("G-11 write takes no more than the buffer's size, and takes more when there is room again")
    func highWaterMark() async throws {
        let (server, socket, client) = try await pair()
        await client.run { $0.readBufferSize = 1 }
        let size = 100_000
        let taken = await socket.run { socket in
            socket.writeBufferSize = size
            var taken = 0
            #expect(socket.write([UInt8](repeating: 1, count: size + 1)) == size)
            #expect(socket.write([1]) == 0)
            #expect(socket.bytesToWrite == size)
            taken += size
            return taken
        }
        // The kernel's buffers take much; when they are full, ours is too.
        var total = taken
        while true {
            let more = await socket.write([UInt8](repeating: 1, count: size))
            #expect(await socket.bytesToWrite <= size)
            total += more
            let goes = await socket.waitForBytesWritten(timeout: .milliseconds(50))
            if more == 0 && !goes { break }
        }
        // The reader held back; now it reads, and everything comes.
        let all = total
        await client.run { $0.readBufferSize = 0 }
        try await eventually { await client.bytesAvailable == all }
        #expect(await socket.bytesToWrite == 0)
        #expect(await socket.write([1]) == 1)
        await server.close()
        await client.abort()
    }

    @Test("G-11, RW-4, 6.3-34 the read side stops at its buffer's size; reading or lifting the limit goes on")
    func readBufferSize() async throws {
        let (server, socket, client) = try await pair()
        let size = 1000
        await socket.run { $0.readBufferSize = size }
        let total = 600_000
        await client.run { client in
            client.writeBufferSize = total
            client.write([UInt8](repeating: 1, count: total))
        }
        try await eventually { await socket.bytesAvailable >= size }
        try await Task.sleep(for: .milliseconds(50))
        #expect(await socket.bytesAvailable <= size + (1 << 16))
        var received = 0
        while received < total / 2 { received += await socket.read(10_000).count }
        await socket.run { $0.readBufferSize = 0 }
        let half = received
        try await eventually { await socket.bytesAvailable + half == total }
        await server.close()
        await client.abort()
    }

    @Test("RW-4 a peer that ends while nothing is read: all of it is there when reading goes on")
    func endWhileHeldBack() async throws {
        let (server, socket, client) = try await pair()
        await socket.run { $0.readBufferSize = 1000 }
        let total = 200_000
        await client.run { client in
            // We may come late to reading.
            client.closingTime = Fixture.patience
            client.write([UInt8](repeating: 1, count: total))
            client.disconnectFromHost()
        }
        var received = 0
        try await eventually { await socket.bytesAvailable >= 1000 }
        while received < total {
            let part = await socket.readAll()
            received += part.count
            if part.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(received == total)
        try await eventually { await socket.state == .unconnected }
        #expect(await socket.error == nil)
        await server.close()
    }

    @Test("6.3-42 10 MB in one write, when the buffer has room for them")
    func bigChunk() async throws {
        let (server, socket, client) = try await pair()
        let chunk = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        await client.run { $0.readBufferSize = 0 }
        await socket.run { socket in
            socket.writeBufferSize = chunk.count
            #expect(socket.write(chunk) == chunk.count)
            socket.disconnectFromHost()
        }
        try await eventually { await client.state == .unconnected }
        let isWhole = await client.readAll() == chunk
        #expect(isWhole)
        #expect(await client.ending == .closeNotify)
        await server.close()
    }

    @Test("RW-5, RW-6 write never waits: it takes what there is room for, and nothing without a connection")
    func writeAndCount() async throws {
        let idle = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        #expect(await idle.write([1]) == 0)
        let (server, socket, client) = try await pair()
        let encrypted = Mutex<[Int]>([])
        socket.encryptedBytesWritten.connect { _, count in encrypted.withLock { $0.append(count) } }
        await socket.run { socket in
            #expect(socket.bytesToWrite == 0)
            #expect(socket.write([UInt8](repeating: 1, count: 1000)) == 1000)
            // Nothing is sealed before the end of the turn.
            #expect(socket.bytesToWrite == 1000)
            #expect(socket.encryptedBytesToWrite == 0)
        }
        #expect(try await client.receive(1000).count == 1000)
        #expect(await socket.bytesToWrite == 0)
        #expect(await socket.encryptedBytesToWrite == 0)
        // A header of 5 bytes, the content with its type, and a tag of 16 (RFC 9846 §5.2).
        #expect(encrypted.withLock { $0 } == [1022])
        // A peer that holds back: what is sealed and not sent shows.
        await client.run { $0.readBufferSize = 1 }
        repeat {
            await socket.write([UInt8](repeating: 1, count: 1 << 20))
        } while await socket.waitForBytesWritten(timeout: .milliseconds(50))
        #expect(await socket.encryptedBytesToWrite > 0)
        #expect(await socket.bytesToWrite > socket.encryptedBytesToWrite)
        await socket.abort()
        #expect(await socket.write([1]) == 0)
        #expect(await socket.bytesToWrite == 0)
        #expect(await socket.encryptedBytesToWrite == 0)
        await server.close()
        await client.abort()
    }

    @Test("RW-8, RW-7 flush sends at once, not at the end of the turn, and says whether anything went")
    func flush() async throws {
        let (server, socket, client) = try await pair()
        let recorder = Recorder()
        socket.encryptedBytesWritten.connect { _, count in recorder.add("encrypted \(count)") }
        socket.bytesWritten.connect { _, count in recorder.add("plain \(count)") }
        await socket.run { socket in
            #expect(socket.flush() == false)
            socket.write([1, 2])
            #expect(socket.flush() == true)
            #expect(socket.bytesToWrite == 0)
            #expect(socket.flush() == false)
            socket.write([3])
        }
        #expect(try await client.receive(3) == [1, 2, 3])
        try await eventually { recorder.all == ["encrypted 24", "plain 2", "encrypted 23", "plain 1"] }
        await server.close()
        await client.abort()
    }

    @Test("small writes of one turn go out together")
    func gathered() async throws {
        let (server, socket, client) = try await pair()
        let counts = Mutex<[Int]>([])
        socket.bytesWritten.connect { _, count in counts.withLock { $0.append(count) } }
        await socket.run { socket in
            for number in 0..<100 { socket.write([UInt8(number)]) }
        }
        #expect(try await client.receive(100) == Array(0..<100))
        try await eventually { counts.withLock { $0 } == [100] }
        await server.close()
        await client.abort()
    }

    @Test("RW-7 bytesWritten does not recurse")
    func noRecursion() async throws {
        let (server, socket, client) = try await pair()
        let depth = Mutex((current: 0, deepest: 0, calls: 0))
        socket.bytesWritten.connect { socket, _ in
            let calls = depth.withLock { state in
                state.current += 1
                state.deepest = max(state.deepest, state.current)
                state.calls += 1
                return state.calls
            }
            if calls < 200 { socket.write([1]) }
            depth.withLock { $0.current -= 1 }
        }
        await socket.write([1])
        #expect(try await client.receive(200).count == 200)
        #expect(depth.withLock { $0.deepest } == 1)
        await server.close()
        await client.abort()
    }
}

@Suite(.onOwnThreads, .patient) struct ConnectingTests {
    @Test("6.3-27 a socket that was never connected")
    func constructing() async throws {
        let socket = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        #expect(await socket.state == .unconnected)
        #expect(await socket.mode == .unencrypted)
        #expect(await !socket.isEncrypted)
        #expect(await socket.bytesAvailable == 0)
        #expect(await socket.bytesToWrite == 0)
        #expect(await socket.encryptedBytesAvailable == 0)
        #expect(await socket.encryptedBytesToWrite == 0)
        // Qt's default is no limit (RW-4); here it is a mebibyte.
        #expect(await socket.readBufferSize == 1 << 20)
        #expect(await socket.error == nil)
        #expect(await socket.errorString.isEmpty)
        #expect(await socket.sslHandshakeErrors.isEmpty)
        #expect(await socket.socketDescriptor == nil)
        #expect(socket.peerEndpoint == nil)
        #expect(socket.peerPort == 0)
        #expect(socket.localEndpoint == nil)
        #expect(await socket.peerCertificate == nil)
        #expect(await socket.sessionCipher == nil)
        #expect(await socket.sessionProtocol == nil)
        #expect(await socket.session == nil)
        #expect(await socket.ending == nil)
        #expect(await socket.write([1]) == 0)
        await socket.disconnectFromHost()
        await socket.close()
        await socket.abort()
        #expect(await socket.state == .unconnected)
    }

    @Test("nobody listens, no such host, no answer: each error by its name, and the end")
    func failures() async throws {
        let recorder = Recorder()
        let refused = try await SSLSocket.connecting(to: Fixture.deaf, recorder: recorder)
        try await eventually { recorder.all.last == "disconnected failed" }
        #expect(await refused.error == .connectionRefused)
        #expect(await refused.errorString == "cannot connect to \(Fixture.deaf): Connection refused")

        let lost = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        try await lost.connectToHostEncrypted("no such host.invalid", port: 1)
        try await eventually { await lost.state == .unconnected }
        #expect(await lost.error == .hostNotFound)

        let mute = try await SSLServer.listening { $0.maxPendingConnections = 0 }
        let waiting = try SSLSocket(
            configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: .milliseconds(50))
        try await waiting.connectToHostEncrypted("127.0.0.1", port: mute.endpoint.port)
        try await eventually { await waiting.state == .unconnected }
        #expect(await waiting.error == .socketTimeout)
        await mute.server.close()
    }

    @Test("a client connects to a Unix socket")
    func unixSocket() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("socket")
        let server = try await SSLServer.patient()
        try await server.listen(unixSocket: path)
        await server.echo()
        let recorder = Recorder()
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        recorder.follow(client)
        try await client.connectToUnixSocketEncrypted(path, peerVerifyName: "localhost")
        #expect(await client.waitForEncrypted(timeout: nil))
        await client.write([1, 2, 3])
        #expect(try await client.receive(3) == [1, 2, 3])
        #expect(client.peerEndpoint == nil)
        #expect(await client.peerName == path)
        #expect(recorder.all == ["state connecting", "state connected", "connected", "encrypted"])
        await client.abort()
        await server.close()

        for (path, error) in [
            (path, SocketError.network), (String(repeating: "x", count: 108), .network), ("", .network),
        ] {
            let lost = try SSLSocket(
                configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
            for _ in 1...2 {
                try await lost.connectToUnixSocketEncrypted(path, peerVerifyName: "localhost")
                #expect(await lost.state == .unconnected)
                #expect(await lost.error == error)
                #expect(await lost.errorString.hasPrefix("cannot connect to \(path)"))
            }
        }
    }

    @Test("SK-12 a socket that is connected does not connect")
    func connected() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let again = await #expect(throws: SocketFailure.self) {
            try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        }
        #expect(again?.error == .operation)
        await client.abort()
        await server.close()
    }

    @Test("a client's name is looked up, and every address is tried")
    func lookup() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        try await eventually { await client.isEncrypted }
        #expect(client.peerEndpoint == endpoint)
        await client.abort()
        await server.close()
    }

    @Test("what is written before the handshake goes out after it")
    func earlyWrite() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connecting(to: endpoint)
        #expect(await client.write([1, 2, 3]) == 3)
        let socket = try #require(await server.next())
        #expect(try await socket.receive(3) == [1, 2, 3])
        await client.abort()
        await server.close()
    }
}
