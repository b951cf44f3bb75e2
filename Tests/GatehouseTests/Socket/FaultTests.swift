import Gatehouse
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

/// What hostile, broken and slow peers do to sockets, and what slots do to them.
@Suite(.onOwnThreads, .patient) struct FaultTests {
    /// Waits until the server has let every connection and every descriptor go.
    private func expectNothingLeft(of server: SSLServer, _ port: UInt16) async throws {
        try await eventually { await server.statistics.open == 0 }
        try await eventually { try openSockets(ofPort: port) == 0 }
    }

    @Test("a thousand clients that never read: what is kept for them is bounded, and others are served")
    func clientsThatNeverRead() async throws {
        ResourceLimits.raiseDescriptorLimit()
        let limit = 16_384
        let (server, _, endpoint) = try await SSLServer.listening { server in
            server.handshakeTimeout = nil
            server.maxPendingConnections = 2000
        }
        let kept = Mutex<[SSLSocket]>([])
        server.pendingConnectionAvailable.connect { server in
            guard let socket = server.nextPendingConnection() else { return }
            kept.withLock { $0.append(socket) }
            socket.perform { socket in
                socket.writeBufferSize = limit
                try? socket.setSocketOption(.sendBufferSize, to: 4096)
                // As much as is taken, whenever there is room.
                let fill: @Sendable (isolated SSLSocket) -> Void = { socket in
                    while socket.write([UInt8](repeating: 1, count: limit)) > 0 {}
                }
                socket.bytesWritten.connect { socket, _ in fill(socket) }
                fill(socket)
            }
        }
        let clients = Clients()
        // On a thread of its own: other tests go on meanwhile.
        try SystemThread.start {
            do {
                for _ in 0..<1000 {
                    let transport = try BlockingClient(to: endpoint)
                    transport.shrinkReceiveBuffer()
                    var client = try EngineClient(on: transport)
                    try client.handshake()
                    clients.add(transport)
                }
            } catch {
                Issue.record(error)
            }
        }
        try await eventually { clients.count == 1000 }
        try await eventually { kept.withLock { $0.count } == 1000 }
        let sockets = kept.withLock { $0 }
        // Nobody reads: in the end every buffer is full.
        try await eventually {
            await server.run { _ in sockets.allSatisfy { $0.assumeIsolated { $0.bytesToWrite >= limit / 2 } } }
        }
        await server.run { _ in
            for socket in sockets {
                let (plain, encrypted) = socket.assumeIsolated { ($0.bytesToWrite, $0.encryptedBytesToWrite) }
                #expect(plain <= limit)
                #expect(encrypted <= 1 << 17)
            }
        }
        let good = try await SSLSocket.connected(to: endpoint)
        #expect(try await good.receive(100_000).count == 100_000)
        await good.abort()
        #expect(await server.statistics.open >= 1000)
        for socket in sockets {
            socket.perform { socket in
                socket.closingTime = .milliseconds(20)
                socket.disconnectFromHost()
            }
        }
        try await eventually { await server.statistics.open <= 1 }
        #expect(await sockets[0].error == .socketTimeout)
        for socket in kept.withLock({ $0 }) { socket.perform { $0.abort() } }
        await server.close()
        try await expectNothingLeft(of: server, endpoint.port)
        #expect(clients.count == 1000)
    }

    /// How far a client goes before it tears its connection down.
    private enum Step: CaseIterable {
        case accepted, firstByte, halfHello, hello, answered, finished, halfRecord, data, closed

        func go(on transport: BlockingClient) throws {
            transport.resetOnClose()
            let hello = try Fixture.clientHello()
            switch self {
            case .accepted: return
            case .firstByte: return try transport.send([22])
            case .halfHello: return try transport.send(Array(hello[..<(hello.count / 2)]))
            case .hello: return try transport.send(hello)
            default: break
            }
            var client = try EngineClient(on: transport)
            try client.awaitAnswer()
            if self == .answered { return }
            try client.handshake()
            switch self {
            case .halfRecord: try transport.send([23, 3, 3, 0, 100, 1, 2, 3])
            case .data: try client.send([1, 2, 3])
            case .closed: try client.close()
            default: break
            }
        }
    }

