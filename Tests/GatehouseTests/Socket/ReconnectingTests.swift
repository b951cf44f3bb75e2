import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

/// A client's socket that connects again after its end.
@Suite(.onOwnThreads, .patient) struct ReconnectingTests {
    private static func client(_ configuration: SSLConfiguration? = nil) throws -> SSLSocket {
        try SSLSocket(
            configuration: configuration ?? Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
    }

    /// What a socket shows that has never been connected, and one that looks its next host up.
    private static func expectNothingOld(_ socket: isolated SSLSocket) {
        #expect(socket.bytesAvailable == 0)
        #expect(socket.atEnd == true)
        #expect(socket.canReadLine == false)
        #expect(socket.readAll().isEmpty)
        #expect(socket.readEarlyData().isEmpty)
        #expect(socket.isTransactionStarted == false)
        #expect(socket.encryptedBytesAvailable == 0)
        #expect(socket.bytesToWrite == 0)
        #expect(socket.encryptedBytesToWrite == 0)
        #expect(socket.mode == .unencrypted)
        #expect(socket.isEncrypted == false)
        #expect(socket.isReadChannelFinished == false)
        #expect(socket.error == nil)
        #expect(socket.errorString.isEmpty)
        #expect(socket.ending == nil)
        #expect(socket.session == nil)
        #expect(socket.sessionTicket == nil)
        #expect(socket.sessionCipher == nil)
        #expect(socket.handshakeDuration == nil)
        #expect(socket.sslHandshakeErrors.isEmpty)
        #expect(socket.peerCertificateChain.isEmpty)
        #expect(socket.isPeerVerified == false)
        #expect(socket.nextNegotiatedProtocol == nil)
        #expect(socket.peerEndpoint == nil)
        #expect(socket.localEndpoint == nil)
        #expect(socket.socketDescriptor == nil)
        #expect(throws: SocketFailure.self) { try socket.channelBinding() }
    }

    @Test("SK-12, 6.3-27, 6.3-49 five connections of one socket, ended in five ways: nothing of the last one shows")
    func fiveTimes() async throws {
        let (server, _, endpoint) = try await SSLServer.listening(Fixture.server(alpn: ["one"]))
        let client = try Self.client(Fixture.client(alpn: ["one"]))
        await client.run(Self.expectNothingOld)
        var ports: Set<UInt16> = []
        for (index, end) in ["local", "abort", "peer", "cut", "alert"].enumerated() {
            let recorder = Recorder()
            recorder.follow(client)
            try await client.run { client in
                try client.connectToHostEncrypted("localhost", port: endpoint.port)
                #expect(client.state == .hostLookup)
                #expect(client.peerName == "localhost")
                Self.expectNothingOld(client)
            }
            #expect(await client.waitForEncrypted(timeout: nil))
            let socket = try #require(await server.next())
            let mine = UInt8(index)
            await socket.write([mine, mine, mine])
            try await eventually { await client.bytesAvailable == 3 }
            await client.run { client in
                client.startTransaction()
                #expect(client.read(2) == [mine, mine])
                #expect(client.nextNegotiatedProtocol == "one")
                #expect(client.isPeerVerified == true)
                #expect(client.sessionTicket != nil)
            }
            ports.insert(client.localPort)
            switch end {
            case "local": await client.disconnectFromHost()
            case "abort":
                await client.run { client in
                    #expect(client.write([9]) == 1)
                    client.abort()
                }
            case "peer": await socket.disconnectFromHost()
            case "cut": await socket.abort()
            default: await socket.abort(with: .accessDenied)
            }
            #expect(await client.waitForDisconnected(timeout: nil))
            #expect(await client.readAll() == [mine])
            #expect(await socket.waitForDisconnected(timeout: nil))
            #expect(await socket.bytesAvailable == 0)
            #expect(
                recorder.all.starts(with: ["state hostLookup", "state connecting", "hostFound", "state connected"]))
            #expect(recorder.count("encrypted") == 1)
            #expect(recorder.all.last?.hasPrefix("disconnected") == true)
        }
        #expect(ports.count == 5)
        #expect(await server.statistics.accepted == 5)
        await server.close()
    }

