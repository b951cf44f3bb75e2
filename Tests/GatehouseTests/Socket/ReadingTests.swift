import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

/// Of 6.3-45, a socket does not begin in plain text and change over to TLS later: there is nothing to peek at before.
@Suite(.onOwnThreads, .patient) struct ReadingTests {
    @Test("RW-2 lines: canReadLine, readLine, with and without a bound, and what has no newline yet")
    func lines() async throws {
        let pair = try await Pair()
        await pair.client.write(Array("one\ntwo\r\nthr".utf8))
        try await eventually { await pair.socket.bytesAvailable == 12 }
        await pair.socket.run { socket in
            #expect(socket.canReadLine == true)
            #expect(socket.readLine() == Array("one\n".utf8))
            #expect(socket.readLine(2) == Array("tw".utf8))
            #expect(socket.canReadLine == true)
            #expect(socket.readLine(100) == Array("o\r\n".utf8))
            #expect(socket.canReadLine == false)
            #expect(socket.bytesAvailable == 3)
        }
        await pair.client.write(Array("ee\n".utf8))
        try await eventually { await pair.socket.canReadLine }
        await pair.socket.run { socket in
            #expect(socket.readLine() == Array("three\n".utf8))
            #expect(socket.readLine().isEmpty == true)
            #expect(socket.readLine(-1).isEmpty == true)
        }
        await pair.client.write(Array("rest".utf8))
        try await eventually { await pair.socket.bytesAvailable == 4 }
        #expect(await pair.socket.readLine() == Array("rest".utf8))
        await pair.end()
    }

    @Test("RW-2 skip, getChar, ungetChar, atEnd")
    func bytes() async throws {
        let pair = try await Pair()
        #expect(await pair.socket.atEnd)
        #expect(await pair.socket.getChar() == nil)
        await pair.client.write(Array(0..<10))
        try await eventually { await pair.socket.bytesAvailable == 10 }
        await pair.socket.run { socket in
            #expect(socket.atEnd == false)
            #expect(socket.skip(3) == 3)
            #expect(socket.skip(-1) == 0)
            #expect(socket.getChar() == 3)
            socket.ungetChar(33)
            socket.ungetChar(32)
            #expect(socket.peek(3) == [32, 33, 4])
            #expect(socket.bytesAvailable == 8)
            #expect(socket.skip(100) == 8)
            #expect(socket.atEnd == true)
            socket.ungetChar(7)
            #expect(socket.readAll() == [7])
        }
        await pair.end()
    }

    @Test("RW-2 a transaction that is rolled back gives everything back, what came meanwhile behind it")
    func transactions() async throws {
        let pair = try await Pair()
        await pair.client.write([1, 2, 3])
        try await eventually { await pair.socket.bytesAvailable == 3 }
        await pair.socket.run { socket in
            socket.rollbackTransaction()
            #expect(socket.isTransactionStarted == false)
            socket.startTransaction()
            #expect(socket.isTransactionStarted == true)
            #expect(socket.read(2) == [1, 2])
            socket.startTransaction()
            socket.ungetChar(9)
        }
        await pair.client.write([4])
        try await eventually { await pair.socket.bytesAvailable == 3 }
        await pair.socket.run { socket in
            #expect(socket.peek(9) == [9, 3, 4])
            socket.rollbackTransaction()
            #expect(socket.peek(9) == [1, 2, 3, 4])
            socket.startTransaction()
            #expect(socket.read(1) == [1])
            socket.commitTransaction()
            socket.rollbackTransaction()
            #expect(socket.readAll() == [2, 3, 4])
        }
        await pair.end()
    }

    @Test("RW-2, G-11 what an open transaction has read counts: the peer cannot fill our memory through it")
    func transactionsAreBounded() async throws {
        let pair = try await Pair()
        await pair.socket.run { socket in
            socket.readBufferSize = 1000
            socket.startTransaction()
        }
        let total = 1 << 20
        await pair.client.write([UInt8](repeating: 1, count: total))
        try await eventually { await pair.socket.bytesAvailable >= 1000 }
        var read = await pair.socket.readAll().count
        try await eventually { await pair.socket.encryptedBytesAvailable > 0 }
        #expect(await pair.socket.bytesAvailable == 0)
        #expect(read <= 1000 + 1 << 16)
        await pair.socket.commitTransaction()
        while read < total {
            _ = await pair.socket.waitForReadyRead(timeout: nil)
            read += await pair.socket.readAll().count
        }
        #expect(read == total)
        await pair.end()
    }

    @Test("RW-3 ciphertext waits while the read buffer's limit holds it back, and none does when it is read")
    func encryptedBytesAvailable() async throws {
        let pair = try await Pair()
        #expect(await pair.socket.encryptedBytesAvailable == 0)
        await pair.socket.run { $0.readBufferSize = 1000 }
        await pair.client.write([UInt8](repeating: 1, count: 300_000))
        try await eventually { await pair.socket.bytesAvailable >= 1000 }
        try await eventually { await pair.socket.encryptedBytesAvailable > 0 }
        await pair.socket.run { $0.readBufferSize = 0 }
        try await eventually { await pair.socket.bytesAvailable == 300_000 }
        #expect(await pair.socket.encryptedBytesAvailable == 0)
        await pair.end()
    }

    @Test("6.3-45 peeking before the handshake disturbs nothing, and peeking works again when it is done")
    func peekBeforeTheHandshake() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        server.startedEncryptionHandshake.connect { _, socket in
            socket.perform { socket in
                #expect(socket.peek(10).isEmpty == true)
                #expect(socket.readAll().isEmpty == true)
            }
        }
        let client = try await SSLSocket.connecting(to: endpoint)
        #expect(await client.peek(10).isEmpty)
        await client.write([1, 2, 3])
        let socket = try #require(await server.next())
        try await eventually { await socket.peek(10) == [1, 2, 3] }
        #expect(await socket.peek(2) == [1, 2])
        #expect(await socket.readAll() == [1, 2, 3])
        #expect(await socket.peek(2).isEmpty)
        await client.abort()
        await server.close()
    }

    @Test("6.3-33 what the server writes first, unasked, arrives")
    func spontaneousWrite() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        server.pendingConnectionAvailable.connect { server in
            server.nextPendingConnection()?.perform { $0.write(Array("welcome\n".utf8)) }
        }
        let client = try await SSLSocket.connecting(to: endpoint)
        while await !client.canReadLine { #expect(await client.waitForReadyRead(timeout: nil)) }
        #expect(await client.readLine() == Array("welcome\n".utf8))
        await client.abort()
        await server.close()
    }
}
