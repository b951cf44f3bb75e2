import Foundation
import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

/// Connects to a server of these tests, in the async style.
func withClient<Result: Sendable>(
    of endpoint: Endpoint, on loop: EventLoop? = nil,
    _ body: @Sendable (SSLConnection) async throws -> Result
) async throws -> Result {
    try await withConnection(
        to: endpoint.address.description, port: endpoint.port, configuration: Fixture.client(),
        peerVerifyName: "localhost", handshakeTimeout: nil, on: loop
    ) { connection in
        // Who reads at the other end may come to it late.
        await connection.socket.run { $0.closingTime = Fixture.patience }
        return try await body(connection)
    }
}

@Suite(.onOwnThreads, .patient) struct AsyncServingTests {
    private static let echo: @Sendable (SSLConnection) async throws -> Void = { connection in
        for try await chunk in connection.inbound { try await connection.write(chunk) }
    }

    private static let pythonClient = """
        import socket, ssl, sys
        context = ssl._create_unverified_context()
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
            with context.wrap_socket(plain, suppress_ragged_eofs=False) as secure:
                secure.sendall(b"GET / HTTP/1.0\\r\\n")
                answer = b""
                while part := secure.recv(1000): answer += part
                assert answer.endswith(b"yes"), answer
        """

    /// Sends a line and takes it back.
    private static func exchange(_ endpoint: Endpoint, _ text: String = "hello") async throws -> String? {
        try await withClient(of: endpoint) { connection in
            try await connection.write("\(text)\n".utf8)
            await connection.finishWriting()
            return try await connection.lines().first { _ in true }
        }
    }

    @Test("each connection goes to one taker; the sequences end when the server is closed")
    func connections() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        let served = Recorder()
        let takers = Task {
            await withDiscardingTaskGroup { group in
                for taker in 0..<3 {
                    group.addTask {
                        for await connection in server.connections {
                            served.add("\(taker)")
                            try? await connection.executeThenClose(Self.echo)
                        }
                    }
                }
            }
        }
        for number in 0..<12 { #expect(try await Self.exchange(endpoint, "\(number)") == "\(number)") }
        #expect(served.all.count == 12)
        await server.close()
        await takers.value
        var ended = server.connections.makeAsyncIterator()
        #expect(await ended.next() == nil)
    }

