import Gatehouse
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct IdentityTests {
    @Test("SK-1, SK-2, SK-3, SK-5, SK-8 what a socket knows of itself before, during and after a connection")
    func life() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let atStart = Mutex<[String]>([])
        server.startedEncryptionHandshake.connect { _, socket in
            socket.perform { socket in
                let seen = [
                    "\(socket.state)", "\(socket.mode)", "\(socket.isEncrypted)", "\(socket.sessionCipher == nil)",
                    "\(socket.sessionProtocol == nil)", "\(socket.socketDescriptor != nil)",
                ]
                atStart.withLock { $0 = seen }
            }
        }
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        #expect(await client.mode == .unencrypted)
        #expect(await client.peerName == nil)
        #expect(await client.socketDescriptor == nil)
        #expect(client.localAddress == nil)
        #expect(client.localPort == 0)
        try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
        #expect(await client.waitForEncrypted(timeout: nil))
        let socket = try #require(await server.next())
        #expect(atStart.withLock { $0 } == ["connected", "sslServer", "false", "true", "true", "true"])

        for (end, mode) in [(socket, SSLMode.sslServer), (client, .sslClient)] {
            await end.run { end in
                #expect(end.state == .connected)
                #expect(end.mode == mode)
                #expect(end.isEncrypted == true)
                #expect(end.sessionCipher?.description == "TLS_AES_128_GCM_SHA256")
                #expect(end.sessionProtocol == .tls13)
                #expect((end.socketDescriptor ?? -1) >= 0)
                #expect(end.localAddress == .localHost)
                #expect(end.peerAddress == .localHost)
            }
        }
        #expect(client.localPort == socket.peerPort)
        #expect(client.peerPort == socket.localPort)
        #expect(await client.peerName == "127.0.0.1")
        #expect(await socket.peerName == nil)

        let ends = [(socket.peerPort, socket.localPort), (client.peerPort, client.localPort)]
        await client.disconnectFromHost()
        #expect(await socket.waitForDisconnected(timeout: nil))
        #expect(await client.waitForDisconnected(timeout: nil))
        for (end, mode) in [(socket, SSLMode.sslServer), (client, .sslClient)] {
            await end.run { end in
                #expect(end.state == .unconnected)
                #expect(end.mode == mode)
                #expect(end.isEncrypted == false)
                #expect(end.sessionCipher == nil)
                #expect(end.sessionProtocol == nil)
                #expect(end.socketDescriptor == nil)
            }
        }
        #expect([socket, client].map { [$0.peerPort, $0.localPort] } == ends.map { [$0.0, $0.1] })
        await server.close()
    }

    @Test("SK-2 modeChanged comes once, before anything else of the handshake")
    func modeChanged() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        server.newConnection.connect { _ in recorder.add("accepted") }
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        recorder.follow(client)
        client.modeChanged.connect { _, mode in recorder.add("mode \(mode)") }
        try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
        #expect(await client.waitForEncrypted(timeout: nil))
        await client.abort()
        let own = recorder.all.filter { $0.hasPrefix("mode") || $0 == "encrypted" || $0 == "connected" }
        #expect(own == ["connected", "mode sslClient", "encrypted"])
        await server.close()
    }

    @Test("SK-10 errors by name and as a line: the certificate that the client refuses, on both sides")
    func errors() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let failures = Mutex<[String]>([])
        server.errorOccurred.connect { _, socket, _ in
            socket.perform { socket in
                let line = socket.errorString
                failures.withLock { $0.append(line) }
            }
        }
        let client = try SSLSocket(
            configuration: Fixture.client(Fixture.otherCredential), on: EventLoop(), handshakeTimeout: Fixture.patience)
        #expect(await client.error == nil)
        #expect(await client.errorString.isEmpty)
        try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
        #expect(await !client.waitForEncrypted(timeout: nil))
        #expect(await client.error == .sslHandshakeFailed)
        #expect(await !client.errorString.isEmpty)
        try await eventually { failures.withLock { $0.count } == 1 }
        #expect(recorder.count("error sslHandshakeFailed") == 1)
        #expect(failures.withLock { $0 }[0].contains("alert"))
        await server.close()
    }

    @Test("SK-12, 6.3-49 an accepted socket does not connect, nor does one that is connected; no error goes stale")
    func reuse() async throws {
        let pair = try await Pair()
        for socket in [pair.socket, pair.client] {
            let failure = await #expect(throws: SocketFailure.self) {
                try await socket.connectToHostEncrypted("localhost", port: pair.client.peerPort)
            }
            #expect(failure?.error == .operation)
            #expect(await socket.error == nil)
            #expect(await socket.isEncrypted)
        }
        await pair.client.abort()
        #expect(await pair.socket.waitForDisconnected(timeout: nil))
        #expect(await pair.socket.error == .remoteHostClosed)
        let fresh = try await SSLSocket.connected(
            to: Endpoint(address: .localHost, port: pair.client.peerPort), recorder: nil)
        #expect(await fresh.error == nil)
        #expect(await fresh.errorString.isEmpty)
        await fresh.abort()
        await pair.end()
    }

    @Test("G-8 the name that was asked for: in lower case, without a trailing dot, and never an address")
    func requestedServerName() async throws {
        for (asked, expected) in [("LocalHost.", "localhost"), ("127.0.0.1", nil), ("::1", nil)] as [(String, String?)]
        {
            let (server, _, endpoint) = try await SSLServer.listening()
            let early = Mutex<String??>(nil)
            server.errorOccurred.connect { _, socket, _ in
                socket.perform { socket in
                    let name = socket.requestedServerName
                    early.withLock { $0 = .some(name) }
                }
            }
            let client = try SSLSocket(
                configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
            try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: asked)
            if expected == nil {
                // The certificate carries no address.
                #expect(await !client.waitForEncrypted(timeout: nil))
            } else {
                #expect(await client.waitForEncrypted(timeout: nil))
                let socket = try #require(await server.next())
                #expect(await socket.requestedServerName == expected)
                await client.abort()
                #expect(await socket.waitForDisconnected(timeout: nil))
                #expect(await socket.requestedServerName == expected)
            }
            await server.close()
            #expect(early.withLock { $0 } == (expected == nil ? .some(nil) : nil))
        }
    }

    @Test("G-18 both ends export the same keying material, and the channel binding is one of it")
    func keyingMaterial() async throws {
        let pair = try await Pair()
        for (label, context, length) in [
            ("EXPORTER-Test", [], 32), ("EXPORTER-Test", [1, 2], 32), ("EXPORTER-Other", [], 100),
        ] as [(String, [UInt8], Int)] {
            let ours = try await pair.socket.exportKeyingMaterial(label: label, context: context, length: length)
            #expect(ours.count == length)
            let theirs = try await pair.client.exportKeyingMaterial(label: label, context: context, length: length)
            #expect(ours == theirs)
        }
        let binding = try await pair.socket.channelBinding()
        let bindingOfClient = try await pair.client.channelBinding()
        #expect(binding == bindingOfClient)
        let same = try await pair.client.exportKeyingMaterial(label: "EXPORTER-Channel-Binding", length: 32)
        #expect(binding == same)

        for (label, length) in [("", 32), (String(repeating: "x", count: 250), 32), ("x", 255 * 32 + 1), ("x", -1)] {
            let failure = await #expect(throws: SocketFailure.self) {
                _ = try await pair.socket.exportKeyingMaterial(label: label, length: length)
            }
            #expect(failure?.error == .operation)
        }
        #expect(await pair.socket.isEncrypted)
        await pair.client.abort()
        let failure = await #expect(throws: SocketFailure.self) { _ = try await pair.client.channelBinding() }
        #expect(failure?.reason == "the connection is not encrypted")
        await pair.end()
    }

    @Test("F-12, RW-17 keys are updated in both directions, with and without asking the peer, between data")
    func updateKeys() async throws {
        let pair = try await Pair()
        let recorder = Recorder()
        recorder.follow(pair.socket)
        for round in 0..<20 {
            let (sender, receiver) = round % 2 == 0 ? (pair.socket, pair.client) : (pair.client, pair.socket)
            try await sender.run { sender in
                sender.write([UInt8(round)])
                try sender.updateKeys(requestingPeers: round % 3 == 0)
                sender.write([UInt8(round), 2])
            }
            #expect(try await receiver.receive(3) == [UInt8(round), UInt8(round), 2])
        }
        #expect(recorder.all.isEmpty)
        await pair.client.closeWriteChannel()
        let failure = await #expect(throws: SocketFailure.self) { try await pair.client.updateKeys() }
        #expect(failure?.error == .operation)
        await pair.client.abort()
        await #expect(throws: SocketFailure.self) { try await pair.client.updateKeys() }
        await pair.end()
    }
}