    @Test("a reset at every step of the handshake and behind it: one error before encryption, nothing is left")
    func resets() async throws {
        for step in Step.allCases {
            let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
            let end = Recorder()
            server.newConnection.connect { _ in end.add("accepted") }
            server.pendingConnectionAvailable.connect { server in
                server.nextPendingConnection()?.perform { end.follow($0) }
            }
            do {
                let transport = try BlockingClient(to: endpoint)
                try await eventually { end.count("accepted") == 1 }
                try step.go(on: transport)
            }
            try await expectNothingLeft(of: server, endpoint.port)
            let errors = recorder.all.filter { $0.hasPrefix("error") }
            switch step {
            case .accepted, .firstByte, .halfHello, .hello, .answered:
                #expect(errors == ["error remoteHostClosed"], "\(step)")
            default:
                #expect(errors.isEmpty, "\(step)")
                // A reset may be noticed before the handshake is reported complete only as its end.
                #expect(end.all.last?.hasPrefix("disconnected") == true, "\(step)")
                #expect(end.all.count { $0.hasPrefix("disconnected") } == 1, "\(step)")
            }
            await server.close()
        }
    }

    @Test("a server that tears the connection down at any step: the client ends with one error and no descriptor")
    func resetsByServers() async throws {
        for step in 0..<4 {
            let listener = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 5)
            let address = listener.localEndpoint
            let endpoint = try #require(address)
            let recorder = Recorder()
            let client = try await SSLSocket.connecting(to: endpoint, recorder: recorder)
            try await eventually { recorder.all.contains("connected") }
            do {
                let transport = try BlockingClient(accepting: listener)
                transport.resetOnClose()
                if step > 0 { _ = try transport.receiveSome() }
                if step > 1 { try transport.send([22, 3, 3]) }
                if step > 2 { try transport.send([0, 100, 2, 0, 0]) }
            }
            #expect(await client.waitForDisconnected(timeout: nil))
            #expect(recorder.all.count { $0.hasPrefix("error") } == 1)
            #expect(await client.error == .remoteHostClosed)
            #expect(await client.socketDescriptor == nil)
            #expect(recorder.all.suffix(2) == ["readChannelFinished", "disconnected reset"], "\(step)")
        }
    }

    @Test("a record that comes byte by byte is read when it is whole")
    func byteByByte() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let transport = try BlockingClient(to: endpoint)
        var client = try EngineClient(on: transport)
        try client.handshake()
        let socket = try #require(await server.next())
        let counts = Mutex<[Int]>([])
        socket.readyRead.connect { socket in
            let count = socket.bytesAvailable
            counts.withLock { $0.append(count) }
        }
        let message = (0..<100).map { UInt8($0) }
        for byte in try client.sealed(message) { try transport.send([byte]) }
        try await eventually { await socket.bytesAvailable > 0 }
        #expect(await socket.readAll() == message)
        #expect(counts.withLock { $0 } == [100])
        await socket.abort()
        await server.close()
    }

    @Test("RW-12 a socket that its user throws away in a slot lives until the connection ends, and leaves nothing")
    func thrownAwayInASlot() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let held = Mutex<SSLSocket?>(nil)
        let weakly = Mutex<[WeakSocket]>([])
        server.pendingConnectionAvailable.connect { server in
            guard let socket = server.nextPendingConnection() else { return }
            weakly.withLock { $0.append(WeakSocket(socket)) }
            held.withLock { $0 = socket }
            let letGo: @Sendable () -> Void = { held.withLock { $0 = nil } }
            socket.readyRead.connect { socket in
                letGo()
                socket.write(socket.readAll())
            }
            socket.bytesWritten.connect { _, _ in letGo() }
        }
        let client = try await SSLSocket.connected(to: endpoint)
        for round in 0..<3 {
            await client.write([UInt8(round)])
            #expect(try await client.receive(1) == [UInt8(round)])
        }
        #expect(held.withLock { $0 } == nil)
        await client.disconnectFromHost()
        #expect(await client.waitForDisconnected(timeout: nil))
        try await expectNothingLeft(of: server, endpoint.port)
        try await eventually { weakly.withLock { $0.allSatisfy { $0.socket == nil } } }
        await server.close()
    }

    @Test("RW-12 a client's socket that nobody holds lives until its connection ends, and leaves nothing")
    func thrownAwayClient() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let weakly = try await WeakSocket(SSLSocket.connected(to: endpoint))
        let socket = try #require(await server.next())
        await weakly.socket?.write([1])
        #expect(try await socket.receive(1) == [1])
        #expect(weakly.socket != nil)
        await socket.disconnectFromHost()
        #expect(await socket.waitForDisconnected(timeout: nil))
        try await eventually { weakly.socket == nil }
        try await expectNothingLeft(of: server, endpoint.port)
        await server.close()
    }

    @Test("a server that is thrown away and closed in a socket's slot: its connections go on, and leave nothing")
    func serverThrownAwayInASlot() async throws {
        for threads in [1, 3] {
            let held = Mutex<SSLServer?>(nil)
            let (endpoint, weakly) = try await {
                let (server, _, endpoint) = try await SSLServer.listening(threads: threads)
                held.withLock { $0 = server }
                server.pendingConnectionAvailable.connect { server in
                    server.nextPendingConnection()?.perform { socket in
                        socket.readyRead.connect { socket in
                            let server = held.withLock { held in
                                defer { held = nil }
                                return held
                            }
                            server?.perform { $0.close() }
                            socket.write(socket.readAll())
                        }
                    }
                }
                return (endpoint, WeakServer(server: server))
            }()
            let client = try await SSLSocket.connected(to: endpoint)
            for round in 0..<3 {
                await client.write([UInt8(round)])
                #expect(try await client.receive(1) == [UInt8(round)])
            }
            await client.disconnectFromHost()
            #expect(await client.waitForDisconnected(timeout: nil))
            try await eventually { weakly.server == nil }
            try await eventually { try openSockets(ofPort: endpoint.port) == 0 }
        }
    }

    @Test("6.3-38 an error in the middle of a megabyte that waits to be written is told once, whatever its slot does")
    func endInErrorSlot() async throws {
        let ends: [@Sendable (isolated SSLSocket) -> Void] = [
            { $0.close() }, { $0.abort() }, { $0.disconnectFromHost() }, { _ = $0.flush() },
            { _ = $0.waitForDisconnected(timeout: nil) }, { _ = $0.write([1]) },
        ]
        for end in ends {
            let (server, _, endpoint) = try await SSLServer.listening()
            let recorder = Recorder()
            do {
                let transport = try BlockingClient(to: endpoint)
                transport.resetOnClose()
                var client = try EngineClient(on: transport)
                try client.handshake()
                let socket = try #require(await server.next())
                recorder.follow(socket)
                socket.errorOccurred.connect { socket, _ in end(socket) }
                await socket.write([UInt8](repeating: 1, count: 1 << 20))
            }
            try await eventually { recorder.all.last?.hasPrefix("disconnected") == true }
            #expect(
                recorder.all == [
                    "error remoteHostClosed", "state unconnected", "readChannelFinished", "disconnected reset",
                ])
            await server.close()
        }
    }

    @Test("clients whose handshake fails and who stay do not hold more than a bounded number of descriptors")
    func lingeringIsBounded() async throws {
        ResourceLimits.raiseDescriptorLimit()
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        var clients: [BlockingClient] = []
        for _ in 0..<400 {
            let client = try BlockingClient(to: endpoint)
            // A record that is no ClientHello: it is answered by an alert, and the rest of the stream is awaited.
            try client.send([22, 3, 1, 0, 4, 2, 0, 0, 0])
            clients.append(client)
        }
        try await eventually { recorder.count("error sslHandshakeFailed") == 400 }
        #expect(recorder.count("alertSent fatal unexpected_message") == 400)
        #expect(try openSockets(ofPort: endpoint.port) <= 256)
        for client in clients { #expect(try !client.receiveAll().isEmpty) }
        try await expectNothingLeft(of: server, endpoint.port)
        await server.close()
    }
}

/// Tells whether a socket is still there.
private struct WeakSocket: Sendable {
    private(set) weak var socket: SSLSocket?

    init(_ socket: SSLSocket) {
        self.socket = socket
    }
}

private struct WeakServer: Sendable {
    private(set) weak var server: SSLServer?
}

/// Clients that stay connected.
private final class Clients: Sendable {
    private let clients = Mutex<[BlockingClient]>([])

    var count: Int { clients.withLock { $0.count } }

    func add(_ client: BlockingClient) { clients.withLock { $0.append(client) } }
}
