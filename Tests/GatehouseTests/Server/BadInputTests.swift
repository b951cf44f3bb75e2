import Gatehouse
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// What clients do wrong, against one server that goes on serving.
@Suite(.onOwnThreads, .patient) struct BadInputTests {
    /// The ClientHello of a client that speaks TLS 1.2 at most: well formed, without supported_versions.
    private static let olderClientHello: [UInt8] = {
        let body: [UInt8] =
            [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + [0, 2, 0xC0, 0x2F] + [1, 0]
            + [0, 8, 0, 10, 0, 4, 0, 2, 0, 29]
        return [22, 3, 1, 0, UInt8(body.count + 4), 1, 0, 0, UInt8(body.count)] + body
    }()

    /// An alert record before there are keys.
    private static func alert(_ description: AlertDescription) -> [UInt8] {
        [21, 3, 3, 0, 2, 2, description.rawValue]
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        /// What the client reads until the end of the stream.
        let answer: [UInt8]
        let signals: [String]
    }

    static let cases = [
        Case(
            testDescription: "G-14, SV-17 plain text", bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8), answer: [],
            signals: ["newConnection", "error notTLS"]),
        Case(
            testDescription: "G-14 a first byte of 0", bytes: [0], answer: [],
            signals: ["newConnection", "error notTLS"]),
        Case(
            testDescription: "G-14 an alert as the first record", bytes: alert(.closeNotify), answer: [],
            signals: ["newConnection", "error notTLS"]),
        Case(
            testDescription: "G-15, 5.10 garbage behind the first byte", bytes: [22, 0xAA, 0xBB, 0xFF, 0xFF, 1, 2, 3],
            answer: alert(.recordOverflow),
            signals: ["newConnection", "started", "alertSent fatal record_overflow", "error sslHandshakeFailed"]),
        Case(
            testDescription: "a handshake message that is no ClientHello", bytes: [22, 3, 1, 0, 4, 20, 0, 0, 0],
            answer: alert(.unexpectedMessage),
            signals: ["newConnection", "started", "alertSent fatal unexpected_message", "error sslHandshakeFailed"]),
        Case(
            testDescription: "an empty handshake record", bytes: [22, 3, 1, 0, 0], answer: alert(.unexpectedMessage),
            signals: ["newConnection", "started", "alertSent fatal unexpected_message", "error sslHandshakeFailed"]),
        Case(
            testDescription: "a ClientHello that does not decode", bytes: [22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3],
            answer: alert(.decodeError),
            signals: ["newConnection", "started", "alertSent fatal decode_error", "error sslHandshakeFailed"]),
        Case(
            testDescription: "G-4, 5.10, B-14, 6.3-28 a TLS 1.2 client", bytes: olderClientHello,
            answer: alert(.protocolVersion),
            signals: ["newConnection", "started", "alertSent fatal protocol_version", "error sslHandshakeFailed"]),
        Case(
            testDescription: "application data in place of a ClientHello's second record",
            bytes: [22, 3, 1, 0, 4, 1, 0, 1, 0, 23, 3, 3, 0, 1, 0], answer: alert(.unexpectedMessage),
            signals: ["newConnection", "started", "alertSent fatal unexpected_message", "error sslHandshakeFailed"]),
    ]

