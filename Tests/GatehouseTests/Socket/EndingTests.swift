import Gatehouse
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct EndingTests {
    /// A server's socket with a recorder, and the client that is connected to it.
    private func pair() async throws -> (SSLServer, SSLSocket, Recorder, BlockingClient, EngineClientBox) {
        let (server, _, endpoint) = try await SSLServer.listening()
        let transport = try BlockingClient(to: endpoint)
        var client = try EngineClient(on: transport)
        try client.handshake()
        let socket = try #require(await server.next())
        let recorder = Recorder()
        recorder.follow(socket)
        return (server, socket, recorder, transport, EngineClientBox(client))
    }

    @Test("G-9, RW-13, 6.3-55 close_notify is answered, and the connection ends without an error")
    func closeNotify() async throws {
        let (server, socket, recorder, transport, client) = try await pair()
        try client.value.close()
        #expect(try client.value.readToEnd())
        #expect(try transport.receiveAll().isEmpty)
        try await eventually { recorder.all.last == "disconnected closeNotify" }
        #expect(
            recorder.all == [
                "alertReceived warning close_notify", "readChannelFinished", "state closing",
                "alertSent warning close_notify",
                "state unconnected", "disconnected closeNotify",
            ])
        #expect(await socket.error == nil)
        #expect(await socket.errorString.isEmpty)
        await server.close()
    }

    @Test("G-9, F-22 what came before close_notify is answered before the connection ends")
    func answeredBeforeClosing() async throws {
        let (server, socket, recorder, _, client) = try await pair()
        socket.readyRead.connect { $0.write($0.readAll()) }
        try client.value.sendAndClose([1, 2, 3])
        #expect(try client.value.readToEnd())
        #expect(client.value.received == [1, 2, 3])
        try await eventually { recorder.all.last == "disconnected closeNotify" }
        await server.close()
    }

    @Test("G-9, F-22 with allowHalfClose our side stays open until we end it")
    func halfClose() async throws {
        let (server, socket, recorder, _, client) = try await pair()
        await socket.run { $0.allowHalfClose = true }
        try client.value.close()
        try await eventually { await socket.isReadChannelFinished }
        #expect(await socket.state == .connected)
        await socket.write([4, 5])
        await socket.write([6])
        await socket.disconnectFromHost()
        #expect(try client.value.readToEnd())
        #expect(client.value.received == [4, 5, 6])
        try await eventually { recorder.all.last == "disconnected closeNotify" }
        #expect(recorder.all.count { $0.hasPrefix("error") } == 0)
        await server.close()
    }

    @Test("F-22 closing our side only: what the peer sends is still read, and the peer's end is the connection's")
    func closeWriteChannel() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let recorder = Recorder()
        let client = try await SSLSocket.connected(to: endpoint, recorder: recorder)
        let socket = try #require(await server.next())
        await socket.run { $0.allowHalfClose = true }
        await client.write([1])
        await client.closeWriteChannel()
        #expect(await client.write([2]) == 0)
        #expect(try await socket.receive(1) == [1])
        try await eventually { await socket.isReadChannelFinished }
        await socket.write([3])
        #expect(try await client.receive(1) == [3])
        await socket.disconnectFromHost()
        try await eventually { recorder.all.last == "disconnected closeNotify" }
        #expect(recorder.count("alertSent warning close_notify") == 1)
        await server.close()
    }

    @Test("G-9, RW-14 the end of TCP without close_notify is a truncation, and an error")
    func truncated() async throws {
        let (server, socket, recorder, transport, _) = try await pair()
        transport.shutdownWriting()
        try await eventually { recorder.all.last == "disconnected truncated" }
        #expect(
            recorder.all == [
                "error remoteHostClosed", "state unconnected", "readChannelFinished", "disconnected truncated",
            ])
        #expect(await socket.error == .remoteHostClosed)
        #expect(socket.peerPort == transport.endpoint?.port)
        await server.close()
    }

    @Test("G-9 a reset is told apart from a truncation")
    func reset() async throws {
        let (server, _, recorder) = try await {
            let (server, socket, recorder, transport, _) = try await pair()
            transport.resetOnClose()
            return (server, socket, recorder)
        }()
        try await eventually { recorder.all.last == "disconnected reset" }
        #expect(
            recorder.all == [
                "error remoteHostClosed", "state unconnected", "readChannelFinished", "disconnected reset",
            ])
        await server.close()
    }

    @Test("RW-9, 6.3-37 disconnectFromHost sends what is left, then close_notify")
    func disconnectFromHost() async throws {
        let (server, socket, recorder, _, client) = try await pair()
        let data = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        await socket.run { socket in
            // We may come late to reading.
            socket.closingTime = Fixture.patience
            socket.write(data)
            socket.disconnectFromHost()
            #expect(socket.write([1]) == 0)
        }
        #expect(try client.value.readToEnd())
        #expect(client.value.received == data)
        try await eventually { recorder.all.last == "disconnected local" }
        #expect(
            recorder.all == [
                "state closing", "alertSent warning close_notify", "state unconnected", "readChannelFinished",
                "disconnected local",
            ])
        #expect(await socket.bytesToWrite == 0)
        #expect(await socket.error == nil)
        await server.close()
    }

    @Test("a peer that takes nothing more does not hold a closing connection for ever")
    func closingIsBounded() async throws {
        let (server, socket, recorder, transport, _) = try await pair()
        let isFull = { () -> Bool in
            let taken = await socket.write([UInt8](repeating: 1, count: 1 << 20))
            try await Task.sleep(for: .milliseconds(5))
            let stillFull = await socket.bytesToWrite == 1 << 20
            return taken == 0 && stillFull
        }
        while try await !isFull() {}
        await socket.run { socket in
            socket.closingTime = .milliseconds(50)
            socket.disconnectFromHost()
        }
        try await eventually { recorder.all.last == "disconnected local" }
        #expect(
            recorder.all == [
                "state closing", "error socketTimeout", "state unconnected", "readChannelFinished",
                "disconnected local",
            ])
        #expect(transport.endpoint != nil)
        await server.close()
    }

    @Test("RW-10, 6.3-41 close drops what was not read")
    func close() async throws {
        let (server, socket, recorder, _, client) = try await pair()
        try client.value.send([1, 2, 3])
        try await eventually { await socket.bytesAvailable == 3 }
        await socket.write([9])
        await socket.close()
        #expect(await socket.bytesAvailable == 0)
        #expect(await socket.readAll().isEmpty)
        #expect(try client.value.readToEnd())
        #expect(client.value.received == [9])
        try await eventually { recorder.all.last == "disconnected local" }
        #expect(await socket.bytesAvailable == 0)
        #expect(await socket.bytesToWrite == 0)
        #expect(await socket.read(1).isEmpty)
        await server.close()
    }

    @Test("RW-11 abort ends at once, without close_notify")
    func abort() async throws {
        let (server, socket, recorder, _, client) = try await pair()
        await socket.run { socket in
            socket.write([1])
            socket.abort()
            socket.abort()
        }
        #expect(try !client.value.readToEnd())
        #expect(client.value.received.isEmpty)
        try await eventually { recorder.all.last == "disconnected local" }
        #expect(recorder.all == ["state unconnected", "readChannelFinished", "disconnected local"])
        await server.close()
    }

    @Test("6.3-38 ending a connection from inside any of its slots is safe, and tells the end once")
    func endInSlots() async throws {
        let slots: [@Sendable (SSLSocket) -> Void] = [
            { $0.readyRead.connect { $0.abort() } },
            { $0.readyRead.connect { $0.disconnectFromHost() } },
            { $0.readyRead.connect { $0.close() } },
            { $0.alertReceived.connect { socket, _ in socket.abort() } },
            { $0.stateChanged.connect { socket, _ in socket.abort() } },
            { $0.alertSent.connect { socket, _ in socket.close() } },
            { $0.disconnected.connect { socket, _ in socket.abort() } },
        ]
        for connect in slots {
            let (server, socket, recorder, _, client) = try await pair()
            connect(socket)
            try client.value.sendAndClose([1, 2, 3])
            try await eventually { await server.statistics.open == 0 }
            #expect(recorder.all.count { $0.hasPrefix("disconnected") } == 1)
            #expect(recorder.all.count { $0.hasPrefix("error") } == 0)
            #expect(recorder.all.last?.hasPrefix("disconnected") == true)
            await server.close()
        }
    }

    @Test("no access is open while a slot runs: slots may use their socket in every way")
    func slotsUseTheirSocket() async throws {
        let use: @Sendable (isolated SSLSocket) -> Void = { socket in
            socket.write(socket.peek(2) + socket.read(1))
            socket.readBufferSize = 1 << 16
            socket.allowHalfClose = socket.isReadChannelFinished
            #expect(socket.bytesToWrite >= 0)
            #expect(socket.session != nil)
        }
        let (server, socket, recorder, _, client) = try await pair()
        socket.readyRead.connect { use($0) }
        socket.bytesWritten.connect { socket, _ in
            if socket.bytesAvailable > 0 { use(socket) }
        }
        socket.alertReceived.connect { socket, _ in use(socket) }
        socket.alertSent.connect { socket, _ in use(socket) }
        socket.stateChanged.connect { socket, _ in use(socket) }
        socket.disconnected.connect { socket, _ in use(socket) }
        try client.value.send(Array(0..<50))
        try client.value.close()
        try await eventually { await socket.run { $0.isReadChannelFinished && $0.bytesAvailable == 0 } }
        await socket.disconnectFromHost()
        #expect(try client.value.readToEnd())
        #expect(client.value.received.starts(with: [0, 1, 0, 1, 2, 1]))
        try await eventually { recorder.all.last?.hasPrefix("disconnected") == true }
        #expect(recorder.all.count { $0.hasPrefix("error") } == 0)
        await server.close()
    }

    @Test("G-17 ending a connection in a slot of the handshake frees its room at once, without an error")
    func endInHandshake() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        server.startedEncryptionHandshake.connect { _, socket in socket.perform { $0.abort() } }
        let client = try await SSLSocket.connecting(to: endpoint)
        try await eventually { await client.state == .unconnected }
        try await eventually { await server.statistics.open == 0 }
        #expect(await server.statistics.inFlight == 0)
        #expect(recorder.all == ["newConnection", "started"])
        await server.close()
    }

    @Test(
        "G-4, G-17 ending a connection with an alert, in the handshake and after it: the peer hears it, and it is no error"
    )
    func endWithAlert() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let slot = server.startedEncryptionHandshake.connect { _, socket in
            socket.perform { $0.abort(with: .accessDenied) }
        }
        let clientRecorder = Recorder()
        let refused = try await SSLSocket.connecting(to: endpoint, recorder: clientRecorder)
        try await eventually { await refused.state == .unconnected }
        #expect(clientRecorder.all.contains("alertReceived fatal access_denied"))
        try await eventually { recorder.all == ["newConnection", "started", "alertSent fatal access_denied"] }
        slot.disconnect()

        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        let socketRecorder = Recorder()
        socketRecorder.follow(socket)
        await socket.abort(with: .internalError)
        try await eventually { await client.state == .unconnected }
        #expect(
            socketRecorder.all == [
                "alertSent fatal internal_error", "state unconnected", "readChannelFinished", "disconnected local",
            ])
        // Once it is over there is nobody to tell.
        await socket.abort(with: .accessDenied)
        #expect(socketRecorder.all.count == 4)
        await server.close()
    }
}

/// Lets a client that cannot be copied be handed around.
final class EngineClientBox {
    var value: EngineClient

    init(_ value: consuming EngineClient) {
        self.value = value
    }
}
