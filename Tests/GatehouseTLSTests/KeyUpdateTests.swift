import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("KeyUpdate and exporters")
struct KeyUpdateTests {
    static func established() throws -> Loopback {
        let (client, server) = try FullHandshakeTests.configurations()
        let loopback = try Loopback(client, server)
        try loopback.run()
        return loopback
    }

    @Test("F-12 both sides change their keys, asked or not")
    func updates() throws {
        let loopback = try Self.established()
        for round in 0..<5 {
            try loopback.client.updateKeys(requestingPeers: round.isMultiple(of: 2), output: &loopback.toServer)
            try loopback.client.send([1, 2, 3].span, output: &loopback.toServer)
            try loopback.server.updateKeys(requestingPeers: !round.isMultiple(of: 2), output: &loopback.toClient)
            try loopback.server.send([4, 5].span, output: &loopback.toClient)
            try loopback.run()
        }
        #expect(loopback.serverReceived == Array(repeating: [1, 2, 3], count: 5).flatMap { $0 })
        #expect(loopback.clientReceived == Array(repeating: [4, 5], count: 5).flatMap { $0 })
    }

    @Test("F-12 a worn-out key is changed before the next record")
    func changesByItself() throws {
        let loopback = try Self.established()
        loopback.client.connection.core.writer.recordLimit = 2
        for byte in 0..<7 as Range<UInt8> {
            try loopback.client.send([byte].span, output: &loopback.toServer)
        }
        // Seven records of data, and a KeyUpdate before the third, the fifth and the seventh.
        var headers = 0
        var position = 0
        while let header = RecordHeader(loopback.toServer.span, at: position) {
            headers += 1
            position += RecordHeader.length + header.bodyLength
        }
        #expect(headers == 10)
        try loopback.run()
        #expect(loopback.serverReceived == Array(0..<7))
    }

    @Test("F-12 before the handshake is complete there is no key to change")
    func tooEarly() throws {
        let (client, server) = try FullHandshakeTests.configurations()
        let loopback = try Loopback(client, server)
        #expect(throws: TLSError.misuse(.notEstablished)) {
            try loopback.server.updateKeys(requestingPeers: false, output: &loopback.toClient)
        }
        try loopback.run()
        #expect(loopback.isEstablished)
    }

    @Test("B-03 two KeyUpdates in one record: unexpected_message")
    func twoInOneRecord() throws {
        let loopback = try Self.established()
        let update = KeyUpdate(request: .updateNotRequested).encoded()
        try loopback.client.connection.core.writer.write(
            .handshake, (update + update).span, to: &loopback.toServer)
        #expect(throws: TLSError.peerMisbehaved(.messageAcrossKeyChange)) { try loopback.run() }
        #expect(TLSError.peerMisbehaved(.messageAcrossKeyChange).alert == .unexpectedMessage)
    }

    @Test("F-12 a request is answered once, right before our next data")
    func answer() throws {
        let loopback = try Self.established()
        func records(_ data: [UInt8]) throws -> Int {
            try loopback.server.send(data.span, output: &loopback.toClient)
            var (count, position) = (0, 0)
            while let header = RecordHeader(loopback.toClient.span, at: position) {
                count += 1
                position += RecordHeader.length + header.bodyLength
            }
            try loopback.run()
            return count
        }
        #expect(try records([1]) == 1)
        try loopback.client.updateKeys(requestingPeers: true, output: &loopback.toServer)
        try loopback.run()
        #expect(loopback.toClient.isEmpty)
        #expect(try records([2]) == 2)
        #expect(try records([3]) == 1)
        #expect(loopback.clientReceived == [1, 2, 3])
    }

    @Test("F-12 a KeyUpdate that asks for what there is not: illegal_parameter")
    func unknownRequest() throws {
        let loopback = try Self.established()
        try loopback.client.connection.core.writer.write(
            .handshake, [24, 0, 0, 1, 2].span, to: &loopback.toServer)
        #expect(throws: TLSError.invalidMessage(.illegalValue)) { try loopback.run() }
        #expect(TLSError.invalidMessage(.illegalValue).alert == .illegalParameter)
    }

    @Test("F-15 both sides export the same bytes, and others for another label, context or count")
    func exporter() throws {
        let loopback = try Self.established()
        func export(_ label: String, _ context: [UInt8], _ count: Int) throws -> [UInt8] {
            let client = try loopback.client.exportKeyingMaterial(label: label, context: context, count: count)
            let server = try loopback.server.exportKeyingMaterial(label: label, context: context, count: count)
            #expect(client == server && client.count == count)
            return client
        }
        let first = try export("EXPERIMENTAL gatehouse", [], 32)
        #expect(try export("EXPERIMENTAL gatehouse", [], 32) == first)
        #expect(try export("EXPERIMENTAL gatehouse", [0], 32) != first)
        #expect(try export("EXPERIMENTAL Gatehouse", [], 32) != first)
        #expect(Array(try export("EXPERIMENTAL gatehouse", [], 64).prefix(32)) != first)
        let (client, server) = (try loopback.client.channelBinding(), try loopback.server.channelBinding())
        #expect(client == server && client.count == 32)
        for (label, count) in [("", 32), (String(repeating: "a", count: 250), 32), ("a", 0), ("a", 255 * 32 + 1)] {
            #expect(throws: TLSError.misuse(.invalidExporterRequest)) {
                try loopback.client.exportKeyingMaterial(label: label, context: [], count: count)
            }
        }
    }
}