    @Test("G-4, G-15, G-20 garbage gets its alert, one error, and an orderly end of the stream", arguments: cases)
    func garbage(_ input: Case) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let client = try BlockingClient(to: endpoint)
        try client.send(input.bytes)
        #expect(try client.receiveAll() == input.answer)
        try await eventually { await server.statistics.open == 0 }
        #expect(recorder.all == input.signals)
        _ = try await SSLSocket.connected(to: endpoint)
        await server.close()
    }

    @Test("6.1-6, SV-17 a client that waits is still connected; when it sends text it is not any more")
    func plaintextClient() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.handshakeTimeout = nil }
        let client = try BlockingClient(to: endpoint)
        try await eventually { recorder.all == ["newConnection"] }
        try await Task.sleep(for: .milliseconds(100))
        #expect(recorder.all == ["newConnection"])
        #expect(await server.statistics.inFlight == 1)
        try client.send(Array("hello\n".utf8))
        #expect(try client.receiveAll().isEmpty)
        try await eventually { await server.statistics.open == 0 }
        #expect(recorder.all == ["newConnection", "error notTLS"])
        await server.close()
    }

    @Test("the alert arrives although the client goes on sending: no reset overtakes it")
    func alertBeforeReset() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        for _ in 0..<20 {
            let client = try BlockingClient(to: endpoint)
            try client.send(Self.olderClientHello + [UInt8](repeating: 1, count: 30_000))
            try client.send([UInt8](repeating: 2, count: 10_000))
            #expect(try client.receiveAll() == Self.alert(.protocolVersion))
        }
        await server.close()
    }

    @Test("5.11 an immediate close, a reset, half a ClientHello with either: one error each, and no alert")
    func goneBeforeTime() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let hello = try Fixture.clientHello()
        for count in [0, 1, 4, 5, 6, hello.count / 2, hello.count - 1] {
            for resets in [false, true] {
                let accepted = await server.statistics.accepted
                do {
                    let client = try BlockingClient(to: endpoint)
                    let wanted = recorder.count("started") + (count > 0 ? 1 : 0)
                    try client.send(Array(hello.prefix(count)))
                    try await eventually { recorder.count("started") == wanted }
                    if resets { client.resetOnClose() }
                }
                try await eventually {
                    let statistics = await server.statistics
                    return statistics.accepted == accepted + 1 && statistics.open == 0
                }
            }
        }
        #expect(recorder.count("error remoteHostClosed") == 14)
        #expect(recorder.all.count { $0.hasPrefix("error") } == 14)
        #expect(recorder.all.count { $0.hasPrefix("alert") } == 0)
        #expect(recorder.count("started") == 12)
        _ = try await SSLSocket.connected(to: endpoint)
        await server.close()
    }

    @Test("5.11 gone in the middle of the handshake, after the server's answer, by end or reset")
    func goneInHandshake() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        for resets in [false, true] {
            do {
                let transport = try BlockingClient(to: endpoint)
                var client = try EngineClient(on: transport)
                try client.awaitAnswer()
                if resets { transport.resetOnClose() }
            }
            try await eventually { await server.statistics.open == 0 }
        }
        try await eventually { recorder.count("error remoteHostClosed") == 2 }
        #expect(await !server.hasPendingConnections)
        #expect(await server.statistics.failed == 2)
        await server.close()
    }

    @Test("B-02 a ClientHello that comes byte by byte is a good ClientHello")
    func slowClientHello() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { $0.echo() }
        let transport = try BlockingClient(to: endpoint)
        var client = try EngineClient(on: transport, slowly: true)
        try client.handshake()
        try client.send([1, 2, 3])
        try await eventually { recorder.count("pending") == 1 }
        try client.close()
        #expect(try client.readToEnd())
        #expect(client.received == [1, 2, 3])
        await server.close()
    }

    @Test("B-01 close_notify in the middle of the handshake ends it, once")
    func closeNotifyInHandshake() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let client = try BlockingClient(to: endpoint)
        try client.send([22, 3, 1, 0, 1, 1])
        try await eventually { recorder.count("started") == 1 }
        try client.send([21, 3, 3, 0, 2, 1, 0])
        _ = try client.receiveAll()
        try await eventually { await server.statistics.open == 0 }
        #expect(recorder.all.count { $0.hasPrefix("error") } == 1)
        await server.close()
    }

    @Test("a record that does not open after the handshake: bad_record_mac, sslInternal, and the end")
    func badRecord() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        let transport = try BlockingClient(to: endpoint)
        var client = try EngineClient(on: transport)
        try client.handshake()
        let socket = try #require(await server.next())
        let socketRecorder = Recorder()
        socketRecorder.follow(socket)
        try transport.send([23, 3, 3, 0, 20] + [UInt8](repeating: 0, count: 20))
        try await eventually { socketRecorder.all.last == "disconnected failed" }
        #expect(
            socketRecorder.all == [
                "alertSent fatal bad_record_mac", "error sslInternal", "state unconnected", "readChannelFinished",
                "disconnected failed",
            ])
        #expect(throws: TLSError.alertReceived(Alert(.badRecordMAC))) { _ = try client.readToEnd() }
        #expect(recorder.all == ["newConnection", "started", "pending"])
        await server.close()
    }
}