    @Test("G-1 there is no second buffer: while nobody asks, the queue fills and the server stops accepting")
    func backPressure() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { server in
            server.maxPendingConnections = 2
            server.allowHalfClose = true
        }
        let client: @Sendable () async throws -> Void = {
            let answer = try await Self.exchange(endpoint)
            #expect(answer == "hello")
        }
        try await withThrowingDiscardingTaskGroup { group in
            var connections = server.connections.makeAsyncIterator()
            for _ in 0..<2 { group.addTask(operation: client) }
            try await eventually { await server.statistics.queued == 2 }
            for _ in 0..<4 { group.addTask(operation: client) }
            try await Task.sleep(for: .milliseconds(50))
            #expect(await server.statistics.accepted == 2)
            for _ in 0..<6 {
                let connection = try #require(await connections.next())
                try await connection.executeThenClose(Self.echo)
            }
        }
        await server.close()
    }

    @Test("waiting begins before the server listens, and a cancelled task stops waiting")
    func beforeListening() async throws {
        let server = try await SSLServer.patient()
        let taker = Task {
            var connections = server.connections.makeAsyncIterator()
            return await connections.next()
        }
        let cancelled = Task {
            for await _ in server.connections {}
        }
        try await server.listen(address: .localHost)
        cancelled.cancel()
        await cancelled.value
        let endpoint = Endpoint(address: .localHost, port: await server.serverPort)
        let client = try await SSLSocket.connected(to: endpoint)
        await #expect(taker.value?.peerEndpoint == client.localEndpoint)
        await client.abort()
        await server.close()
    }

    @Test("serve handles no more at once than it is allowed, and tells what handlers throw")
    func serve() async throws {
        struct Refusal: Error {}
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        let state = Mutex((running: 0, most: 0, failures: 0))
        let service = Task {
            await server.serve(atMost: 3) { _, error in
                if error is Refusal { state.withLock { $0.failures += 1 } }
            } _: { connection in
                state.withLock {
                    $0.running += 1; $0.most = max($0.most, $0.running)
                }
                defer { state.withLock { $0.running -= 1 } }
                for try await line in connection.lines() {
                    if line == "fail" { throw Refusal() }
                    try await connection.write("\(line)\n".utf8)
                }
            }
        }
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    let text = number % 5 == 0 ? "fail" : "\(number)"
                    let answer = try await Self.exchange(endpoint, text)
                    #expect(answer == (number % 5 == 0 ? nil : text))
                }
            }
        }
        await server.close()
        await service.value
        #expect(state.withLock { $0.failures } == 4)
        #expect(state.withLock { $0.most } <= 3)
        try await eventually { await server.statistics.open == 0 }
    }

    @Test("cancelling serve closes everything with close_notify, in the middle of whatever it does")
    func cancelServe() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        let errors = Recorder()
        let service = Task {
            await server.serve { _, error in
                errors.add("\(type(of: error))")
            } _: { connection in
                try await Self.echo(connection)
            }
        }
        var clients: [RemoteClient] = []
        for _ in 0..<5 {
            let client = try RemoteClient(to: endpoint)
            try await client.send([1])
            clients.append(client)
        }
        try await eventually { await server.statistics.completed == 5 }
        service.cancel()
        await service.value
        #expect(await !server.isListening)
        for client in clients { #expect(try await client.readToEnd().isOrderly) }
        try await eventually { await server.statistics.open == 0 }
        #expect(errors.all.allSatisfy { $0 == "CancellationError" })
    }

    @Test("G-2 shutdown lets the handlers finish, and then serve returns")
    func shutdown() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        let service = Task { await server.serve(Self.echo) }
        try await withClient(of: endpoint) { connection in
            try await connection.write("a\n".utf8)
            var lines = connection.lines().makeAsyncIterator()
            #expect(try await lines.next() == "a")
            let shutdown = Task { await server.shutdown(gracePeriod: Fixture.patience) }
            try await eventually { await !server.isListening }
            try await connection.write("b\n".utf8)
            #expect(try await lines.next() == "b")
            await connection.finishWriting()
            #expect(try await lines.next() == nil)
            await shutdown.value
        }
        await service.value
    }

    @Test("run returns after a graceful shutdown when it is cancelled, and when the server is closed")
    func run() async throws {
        for isCancelled in [true, false] {
            let (server, _, endpoint) = try await SSLServer.listening { $0.echo() }
            let service = Task { await server.run(gracePeriod: Fixture.patience) }
            let client = try await SSLSocket.connected(to: endpoint)
            if isCancelled {
                service.cancel()
                try await eventually { await !server.isListening }
                await client.write([1])
                #expect(try await client.receive(1) == [1])
                await client.disconnectFromHost()
            } else {
                await server.close()
            }
            await service.value
            #expect(await !server.isListening)
            await client.abort()
        }
    }

    @Test("run ends connections that outlast the grace period, with close_notify")
    func gracePeriod() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.echo() }
        let service = Task { await server.run(gracePeriod: .milliseconds(20)) }
        let client = try RemoteClient(to: endpoint)
        try await eventually { await server.statistics.completed == 1 }
        service.cancel()
        await service.value
        #expect(try await client.readToEnd().isOrderly)
        #expect(await server.statistics.open == 0)
    }

    @Test("several threads serve in the async style, too")
    func threads() async throws {
        let (server, _, endpoint) = try await SSLServer.listening(threads: 3) { $0.allowHalfClose = true }
        let service = Task { await server.serve(Self.echo) }
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<30 {
                group.addTask {
                    let answer = try await Self.exchange(endpoint, "\(number)")
                    #expect(answer == "\(number)")
                }
            }
        }
        service.cancel()
        await service.value
        try await eventually { await server.statistics.open == 0 }
    }

    @Test("openssl s_client, curl and Python get what they sent, and an orderly end")
    func otherClients() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        let service = Task {
            await server.serve { connection in
                for try await line in connection.lines() {
                    if line.hasPrefix("GET") {
                        try await connection.write(
                            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes".utf8)
                        return
                    }
                    try await connection.write("\(line)\n".utf8)
                }
            }
        }
        let curl = try RunningTool(Tool("curl").executable, ["-sk", "https://127.0.0.1:\(endpoint.port)/"])
        #expect(await curl.end() == 0)
        #expect(curl.output == "yes")
        let openssl = try RunningTool(
            Tool("openssl").executable, ["s_client", "-connect", "127.0.0.1:\(endpoint.port)", "-quiet", "-ign_eof"],
            input: .bytes(Array("one\ntwo\nGET /\n".utf8)))
        #expect(await openssl.end() == 0)
        #expect(openssl.output.hasPrefix("one\ntwo\nHTTP/1.1 200 OK"))
        let python = try RunningTool(Tool("python3").executable, ["-c", Self.pythonClient, "\(endpoint.port)"])
        #expect(await python.end() == 0, "\(python.errors)")
        service.cancel()
        await service.value
        try await eventually { await server.statistics.open == 0 }
    }
}
