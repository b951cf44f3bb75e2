import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct AsyncWritingTests {
    @Test("G-11 write suspends above the high-water mark, and returns when all is taken")
    func highWaterMark() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        let size = 100_000
        await connection.socket.run { $0.writeBufferSize = size }
        // More than the kernel's buffers and ours hold together.
        let pattern = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 5) }
        let data = [UInt8](repeatElement(pattern, count: 16).joined())
        let isDone = Recorder()
        let writer = Task {
            try await connection.write(data)
            isDone.add("done")
            await connection.close()
        }
        try await eventually { await connection.socket.bytesToWrite == size }
        try await Task.sleep(for: .milliseconds(50))
        #expect(isDone.all.isEmpty)
        #expect(await connection.socket.bytesToWrite <= size)
        #expect(try await pair.client.readToEnd() == (data, true))
        try await writer.value
        #expect(isDone.all == ["done"])
        await pair.server.close()
    }

    @Test("the bytes of one call stay together when several tasks write, however small the buffer is")
    func together() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        await connection.socket.run { $0.writeBufferSize = 1000 }
        let writers = 10
        let length = 5000
        let writing = Task {
            try await withThrowingDiscardingTaskGroup { group in
                for writer in 0..<writers {
                    group.addTask {
                        try await connection.write([UInt8](repeating: UInt8(writer), count: length))
                    }
                }
            }
            await connection.close()
        }
        let (received, isOrderly) = try await pair.client.readToEnd()
        #expect(isOrderly)
        #expect(received.count == writers * length)
        for start in stride(from: 0, to: received.count, by: length) {
            #expect(received[start..<start + length].allSatisfy { $0 == received[start] })
        }
        try await writing.value
        await pair.server.close()
    }

    @Test("F-22 finishWriting sends what was written and close_notify; reading goes on")
    func finishWriting() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        try await connection.write("bye".utf8)
        await connection.finishWriting()
        #expect(try await pair.client.readToEnd() == (Array("bye".utf8), true))
        let failure = await #expect(throws: SocketFailure.self) { try await connection.write([1]) }
        #expect(failure?.error == .operation)
        #expect(failure?.ending == nil)
        try await pair.client.sendAndClose([7, 8])
        #expect(try await connection.readAll() == [7, 8])
        try await eventually { await connection.socket.ending == .closeNotify }
        await pair.server.close()
    }

    @Test("a writer that waits learns of the connection's end")
    func endWhileWaiting() async throws {
        let pair = try await AsyncPair()
        let connection = pair.connection
        let writer = Task { try await connection.write([UInt8](repeating: 1, count: 1 << 24)) }
        try await eventually { await connection.socket.bytesToWrite == 1 << 20 }
        pair.client.transport.reset()
        let failure = await #expect(throws: SocketFailure.self) { try await writer.value }
        #expect(failure?.ending == .reset)
        await pair.server.close()
    }

    @Test("a socket that was never connected refuses at once, and closes at once")
    func neverConnected() async throws {
        let connection = SSLConnection(
            try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience))
        let writing = await #expect(throws: SocketFailure.self) { try await connection.write([1]) }
        #expect(writing?.error == .operation)
        let reading = await #expect(throws: SocketFailure.self) { for try await _ in connection.inbound {} }
        #expect(reading?.error == .operation)
        await connection.finishWriting()
        await connection.close()
        await connection.abort()
        #expect(connection.peerEndpoint == nil)
    }
}
