import Testing

@testable import GatehouseTLS

@Suite("F-17 how long records are made")
struct RecordSizingTests {
    /// The lengths of the records, headers included.
    private static func lengths(_ bytes: [UInt8]) -> [Int] {
        var (lengths, position) = ([Int](), 0)
        while let header = RecordHeader(bytes.span, at: position) {
            lengths.append(RecordHeader.length + header.bodyLength)
            position += RecordHeader.length + header.bodyLength
        }
        return position == bytes.count ? lengths : []
    }

    private static let longest = 5 + 16384 + 17

    private static func established(
        _ change: (inout ClientConfiguration, inout ServerConfiguration) -> Void
    ) throws -> Loopback {
        var (client, server) = try FullHandshakeTests.configurations()
        change(&client, &server)
        let loopback = try Loopback(client, server)
        try loopback.run()
        #expect(loopback.isEstablished)
        return loopback
    }

    @Test(
        "F-17 dynamic: short records up to 1 MiB, then 16 KiB, and short again after a pause", arguments: [true, false])
    func dynamic(isServer: Bool) throws {
        let loopback = try Self.established { client, server in
            if isServer { server.recordSizing = .dynamic } else { client.recordSizing = .dynamic }
        }
        func send(_ count: Int) throws -> [Int] {
            let data = [UInt8](repeating: 1, count: count)
            var output: [UInt8] = []
            if isServer {
                try loopback.server.send(data.span, output: &output)
                loopback.toClient += output
            } else {
                try loopback.client.send(data.span, output: &output)
                loopback.toServer += output
            }
            return Self.lengths(output)
        }
        let short = 1369 - 22
        let first = try send(4 * short + 1)
        #expect(first == [1369, 1369, 1369, 1369, 23])
        let rest = (1 << 20) - (4 * short + 1)
        #expect(try send(rest).allSatisfy { $0 <= 1369 })
        #expect(try send(40_000) == [Self.longest, Self.longest, 40_000 - 2 * 16384 + 22])
        if isServer { loopback.server.restartRecordSizing() } else { loopback.client.restartRecordSizing() }
        #expect(try send(3000) == [1369, 1369, 3000 - 2 * short + 22])
        // One call may cross the boundary.
        let crossing = try send((1 << 20) + 40_000)
        #expect(crossing.first == 1369 && crossing.contains(Self.longest))
        #expect(crossing.drop { $0 == 1369 }.dropLast().allSatisfy { $0 == Self.longest })
        try loopback.run()
        let received = isServer ? loopback.clientReceived.count : loopback.serverReceived.count
        #expect(received == (2 << 20) + 83_000)
    }

    @Test("F-17 a limit holds for every record, handshake messages included", arguments: [64, 512, 16384])
    func limited(count: Int) throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.recordSizing = .limited(to: count)
        server.recordSizing = .limited(to: count)
        let loopback = try Loopback(client, server)
        var lengths: [Int] = Self.lengths(loopback.toServer)
        #expect(lengths.reduce(0, +) == loopback.toServer.count)
        var flight = loopback.toServer
        loopback.toServer = []
        try loopback.deliverToServer(&flight)
        lengths += Self.lengths(loopback.toClient)
        try loopback.run()
        try loopback.server.send([UInt8](repeating: 1, count: 50_000).span, output: &loopback.toClient)
        lengths += Self.lengths(loopback.toClient)
        #expect(lengths.allSatisfy { $0 <= 5 + count + 17 } && lengths.contains(5 + count + 17))
        try loopback.run()
        #expect(loopback.clientReceived.count == 50_000)
    }

    @Test("F-17 limits are 64 to 16384 bytes; the peer's record_size_limit holds besides; full is the default")
    func bounds() throws {
        #expect(RecordSizing.limited(to: 0) == .limited(to: 64))
        #expect(RecordSizing.limited(to: .max) == .full)
        let loopback = try Self.established { client, server in
            client.recordSizeLimit = 1000
            server.recordSizing = .dynamic
        }
        try loopback.server.send([UInt8](repeating: 1, count: 999 + 1).span, output: &loopback.toClient)
        #expect(Self.lengths(loopback.toClient) == [5 + 999 + 17, 5 + 1 + 17])
        let plain = try Self.established { _, _ in }
        try plain.server.send([UInt8](repeating: 1, count: 16385).span, output: &plain.toClient)
        #expect(Self.lengths(plain.toClient) == [Self.longest, 23])
    }

    @Test("F-17 padding fills records up to what the sizing allows")
    func padded() throws {
        let loopback = try Self.established { _, server in
            server.recordSizing = .dynamic
            server.recordPadding = .full
        }
        try loopback.server.send([1].span, output: &loopback.toClient)
        #expect(Self.lengths(loopback.toClient) == [1369])
    }
}
