import Foundation
import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct ServeTests {
    /// One request over our own client; the whole answer.
    private func get(
        _ endpoint: Endpoint, _ request: String = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        _ configuration: SSLConfiguration? = nil
    ) async throws -> String {
        // The request goes with the handshake: the server gives it half a minute.
        let socket = try await SSLSocket.connecting(to: endpoint, configuration ?? Fixture.anyServer)
        await socket.write(request.utf8)
        try await eventually { await socket.state == .unconnected }
        return String(decoding: await socket.readAll(), as: UTF8.self)
    }

    @Test("www tells what was negotiated, refuses other methods and long requests, and ends on SIGTERM and SIGINT")
    func www() async throws {
        let (process, endpoint) = try await ToolProcess.serving(["--alpn", "h2,http/1.1"])
        var configuration = Fixture.anyServer
        configuration.allowedNextProtocols = ["http/1.1"]
        configuration.ciphers = [.chacha20Poly1305SHA256]
        configuration.groups = [.secp384r1]
        let page = try await get(endpoint, "GET / HTTP/1.1\r\n\r\n", configuration)
        #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n"))
        for line in [
            "protocol:         TLSv1.3", "cipher suite:     TLS_CHACHA20_POLY1305_SHA256",
            "group:            secp384r1",
            "signature scheme: ecdsa_secp256r1_sha256", "ALPN:             http/1.1", "server name:      localhost",
            "resumed:          no", "round trips:      1",
        ] {
            #expect(page.contains("\(line)\n"))
        }
        #expect(page.contains("handshake time:   "))
        #expect(try await get(endpoint, "POST / HTTP/1.1\n\n").hasPrefix("HTTP/1.1 405 "))
        let long = String(repeating: "a", count: 20_000)
        #expect(try await get(endpoint, long).hasPrefix("HTTP/1.1 431 "))
        let outcome = try await process.terminate()
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("ephemeral self-signed"))

        let (second, _) = try await ToolProcess.serving()
        #expect(try await second.terminate(SIGINT).status == 0)
    }

    @Test("echo sends back, over several threads too; --events tells of every signal")
    func echo() async throws {
        let (process, endpoint) = try await ToolProcess.serving(["--mode", "echo", "--threads", "2"])
        let data = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let socket = try await SSLSocket.connected(to: endpoint, Fixture.anyServer)
        #expect(await socket.write(data) == data.count)
        #expect(try await socket.receive(data.count) == data)
        await socket.disconnectFromHost()
        let plain = try BlockingClient(to: endpoint)
        try plain.send(Array("hello".utf8))
        #expect(try plain.receiveAll().isEmpty)
        try await process.wait(for: "socket.disconnected")
        try await process.wait(for: "errorOccurred")
        let events = try process.events
        let names = Set(events.compactMap { $0["event"] })
        #expect(
            names.isSuperset(of: [
                "listening", "newConnection", "startedEncryptionHandshake", "pendingConnectionAvailable",
                "socket.encrypted", "socket.readyRead", "socket.bytesWritten", "socket.alertReceived",
                "socket.alertSent", "socket.disconnected", "errorOccurred",
            ]))
        let error = try #require(events.first { $0["event"] == "errorOccurred" })
        #expect(error["error"] == "notTLS")
        #expect(error["peer"] == plain.endpoint?.description)
        #expect(try await process.terminate().status == 0)
    }

    @Test("F-16 --keylog writes secrets into a file that is its owner's alone")
    func keyLog() async throws {
        let (process, endpoint) = try await ToolProcess.serving(["--keylog", "secrets"])
        _ = try await get(endpoint)
        let lines = try process.contents(of: "secrets").split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("CLIENT_TRAFFIC_SECRET_0 ") })
        #expect(lines.contains { $0.hasPrefix("SERVER_HANDSHAKE_TRAFFIC_SECRET ") })
        #expect(try process.permissions(of: "secrets") == 0o600)
        _ = try await process.terminate()
    }

    @Test("a certificate from files is served, and connect verifies it and relays")
    func files() async throws {
        let openssl = try Tool("openssl")
        let key = try openssl("genpkey", "-algorithm", "ED25519")
        let certificate = try openssl.output(
            of: [
                "req", "-x509", "-key", "key.pem", "-subj", "/CN=localhost", "-days", "2", "-addext",
                "subjectAltName=DNS:localhost",
            ], files: ["key.pem": key])
        let files = [
            "key.pem": String(decoding: key, as: UTF8.self), "chain.pem": String(decoding: certificate, as: UTF8.self),
        ]
        let (process, endpoint) = try await ToolProcess.serving(
            ["--mode", "echo", "--certificate", "chain.pem", "--key", "key.pem"], files: files)
        #expect(try process.errors.isEmpty)
        let input = (0..<5000).map { "line \($0)\n" }.joined()
        var clientFiles = files
        clientFiles["input"] = input
        let good = try await gatehouse(
            "connect", "localhost:\(endpoint.port)", "--ca", "chain.pem", files: clientFiles)
        #expect(good.status == 0)
        #expect(good.output == input)
        #expect(good.errors.contains("signature scheme: ed25519\n"))
        let wrongName = try await gatehouse(
            "connect", "localhost:\(endpoint.port)", "--ca", "chain.pem", "--name", "example.org", files: files)
        #expect(wrongName.status == 1)
        #expect(wrongName.output.isEmpty)
        #expect(wrongName.errors.count { $0.isNewline } == 1)
        let unknown = try await gatehouse("connect", "localhost:\(endpoint.port)")
        #expect(unknown.status == 1)
        let refused = try await gatehouse("connect", "localhost:1", "--insecure")
        #expect(refused.status == 1)
        #expect(refused.errors.hasSuffix("Connection refused\n"))
        _ = try await process.terminate()
    }

    @Test("G-3, TS-12, 7-C without descriptors: one acceptError, no spinning, and recovery by itself")
    func shortage() async throws {
        let (process, endpoint) = try await ToolProcess.serving(["--mode", "echo"], shell: "ulimit -n 24")
        var clients: [BlockingClient] = []
        for _ in 0..<40 { clients.append(try BlockingClient(to: endpoint)) }
        try await process.wait(for: "acceptError")
        try await Task.sleep(for: .milliseconds(400))
        let errors = try process.events.filter { $0["event"] == "acceptError" }
        #expect(errors.count == 1)
        #expect(errors.first?["error"] == "socketResource")
        #expect(errors.first?["reason"] == "cannot accept a connection: Too many open files")
        clients = []
        let socket = try await SSLSocket.connected(to: endpoint, Fixture.anyServer)
        await socket.write([1, 2, 3])
        #expect(try await socket.receive(3) == [1, 2, 3])
        await socket.abort()
        _ = try await process.terminate()
    }

    /// In a process of its own, for the thousands of descriptors.
    private static let silentClients = """
        import resource, socket, ssl, sys
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        address = ("127.0.0.1", int(sys.argv[1]))
        silent = [socket.create_connection(address) for _ in range(3000)]
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(socket.create_connection(address), server_hostname="localhost") as good:
            good.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
            print(good.recv(15).decode())
        """

    @Test("G-1 3,000 silent connections do not keep a good client out, with the default limits")
    func silentConnections() async throws {
        let (process, endpoint) = try await ToolProcess.serving()
        let output = try Tool("python3")("-c", Self.silentClients, "\(endpoint.port)")
        #expect(String(decoding: output, as: UTF8.self) == "HTTP/1.1 200 OK\n")
        try await eventually { try process.events.contains { $0["error"] == "socketResource" } }
        #expect(try process.tells(of: "acceptError") == 0)
        _ = try await process.terminate()
    }

    private static let idleClients = """
        import resource, socket, ssl, sys
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        idle = []
        for line in sys.stdin:
            for _ in range(int(line)):
                client = context.wrap_socket(
                    socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
                client.sendall(b"x")
                assert client.recv(1) == b"x"
                idle.append(client)
            print(len(idle), flush=True)
        for client in idle[::100]:
            client.sendall(b"y")
            assert client.recv(1) == b"y"
        """

    @Test("G-1 5,000 idle connections: each still works, takes less than 12 KiB, and leaves no descriptor behind")
    func idleConnections() async throws {
        let (process, endpoint) = try await ToolProcess.serving(["--mode", "echo"])
        let before = try process.descriptors
        let clients = try RunningTool(
            Tool("python3").executable, ["-c", Self.idleClients, "\(endpoint.port)"], input: .open)
        // What every process needs once is not counted.
        try clients.write(Array("200\n".utf8))
        try await clients.wait(for: "the first clients") { $0.contains("200\n") ? () : nil }
        let memory = try process.memory
        try clients.write(Array("5000\n".utf8))
        try await clients.wait(for: "all clients") { $0.contains("5200\n") ? () : nil }
        let each = Double(try process.memory - memory) / 5000
        #expect(each < 12)
        print("idle: \(each) KiB for each of 5,000 connections")
        try clients.endInput()
        #expect(await clients.end() == 0, "\(clients.errors)")
        try await eventually { try process.descriptors <= before }
        _ = try await process.terminate()
    }

    @Test("bad input of every kind leaves no descriptor behind, and the server goes on serving")
    func noLeaks() async throws {
        let (process, endpoint) = try await ToolProcess.serving()
        _ = try await get(endpoint)
        try await process.wait(for: "socket.disconnected")
        let hello = try Fixture.clientHello()
        let before = try process.descriptors
        for round in 0..<30 {
            for count in [0, 1, hello.count / 2, hello.count] {
                let client = try BlockingClient(to: endpoint)
                try client.send(Array(hello.prefix(count)))
                if round % 3 == 0 { client.resetOnClose() }
            }
            let garbage = try BlockingClient(to: endpoint)
            try garbage.send([22] + (0..<100).map { UInt8(truncatingIfNeeded: $0 &* round) })
            let plain = try BlockingClient(to: endpoint)
            try plain.send([UInt8(round + 32)])
            _ = try plain.receiveAll()
        }
        try await eventually { try process.descriptors <= before }
        #expect(try await get(endpoint).hasPrefix("HTTP/1.1 200 OK"))
        _ = try await process.terminate()
    }

    /// More of them with `GATEHOUSE_CONNECTIONS=10000`.
    @Test("connections one after the other and 200 at once: none is lost, memory and descriptors stay flat")
    func load() async throws {
        let total = ProcessInfo.processInfo.environment["GATEHOUSE_CONNECTIONS"].flatMap { Int($0) } ?? 400
        let (process, endpoint) = try await ToolProcess.serving(["--mode", "echo"])
        let message = Array("hello\n".utf8)
        func sequential(_ count: Int) async throws {
            for _ in 0..<count {
                var client = try EngineClient(
                    to: endpoint, ClientConfiguration(verification: .dangerouslyAcceptAnyCertificate))
                try client.handshake()
                try client.sendAndClose(message)
                #expect(try client.readToEnd())
                #expect(client.received == message)
            }
        }
        /// All are connected before the first says anything: the server has them all at once, each time.
        func concurrent(_ count: Int) async throws {
            let loop = try EventLoop()
            let sockets = try (0..<count).map { _ in
                try SSLSocket(configuration: Fixture.anyServer, on: loop, handshakeTimeout: Fixture.patience)
            }
            let connected = Mutex(0)
            for socket in sockets {
                socket.encrypted.connect { _ in
                    let number = connected.withLock { connected in
                        connected += 1
                        return connected
                    }
                    guard number == count else { return }
                    for socket in sockets { socket.perform { $0.write(message) } }
                }
                socket.readyRead.connect { socket in
                    if socket.bytesAvailable == message.count { socket.disconnectFromHost() }
                }
                try await socket.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
            }
            for socket in sockets {
                try await eventually { await socket.state == .unconnected }
                #expect(await socket.error == nil)
                #expect(await socket.readAll() == message)
            }
        }
        // Warm up, so that what every process needs once is not counted.
        try await sequential(total / 4)
        try await concurrent(200)
        let memory = try process.memory
        let descriptors = try process.descriptors
        try await sequential(total)
        try await concurrent(200)
        try await eventually { try process.descriptors <= descriptors }
        let after = try process.memory
        #expect(after <= memory + 4096)
        #expect(try process.tells(of: "pendingConnectionAvailable") == total + total / 4 + 400)
        #expect(try process.tells(of: "errorOccurred") == 0)
        print("load: \(total) sequential, 200 at once; resident \(memory) KiB before, \(after) KiB after")
        _ = try await process.terminate()
    }
}