    @Test(
        "SK-12 after a connection that was refused, and one whose peer was nobody's, it connects as if for the first time"
    )
    func afterErrors() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let (stranger, _, strangePlace) = try await SSLServer.listening(Fixture.server(Fixture.otherCredential))
        let client = try Self.client()
        for (port, error) in [
            (1, SocketError.connectionRefused), (strangePlace.port, .sslHandshakeFailed),
            (endpoint.port, nil), (1, .connectionRefused), (endpoint.port, nil),
        ] as [(UInt16, SocketError?)] {
            try await client.connectToHostEncrypted("localhost", port: port)
            #expect(await client.waitForEncrypted(timeout: nil) == (error == nil))
            #expect(await client.error == error)
            #expect(await client.errorString.isEmpty == (error == nil))
            #expect(await client.sslHandshakeErrors.isEmpty == (port != strangePlace.port))
            await client.abort()
        }
        await server.close()
        await stranger.close()
    }

    @Test(
        "IG-1, IG-2 what was ignored in one connection is not ignored in the next, unless it is said again",
        arguments: [true, false])
    func ignoring(all: Bool) async throws {
        let (server, _, endpoint) = try await SSLServer.listening(Fixture.server(Fixture.otherCredential))
        let client = try Self.client()
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        #expect(await !client.waitForEncrypted(timeout: nil))
        let errors = await client.sslHandshakeErrors
        #expect(!errors.isEmpty)
        for ignores in [true, false, true] {
            if ignores { await client.run { all ? $0.ignoreSSLErrors() : $0.ignoreSSLErrors(errors) } }
            try await client.connectToHostEncrypted("localhost", port: endpoint.port)
            #expect(await client.waitForEncrypted(timeout: nil) == ignores)
            #expect(await client.sslHandshakeErrors == errors)
            await client.abort()
        }
        await server.close()
    }

    @Test("a late answer to a question of the last connection does nothing to the next")
    func lateAnswer() async throws {
        let (server, _, endpoint) = try await SSLServer.listening(Fixture.server(Fixture.otherCredential))
        let client = try Self.client()
        let decisions = Mutex<[SSLErrorsDecision]>([])
        let follow: @Sendable (isolated SSLSocket) throws -> Void = { client in
            client.sslErrors.connect { _, decision in decisions.withLock { $0.append(decision) } }
            try client.connectToHostEncrypted("localhost", port: endpoint.port)
        }
        try await client.run(follow)
        try await eventually { decisions.withLock { $0.count } == 1 }
        await client.abort()
        try await client.run(follow)
        try await eventually { decisions.withLock { $0.count } == 2 }
        // Answers are heard in their order: if the first one counted, the connection would be encrypted.
        let (old, new) = decisions.withLock { ($0[0], $0[1]) }
        old.ignore()
        new.reject()
        #expect(await !client.waitForEncrypted(timeout: nil))
        #expect(await client.error == .sslHandshakeFailed)
        // Nor does a late refusal end a good one.
        await client.run { $0.ignoreSSLErrors() }
        try await client.connectToHostEncrypted("localhost", port: endpoint.port)
        new.reject()
        #expect(await client.waitForEncrypted(timeout: nil))
        await client.abort()
        await server.close()
    }

    @Test("a late answer of the resolver is not the next connection's")
    func lateLookUp() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let (other, otherRecorder, otherEndpoint) = try await SSLServer.listening()
        let client = try Self.client()
        try await client.run { client in
            for _ in 1...8 {
                try client.connectToHostEncrypted("localhost", port: otherEndpoint.port)
                client.abort()
            }
            try client.connectToHostEncrypted("localhost", port: endpoint.port)
        }
        #expect(await client.waitForEncrypted(timeout: nil))
        #expect(client.peerPort == endpoint.port)
        #expect(otherRecorder.all.isEmpty)
        await client.abort()
        await server.close()
        await other.close()
    }

    @Test("SK-12 it can be moved, and both what moved and what was left behind connect again")
    func afterMoving() async throws {
        let pair = try await Pair()
        let moved = try await pair.client.move(to: EventLoop())
        await moved.abort()
        let endpoint = Endpoint(address: .localHost, port: await pair.server.serverPort)
        for client in [moved, pair.client] {
            try await client.connectToHostEncrypted("localhost", port: endpoint.port)
            #expect(await client.waitForEncrypted(timeout: nil))
            await client.abort()
        }
        await pair.end()
    }

    @Test("SK-9 with another configuration it resumes the session of its last connection, early data included")
    func resuming() async throws {
        var configuration = try Fixture.server()
        configuration.maximumEarlyDataSize = 100
        configuration.earlyDataAgeTolerance = 240
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let client = try Self.client()
        for visit in 0..<3 {
            try await client.connectToHostEncrypted("localhost", port: endpoint.port)
            #expect(await client.waitForEncrypted(timeout: nil))
            let socket = try #require(await server.next())
            #expect(await client.isSessionResumed == (visit > 0))
            #expect(await socket.readEarlyData() == (visit > 0 ? [7, 7] : []))
            await socket.write([1])
            #expect(try await client.receive(1) == [1])
            var next = await client.sslConfiguration
            next.sessionTicket = await client.sessionTicket
            next.offersEarlyData = true
            let resuming = next
            let failure = await #expect(throws: SocketFailure.self) { try await client.setSSLConfiguration(resuming) }
            #expect(failure?.error == .operation)
            await client.disconnectFromHost()
            #expect(await client.waitForDisconnected(timeout: nil))
            try await client.setSSLConfiguration(resuming)
            #expect(await client.writeEarlyData([7, 7]) == 2)
            #expect(await socket.waitForDisconnected(timeout: nil))
            let refusal = await #expect(throws: SocketFailure.self) { try await socket.setSSLConfiguration(resuming) }
            #expect(refusal?.error == .operation)
        }
        let before = try #require(await client.sslConfiguration.sessionTicket).exported()
        var broken = try Fixture.client()
        broken.signatureSchemes = []
        let unusable = broken
        await #expect(throws: SocketFailure.self) { try await client.setSSLConfiguration(unusable) }
        #expect(await client.sslConfiguration.sessionTicket?.exported() == before)
        await server.close()
    }
}
