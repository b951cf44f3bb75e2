import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct CancellationTests {
    /// Where a client's task waits when it is cancelled.
    enum Await: CaseIterable {
        case reading, line, writing, writingBehindAnother, body

        func wait(_ connection: SSLConnection) async throws {
            let tooMuch = [UInt8](repeating: 1, count: 1 << 24)
            switch self {
            case .reading: for try await _ in connection.inbound {}
            case .line: for try await _ in connection.lines() {}
            case .writing: try await connection.write(tooMuch)
            case .writingBehindAnother:
                async let first: Void = connection.write(tooMuch)
                async let second: Void = connection.write(tooMuch)
                _ = try await (first, second)
            case .body: try await Task.sleep(for: .seconds(3600))
            }
        }

        var isWriting: Bool { self == .writing || self == .writingBehindAnother }
    }

    @Test(
        "a task that is cancelled while it waits throws CancellationError, and its connection is closed in order",
        arguments: Await.allCases)
    func cancelled(_ await: Await) async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let reached = Recorder()
        let client = Task {
            try await withClient(of: endpoint) { connection in
                reached.add("body")
                try await `await`.wait(connection)
            }
        }
        let socket = try #require(await server.next())
        let recorder = Recorder()
        recorder.follow(socket)
        // A reader that holds back makes writers wait.
        if `await`.isWriting { await socket.run { $0.readBufferSize = 1 } }
        try await eventually { reached.count("body") == 1 }
        if `await`.isWriting { try await eventually { await socket.bytesAvailable > 0 } }
        client.cancel()
        await #expect(throws: CancellationError.self) { try await client.value }
        await socket.run { $0.readBufferSize = 0 }
        try await eventually { recorder.all.last?.hasPrefix("disconnected") == true }
        #expect(recorder.all.first == "alertReceived warning close_notify")
        #expect(recorder.all.last == "disconnected closeNotify")
        #expect(await server.statistics.open == 0)
        await server.close()
    }

    @Test("a task that is cancelled before or while it connects leaves nothing open")
    func connecting() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        let reached = Recorder()
        let before = Task {
            while !Task.isCancelled { await Task.yield() }
            try await withClient(of: endpoint) { _ in reached.add("body") }
        }
        before.cancel()
        await #expect(throws: CancellationError.self) { try await before.value }
        #expect(await server.statistics.accepted == 0)

        // A server that does not answer: the client waits in the middle of its handshake.
        let mute = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 8)
        let bound = mute.localEndpoint
        let muteEndpoint = try #require(bound)
        let client = Task { try await withClient(of: muteEndpoint) { _ in reached.add("body") } }
        var accepted = try mute.accept()
        while accepted == nil {
            try await Task.sleep(for: .milliseconds(2))
            accepted = try mute.accept()
        }
        client.cancel()
        await #expect(throws: CancellationError.self) { try await client.value }
        #expect(reached.all.isEmpty)
        #expect(recorder.all.isEmpty)
        await server.close()
    }

    @Test("a cancelled task does not wait for a peer that takes nothing")
    func closing() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let client = Task {
            try await withClient(of: endpoint) { connection in
                await connection.socket.run { $0.writeBufferSize = 1 << 24 }
                try await connection.write([UInt8](repeating: 1, count: 1 << 24))
            }
        }
        let socket = try #require(await server.next())
        await socket.run { $0.readBufferSize = 1 }
        try await eventually { await socket.bytesAvailable > 0 }
        client.cancel()
        // Either way: the body was over, or it was cancelled just before.
        _ = await client.result
        #expect(await socket.state == .connected)
        await socket.run { $0.readBufferSize = 0 }
        try await eventually { await socket.ending == .closeNotify }
        await server.close()
    }

    @Test("an error of the body closes in order and is passed on; so is what the body returns")
    func bodies() async throws {
        struct Refusal: Error {}
        let (server, _, endpoint) = try await SSLServer.listening()
        await #expect(throws: Refusal.self) { try await withClient(of: endpoint) { _ in throw Refusal() } }
        let socket = try #require(await server.next())
        try await eventually { await socket.ending == .closeNotify }
        #expect(try await withClient(of: endpoint) { _ in 7 } == 7)
        await server.close()
    }

    @Test("without a connection the reason is thrown")
    func failures() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let wrongName = await #expect(throws: SocketFailure.self) {
            try await withConnection(
                to: "127.0.0.1", port: endpoint.port, configuration: Fixture.client(),
                handshakeTimeout: Fixture.patience
            ) { _ in }
        }
        #expect(wrongName?.error == .sslHandshakeFailed)
        #expect(wrongName?.ending == .failed)
        await server.close()
        let refused = await #expect(throws: SocketFailure.self) {
            try await withClient(of: Fixture.deaf) { _ in }
        }
        #expect(refused?.error == .connectionRefused)
    }
}

@Suite(.onOwnThreads, .patient) struct ManyConnectionsTests {
    @Test("1,000 connections at once, in both roles, a third of them cancelled: no descriptor is left")
    func thousand() async throws {
        await #expect(processExitsWith: .success) {
            ResourceLimits.raiseDescriptorLimit()
            let descriptors: @Sendable () throws -> Int = {
                try FileSystem.entries(of: "/proc/self/fd", limit: .max).count
            }
            // The runtime's own descriptors come with the first.
            try await Self.exchange(4)
            let before = try descriptors()
            try await Self.exchange(1000)
            try await eventually { try descriptors() <= before }
        }
    }

    /// All clients are connected before the first goes on.
    private static func exchange(_ count: Int) async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        let service = Task {
            await server.serve { connection in
                for try await chunk in connection.inbound { try await connection.write(chunk) }
            }
        }
        let connected = Recorder()
        let done = Recorder()
        let allConnected = Task { try await eventually { connected.all.count == count } }
        let clients = (0..<count).map { number in
            Task {
                try await withClient(of: endpoint) { connection in
                    connected.add("client")
                    if number % 3 == 0 { for try await _ in connection.inbound {} }
                    try await allConnected.value
                    try await connection.write("\(number)\n".utf8)
                    #expect(try await connection.lines().first { _ in true } == "\(number)")
                    done.add("client")
                }
            }
        }
        try await allConnected.value
        #expect(await server.statistics.open == count)
        for number in stride(from: 0, to: count, by: 3) { clients[number].cancel() }
        var cancelled = 0
        for client in clients {
            do {
                try await client.value
            } catch is CancellationError {
                cancelled += 1
            }
        }
        #expect(cancelled == (count + 2) / 3)
        #expect(done.all.count == count - cancelled)
        try await eventually { await server.statistics.open == 0 }
        service.cancel()
        await service.value
    }
}
