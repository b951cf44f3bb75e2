import Foundation
import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct HandOverTests {
    @Test("a server takes the listening socket over; the earlier one's connections go on; nobody is refused")
    func takingOver() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("hand-over")
        let (first, recorder, endpoint) = try await SSLServer.listening { $0.echo() }
        first.handedOver.connect { _ in recorder.add("handedOver") }
        try await first.offerHandOver(at: path)
        #expect(try folder.permissions(of: "hand-over") == 0o600)
        let early = try await SSLSocket.connected(to: endpoint)

        var current = first
        for _ in 0..<3 {
            let next = try await SSLServer.patient(threads: 2)
            await next.run { $0.echo() }
            #expect(try await next.takeOver(at: path))
            #expect(await next.serverPort == endpoint.port)
            #expect(!folder.exists("hand-over"))
            let earlier = current
            try await eventually { await !earlier.isListening }
            try await next.offerHandOver(at: path)
            // A moment longer one of the earlier server's threads may take somebody in: everybody is served.
            try await eventually {
                let client = try await SSLSocket.connected(to: endpoint)
                await client.write([4])
                #expect(try await client.receive(1) == [4])
                await client.abort()
                return await next.statistics.accepted > 0
            }
            current = next
        }
        #expect(recorder.count("handedOver") == 1)
        await early.write([1, 2])
        #expect(try await early.receive(2) == [1, 2])
        #expect(await first.statistics.accepted == 1)
        // What is left is drained, and dropped after the grace period.
        let end = Recorder()
        await early.run { end.follow($0) }
        await first.shutdown(gracePeriod: .milliseconds(10))
        try await eventually { end.all.last == "disconnected closeNotify" }
        await current.close()
        #expect(!folder.exists("hand-over"))
    }

    @Test("a Unix socket goes along with its file")
    func unixSocket() async throws {
        let folder = try TemporaryFolder()
        let first = try await SSLServer.patient()
        try await first.listen(unixSocket: folder.path("tls"))
        try await first.offerHandOver(at: folder.path("hand-over"))
        let second = try await SSLServer.patient()
        #expect(try await second.takeOver(at: folder.path("hand-over")))
        #expect(folder.exists("tls"))
        #expect(await second.serverPath == folder.path("tls"))
        var client = try EngineClient(on: BlockingClient(toUnixSocket: folder.path("tls")))
        try client.handshake()
        await first.close()
        #expect(folder.exists("tls"))
        await second.close()
        #expect(!folder.exists("tls"))
    }

    @Test("nobody there, nobody who listens, nobody who answers, a successor that dies")
    func failing() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("hand-over")
        let successor = try await SSLServer.patient()
        #expect(try await !successor.takeOver(at: path))
        // Abandoned by a process that has ended.
        do { _ = try StreamSocket.listen(unixPath: path, permissions: 0o600, backlog: 1) }
        #expect(try await !successor.takeOver(at: path))

        let idle = try await SSLServer.patient()
        try await idle.offerHandOver(at: path)
        await #expect(throws: SocketFailure.self) { _ = try await successor.takeOver(at: path) }
        #expect(await !successor.isListening)
        await idle.close()
        #expect(!folder.exists("hand-over"))

        do {
            let mute = try StreamSocket.listen(unixPath: path, permissions: 0o600, backlog: 1)
            let failure = await #expect(throws: SocketFailure.self) {
                _ = try await successor.takeOver(at: path, timeout: .milliseconds(50))
            }
            #expect(failure?.error == .socketTimeout)
            #expect(mute.descriptor >= 0)
        }

        let (server, recorder, endpoint) = try await SSLServer.listening { $0.echo() }
        server.handedOver.connect { _ in recorder.add("handedOver") }
        try await server.offerHandOver(at: path)
        for isSilent in [false, true, false] {
            let dying = try StreamSocket.connect(toUnixPath: path)
            // It gets the descriptor, and ends without a word, or stays without one.
            let poller = try Poller()
            try poller.add(dying.descriptor, interest: .read, token: 0)
            var ready: [Readiness] = []
            while ready.isEmpty { poller.wait(milliseconds: nil, into: &ready) }
            let received = try dying.receiveDescriptor()
            let descriptor = try #require(received?.descriptor)
            #expect(close(descriptor) == 0)
            if isSilent { try await Task.sleep(for: .milliseconds(20)) }
        }
        let client = try await SSLSocket.connected(to: endpoint)
        await client.write([1])
        #expect(try await client.receive(1) == [1])
        #expect(await server.isListening)
        #expect(recorder.count("handedOver") == 0)
        await client.abort()
        // It can still be taken over, by one that listens; and not by one that listens already.
        #expect(try await successor.takeOver(at: path))
        let twice = await #expect(throws: SocketFailure.self) { _ = try await successor.takeOver(at: path) }
        #expect(twice?.error == .operation)
        try await eventually { recorder.count("handedOver") == 1 }
        await successor.close()
    }

    @Test("two processes: of 1,000 connections before, during and after the hand-over none is dropped")
    func twoProcesses() async throws {
        let folder = try TemporaryFolder()
        let options = ["--mode", "echo", "--hand-over", folder.path("hand-over"), "--grace", "3600", "--threads", "2"]
        let (first, endpoint) = try await ToolProcess.serving(options)
        let loop = try EventLoop()
        func connecting() async throws -> SSLSocket {
            let client = try SSLSocket(configuration: Fixture.anyServer, on: loop, handshakeTimeout: nil)
            try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
            return client
        }
        /// Whether what is sent comes back.
        func echoes(_ client: SSLSocket, _ byte: UInt8) async throws {
            await client.write([byte])
            try await eventually {
                guard await client.error == nil else { throw HandshakeFailure(reason: await client.errorString) }
                return await client.bytesAvailable == 1
            }
            #expect(await client.readAll() == [byte])
        }
        // These stay open over the hand-over.
        var lasting: [SSLSocket] = []
        for _ in 0..<100 { lasting.append(try await connecting()) }
        for client in lasting { try await echoes(client, 1) }

        /// Ten at a time come and go.
        func come(_ count: Int) async throws {
            for _ in 0..<count / 10 {
                var clients: [SSLSocket] = []
                for _ in 0..<10 { clients.append(try await connecting()) }
                for client in clients {
                    try await echoes(client, 2)
                    await client.disconnectFromHost()
                }
            }
        }
        let coming = Task { try await come(800) }
        try await eventually { try first.tells(of: "pendingConnectionAvailable") > 300 }
        let second = try ToolProcess(ToolProcess.serve + ["--port", "0"] + options)
        #expect(try await second.port() == endpoint.port)
        try await first.wait(for: "handedOver")
        try await coming.value
        try await come(100)
        // The first process still serves those that it has.
        for client in lasting {
            try await echoes(client, 3)
            await client.disconnectFromHost()
        }
        #expect(try await first.finish().status == 0)
        let served = try [first, second].map { try $0.tells(of: "pendingConnectionAvailable") }
        #expect(served.reduce(0, +) == 1000)
        #expect(served.allSatisfy { $0 > 0 })
        for process in [first, second] {
            #expect(try process.tells(of: "errorOccurred") + process.tells(of: "acceptError") == 0)
        }
        #expect(try await second.terminate().status == 0)
        #expect(!folder.exists("hand-over"))
    }
}
