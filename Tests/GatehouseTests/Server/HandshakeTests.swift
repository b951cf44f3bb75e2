import Gatehouse
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct HandshakeTests {
    @Test("6.1-1, 5.1, G-16 one good connection: its signals in order, and no others")
    func oneConnection() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(Fixture.server(alpn: ["a", "b"])) { server in
            server.newConnection.connect { server in
                let hasPending = server.hasPendingConnections
                #expect(!hasPending)
            }
        }
        #expect(recorder.all.isEmpty)
        let clientRecorder = Recorder()
        let client = try await SSLSocket.connected(
            to: endpoint, Fixture.client(alpn: ["b", "c"]), recorder: clientRecorder)
        let socket = try #require(await server.next())
        #expect(recorder.all == ["newConnection", "started", "pending"])
        #expect(
            clientRecorder.all == [
                "state hostLookup", "state connecting", "hostFound", "state connected", "connected", "encrypted",
            ])
        let ends = [socket, client]
        for end in ends {
            #expect(await end.state == .connected)
            #expect(await end.isEncrypted)
            #expect(await end.sessionCipher == .aes128GCMSHA256)
            #expect(await end.sessionProtocol == .tls13)
            let session = try #require(await end.session)
            #expect(session.applicationProtocol == "b")
            #expect(session.serverName == "localhost")
            #expect(session.group == .x25519)
            #expect(session.signatureScheme == .ecdsaSecp256r1SHA256)
            #expect(session.roundTrips == 1)
            #expect(await end.handshakeDuration != nil)
            #expect(await end.error == nil)
        }
        #expect(socket.peerEndpoint == client.localEndpoint)
        #expect(client.peerEndpoint == endpoint)
        #expect(socket.localEndpoint == endpoint)
        #expect(await !server.hasPendingConnections)
        #expect(await server.nextPendingConnection() == nil)
        await client.disconnectFromHost()
        await server.close()
    }

    @Test("6.2-11, 6.3-33 data goes both ways, the server's first")
    func bothWays() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        await socket.write("welcome".utf8)
        #expect(try await client.receive(7) == Array("welcome".utf8))
        await client.write("thanks".utf8)
        #expect(try await socket.receive(6) == Array("thanks".utf8))
        await client.disconnectFromHost()
        await server.close()
    }

    @Test("SK-4, TS-10, 5.1 a socket is in the queue before its own encrypted is emitted", arguments: [1, 3])
    func queuedBeforeEncrypted(threads: Int) async throws {
        for _ in 0..<5 {
            let (server, recorder, endpoint) = try await SSLServer.listening(threads: threads)
            server.startedEncryptionHandshake.connect { _, socket in
                socket.encrypted.connect { _ in recorder.add("encrypted") }
                socket.readyRead.connect { _ in recorder.add("readyRead") }
            }
            let client = try await SSLSocket.connecting(to: endpoint)
            await client.write([1])
            try await eventually { recorder.all.count == 5 }
            #expect(recorder.all == ["newConnection", "started", "pending", "encrypted", "readyRead"])
            await client.abort()
            await server.close()
        }
    }

    @Test("G-9, RW-1 a slot connected when the connection is announced misses nothing", arguments: [1, 3])
    func connectedWhenAnnounced(threads: Int) async throws {
        let (server, _, endpoint) = try await SSLServer.listening(threads: threads)
        let recorder = Recorder()
        server.pendingConnectionAvailable.connect { server in
            // The server's loop takes its time; the socket's, if it is another one, would be done meanwhile.
            usleep(20_000)
            server.nextPendingConnection()?.perform { socket in
                recorder.follow(socket)
                socket.readyRead.connect { socket in
                    recorder.add("readyRead")
                    socket.write(socket.readAll())
                }
            }
        }
        for _ in 0..<8 {
            let before = recorder.all.count
            var client = try EngineClient(to: endpoint)
            // Finished, data and close_notify come in one segment.
            try client.handshake(thenSending: Array("hello".utf8))
            #expect(try client.readToEnd())
            #expect(client.received == Array("hello".utf8))
            try await eventually { await server.statistics.open == 0 }
            #expect(
                recorder.all.dropFirst(before) == [
                    "encrypted", "readyRead", "alertReceived warning close_notify", "readChannelFinished",
                    "state closing", "alertSent warning close_notify", "state unconnected", "disconnected closeNotify",
                ])
        }
        await server.close()
    }

    @Test("SV-14, P3 from encryption on, only the socket's own signals tell")
    func forwardingStops() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        let socketRecorder = Recorder()
        socketRecorder.follow(socket)
        await client.disconnectFromHost()
        try await eventually { socketRecorder.all.last == "disconnected closeNotify" }
        #expect(recorder.all == ["newConnection", "started", "pending"])
        await server.close()
    }

    @Test("5.12, P7 a client that leaves before it is taken: it is still taken, with what it sent")
    func leftInQueue() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        var client = try EngineClient(to: endpoint)
        try client.handshake()
        try client.sendAndClose(Array("hello there".utf8))
        try await eventually { await server.statistics.open == 0 }
        #expect(await server.hasPendingConnections)
        let socket = try #require(await server.nextPendingConnection())
        #expect(await socket.state == .unconnected)
        #expect(await !socket.isEncrypted)
        #expect(await socket.sessionCipher == nil)
        #expect(await socket.sessionProtocol == nil)
        #expect(await socket.readAll() == Array("hello there".utf8))
        #expect(socket.peerEndpoint == client.transport.endpoint)
        #expect(recorder.all == ["newConnection", "started", "pending"])
        await server.close()
    }

    @Test("G-5, 5.14 the server's order of protocols wins; without a common one the alert says so")
    func applicationProtocols() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(Fixture.server(alpn: ["a", "b"]))
        let client = try await SSLSocket.connected(to: endpoint, Fixture.client(alpn: ["b", "a"]))
        #expect(await client.session?.applicationProtocol == "a")
        let clientRecorder = Recorder()
        let refused = try await SSLSocket.connecting(
            to: endpoint, Fixture.client(alpn: ["c"]), recorder: clientRecorder)
        try await eventually { clientRecorder.all.last == "disconnected failed" }
        #expect(clientRecorder.count("alertReceived fatal no_application_protocol") == 1)
        #expect(clientRecorder.count("error sslHandshakeFailed") == 1)
        #expect(await refused.errorString.contains("no_application_protocol"))
        try await eventually { recorder.all.last == "error sslHandshakeFailed" }
        #expect(
            recorder.all.suffix(4) == [
                "newConnection", "started", "alertSent fatal no_application_protocol", "error sslHandshakeFailed",
            ])
        let silent = try await SSLSocket.connected(to: endpoint)
        #expect(await silent.session?.applicationProtocol == nil)
        await server.close()
    }

    @Test("6.1-3, 6.3-51 a client that refuses the certificate: its alert, one error, nothing in the queue")
    func refusedByClient() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(
            Fixture.server(alpn: [], Fixture.otherCredential))
        let clientRecorder = Recorder()
        _ = try await SSLSocket.connecting(to: endpoint, recorder: clientRecorder)
        try await eventually { clientRecorder.all.last == "disconnected failed" }
        #expect(clientRecorder.count("encrypted") == 0)
        #expect(clientRecorder.all.count { $0.hasPrefix("error ") } == 1)
        #expect(clientRecorder.all.count { $0.hasPrefix("alertSent fatal") } == 1)
        try await eventually { recorder.all.contains { $0.hasPrefix("error ") } }
        #expect(recorder.all.count == 4)
        #expect(recorder.all.prefix(2) == ["newConnection", "started"])
        #expect(recorder.all[2].hasPrefix("alertReceived fatal"))
        #expect(recorder.all[3] == "error sslHandshakeFailed")
        #expect(await !server.hasPendingConnections)
        await server.close()
    }

    @Test("SV-3, P1 a configuration counts for connections accepted after it was set")
    func newConfiguration() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let early = try BlockingClient(to: endpoint)
        try await eventually { await server.statistics.accepted == 1 }
        try await server.setSSLConfiguration(Fixture.server(alpn: ["new"], Fixture.otherCredential))
        // Our client asks for localhost, and the new certificate is for another name.
        let client = try await SSLSocket.connecting(
            to: endpoint, Fixture.client(alpn: ["new"], Fixture.otherCredential))
        try await eventually { await client.state == .unconnected }
        #expect(await client.error == .sslHandshakeFailed)
        // The connection that was accepted before gets the old certificate.
        var old = try EngineClient(on: early)
        try old.handshake()
        await server.close()
    }

    @Test("several certificates: the one that carries the name asked for is served")
    func severalCertificates() async throws {
        let configuration = SSLConfiguration(credentials: [Fixture.otherCredential, Fixture.credential])
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let client = try await SSLSocket.connected(to: endpoint)
        #expect(await client.session?.peerCertificates.first == Fixture.credential.chain[0])
        await server.close()
    }

    @Test("with several threads every connection works, whichever loop it is on")
    func threads() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(threads: 3) { $0.echo() }
        var clients: [SSLSocket] = []
        for number in 0..<60 {
            let client = try await SSLSocket.connected(to: endpoint)
            await client.write("\(number) is a number".utf8)
            clients.append(client)
        }
        for (number, client) in clients.enumerated() {
            let expected = Array("\(number) is a number".utf8)
            #expect(try await client.receive(expected.count) == expected)
        }
        #expect(recorder.count("started") == 60)
        #expect(recorder.count("pending") == 60)
        #expect(await server.statistics.completed == 60)
        for client in clients { await client.disconnectFromHost() }
        try await eventually { await server.statistics.open == 0 }
        await server.close()
    }

    @Test("a socket is freed once its connection is over, although its slots hold it")
    func freed() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = try await SSLSocket.connected(to: endpoint)
        weak let weakly: SSLSocket?
        do {
            let socket = try #require(await server.next())
            weakly = socket
            socket.readyRead.connect { _ in #expect(socket.peerPort > 0) }
            socket.disconnected.connect { _, _ in #expect(socket.peerPort > 0) }
        }
        #expect(weakly != nil)
        await client.disconnectFromHost()
        try await eventually { weakly == nil }
        await server.close()
    }
}
