import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

/// A server with one connection taken in the async style, and the client at its other end.
struct AsyncPair {
    let server: SSLServer
    let connection: SSLConnection
    let client: RemoteClient

    init() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        client = try RemoteClient(to: endpoint)
        self.server = server
        var connections = server.connections.makeAsyncIterator()
        connection = try #require(await connections.next())
    }

}

extension SSLConnection {
    /// Reads chunks until the sequence ends.
    func readAll() async throws -> [UInt8] {
        try await inbound.reduce(into: []) { $0 += $1 }
    }
}

@Suite(.onOwnThreads, .patient) struct AsyncReadingTests {
    @Test("the chunks are what the peer sent; its close_notify ends them, and our side stays open")
    func chunks() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        let data = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await pair.client.sendAndClose(data)
        #expect(try await connection.readAll() == data)
        #expect(try await connection.readAll().isEmpty)
        try await connection.write([1, 2])
        await connection.close()
        #expect(try await pair.client.readToEnd() == ([1, 2], true))
        #expect(await connection.socket.ending == .closeNotify)
        await pair.server.close()
    }

    /// Ways in which a connection ends that is not ended in order.
    enum Breach: CaseIterable {
        case truncation, reset, badRecord, close, abort

        func perform(_ pair: AsyncPair) async throws {
            switch self {
            case .truncation: pair.client.transport.shutdownWriting()
            case .reset: pair.client.transport.reset()
            case .badRecord: try pair.client.transport.send([23, 3, 3, 0, 17] + [UInt8](repeating: 0, count: 17))
            case .close: await pair.connection.close()
            case .abort: await pair.connection.abort()
            }
        }

        var expected: (ending: Ending, error: SocketError) {
            switch self {
            case .truncation: (.truncated, .remoteHostClosed)
            case .reset: (.reset, .remoteHostClosed)
            case .badRecord: (.failed, .sslInternal)
            case .close, .abort: (.local, .operation)
            }
        }
    }

    @Test("a connection that is cut off, fails, or was closed here throws how it ended", arguments: Breach.allCases)
    func breach(_ breach: Breach) async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        let received = Mutex<[UInt8]>([])
        let reader = Task {
            for try await chunk in connection.inbound { received.withLock { $0 += chunk } }
        }
        try await pair.client.send([1, 2, 3])
        try await eventually { received.withLock { $0 } == [1, 2, 3] }
        try await breach.perform(pair)
        let failure = await #expect(throws: SocketFailure.self) { try await reader.value }
        #expect(failure?.ending == breach.expected.ending)
        #expect(failure?.error == breach.expected.error)
        #expect(failure?.reason.isEmpty == false)
        let again = await #expect(throws: SocketFailure.self) { try await connection.write([1]) }
        #expect(again?.ending == breach.expected.ending)
        await pair.server.close()
    }

    @Test("G-11 when nobody takes chunks, reading stops at the buffer's size; all of them come when somebody does")
    func backPressure() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { $0.allowHalfClose = true }
        let total = 600_000
        let client = Task {
            try await withClient(of: endpoint) { try await $0.write([UInt8](repeating: 1, count: total)) }
        }
        var connections = server.connections.makeAsyncIterator()
        let connection = try #require(await connections.next())
        await connection.socket.run { $0.readBufferSize = 1000 }
        try await eventually { await connection.socket.bytesAvailable >= 1000 }
        try await Task.sleep(for: .milliseconds(50))
        #expect(await connection.socket.bytesAvailable <= 1 << 20)
        var received = 0
        for try await chunk in connection.inbound {
            #expect(!chunk.isEmpty)
            received += chunk.count
        }
        #expect(received == total)
        try await client.value
        await connection.close()
        await server.close()
    }

    @Test("two tasks share what comes: each byte goes to one of them")
    func severalIterators() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        async let first = connection.readAll()
        async let second = connection.readAll()
        for number in 0..<100 { try await pair.client.send([UInt8(number)]) }
        try await pair.client.close()
        let received = try await first + second
        #expect(received.sorted() == Array(0..<100))
        await connection.close()
        await pair.server.close()
    }
}

@Suite(.onOwnThreads, .patient) struct AsyncLinesTests {
    @Test("lines end with LF or CR LF, the last may have no end; characters are whole however the bytes come")
    func lines() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        let text = "first\r\n\nzweite Zeile: grün\n日本語\r\nlast 🦊"
        for byte in text.utf8 { try await pair.client.send([byte]) }
        try await pair.client.close()
        var lines: [String] = []
        for try await line in connection.lines() { lines.append(line) }
        #expect(lines == ["first", "", "zweite Zeile: grün", "日本語", "last 🦊"])
        await connection.close()
        await pair.server.close()
    }

    @Test("a line takes nothing of what is behind it")
    func mixed() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        try await pair.client.sendAndClose(Array("GET /\nHost: a\n\n\u{1}body\nmore".utf8))
        var header: [String] = []
        for try await line in connection.lines() {
            if line.isEmpty { break }
            header.append(line)
        }
        #expect(header == ["GET /", "Host: a"])
        #expect(try await connection.readAll() == Array("\u{1}body\nmore".utf8))
        await connection.close()
        await pair.server.close()
    }

    @Test("what is not UTF-8 is replaced, and does not swallow a line's end")
    func badUTF8() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        try await pair.client.sendAndClose([0x61, 0xC3, 0x0A, 0xFF, 0x0A])
        var lines: [String] = []
        for try await line in connection.lines() { lines.append(line) }
        #expect(lines == ["a\u{FFFD}", "\u{FFFD}"])
        await connection.close()
        await pair.server.close()
    }

    @Test("a line may have as many bytes as it is allowed, and one more is an error; the bytes can still be read")
    func tooLong() async throws {
        for (isAllowed, hasEnd) in [(true, true), (false, true), (false, false)] {
            let pair = try await AsyncPair()
            let connection = pair.connection
            let line = [UInt8](repeating: 0x61, count: isAllowed ? 99 : 100)
            try await pair.client.sendAndClose(hasEnd ? line + [0x0A, 0x62] : line)
            var lines = connection.lines(maximumLength: 100).makeAsyncIterator()
            if isAllowed {
                #expect(try await lines.next() == String(repeating: "a", count: 99))
                #expect(try await lines.next() == "b")
                #expect(try await lines.next() == nil)
            } else {
                for _ in 0..<2 {
                    let error = await #expect(throws: LineTooLong.self) { try await lines.next() }
                    #expect(error?.maximumLength == 100)
                }
                #expect(try await connection.readAll().count == (hasEnd ? 102 : 100))
            }
            await connection.close()
            await pair.server.close()
        }
    }

    @Test("a line longer than the read buffer is an error too: nobody waits for ever")
    func readBuffer() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        await connection.socket.run { $0.readBufferSize = 1000 }
        try await pair.client.send([UInt8](repeating: 0x61, count: 5000))
        var lines = connection.lines().makeAsyncIterator()
        let error = await #expect(throws: LineTooLong.self) { try await lines.next() }
        #expect(error?.maximumLength == 1000)
        await connection.abort()
        await pair.server.close()
    }

    @Test("the beginning of a line that was cut off is not delivered")
    func truncated() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        try await pair.client.send(Array("transfer 100\ntransfer 10".utf8))
        pair.client.transport.shutdownWriting()
        var lines: [String] = []
        let failure = await #expect(throws: SocketFailure.self) {
            for try await line in connection.lines() { lines.append(line) }
        }
        #expect(lines == ["transfer 100"])
        #expect(failure?.ending == .truncated)
        await pair.server.close()
    }
}
