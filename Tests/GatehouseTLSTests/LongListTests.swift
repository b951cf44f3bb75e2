import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Hellos that are long but well formed")
struct LongListTests {
    private func handshake(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }, fragment: Int = 16384,
        _ change: (inout ClientHello) -> Void
    ) throws -> Subject<ServerConnection> {
        let (server, client) = try ServerStage.clientHello.start(configure)
        change(&client.hello)
        client.helloBytes = client.hello.encoded()
        try server.receive(try client.writer.handshake(client.helloBytes, fragment: fragment))
        try client.receive(server.takeOutput())
        try server.receive(try client.finishedRecord())
        #expect(server.isEstablished)
        return server
    }

    @Test("B-43 F-20 512 of everything")
    func fiveHundredAndTwelve() throws {
        let unknown = (0..<512).map { UInt16(0x6000 + $0) }
        let server = try handshake {
            $0.applicationProtocols = ["h2"]
        } _: { hello in
            hello.cipherSuites += unknown.map(CipherSuite.init)
            hello.supportedGroups? += unknown.map(NamedGroup.init)
            hello.signatureAlgorithms? += unknown.map(SignatureScheme.init)
            hello.signatureAlgorithmsCert = unknown.map(SignatureScheme.init)
            hello.keyShares? += unknown.map { KeyShareEntry(group: NamedGroup(rawValue: $0), keyExchange: [1]) }
            hello.applicationProtocols = [Array("h2".utf8)] + unknown.map { [UInt8($0 >> 8), UInt8($0 & 255)] }
            hello.certificateAuthorities = unknown.map { [0x30, UInt8($0 & 255)] }
            hello.statusRequest = CertificateStatusRequest(
                responderIDs: unknown.map { [UInt8($0 & 255)] }, requestExtensions: [1, 2, 3])
            hello.extensions.order += [
                .signatureAlgorithmsCert, .applicationLayerProtocolNegotiation, .certificateAuthorities, .statusRequest,
            ]
            for type in unknown { hello.append(ExtensionType(rawValue: type), [1]) }
        }
        #expect(server.connection.session?.applicationProtocol == "h2")
    }

    @Test("What stands behind the 128th entry of a list is not looked at")
    func behindTheLimit() throws {
        let unknown = (0..<128).map { UInt16(0x6000 + $0) }
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.cipherSuites = unknown.map(CipherSuite.init) + CipherSuite.supported
        client.helloBytes = client.hello.encoded()
        try expectFailure(
            of: server, client, receiving: try client.helloRecords(), .peerIncompatible(.noCommonCipherSuite),
            .handshakeFailure)
    }

    @Test("B-06 a hello of 64 KiB, and one of a byte more")
    func longestHello() throws {
        for excess in [0, 1] {
            let (server, client) = try ServerStage.clientHello.start()
            client.hello.append(.unknown, [])
            let rest = Limits.handshakeMessage - client.hello.encoded().count
            client.hello.extensions.unrecognized[.unknown] = [UInt8](repeating: 0, count: rest + excess)
            client.helloBytes = client.hello.encoded()
            #expect(client.helloBytes.count == Limits.handshakeMessage + excess)
            if excess == 0 {
                try server.receive(try client.helloRecords())
                try client.receive(server.takeOutput())
                #expect(!client.finished.isEmpty)
            } else {
                try expectFailure(
                    of: server, client, receiving: try client.helloRecords(), .invalidMessage(.messageTooLarge),
                    .illegalParameter)
            }
        }
    }

    @Test("B-02 a hello of 64 KiB in records of one byte")
    func oneByteRecords() throws {
        _ = try handshake(fragment: 1) { $0.append(.unknown, [UInt8](repeating: 0, count: 65_000)) }
    }

    @Test("B-02 the server's flight in records of one byte")
    func oneByteFlight() throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.fragment = 1
        try client.receive(try server.flight())
        try server.receive(client.takeOutput())
        #expect(server.hasVerifiedFinished)
    }

    @Test("F-13 the names of all application protocols together take at most 65535 bytes")
    func longestProtocolList() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        for (count, last, fits) in [(256, 255, false), (255, 254, true), (255, 255, false)] {
            var names = (0..<255).map { String(repeating: "a", count: 252) + String($0 + 100) }
            if count == 256 { names.append("one more") }
            names.append(String(repeating: "b", count: last))
            client.applicationProtocols = names
            server.applicationProtocols = names
            let length = names.reduce(0) { $0 + 1 + $1.utf8.count }
            #expect((length <= 0xFFFF) == fits)
            if fits {
                try client.validate()
                try server.validate()
            } else {
                #expect(throws: ConfigurationError.tooManyApplicationProtocols(bytes: length)) {
                    try client.validate()
                }
                #expect(throws: ConfigurationError.tooManyApplicationProtocols(bytes: length)) {
                    try server.validate()
                }
            }
        }
    }

    @Test("F-14 RFC 8449: records are as short as the client wants, also 64 bytes")
    func recordSizeLimit() throws {
        for limit: UInt16 in [64, 65, 1000, 16385, 65535] {
            let (server, client) = try ServerStage.clientHello.start()
            client.hello.recordSizeLimit = limit
            client.hello.extensions.order.append(.recordSizeLimit)
            client.helloBytes = client.hello.encoded()
            try server.receive(try client.helloRecords())
            try Self.checkLengths(server.output, limit)
            try client.receive(server.takeOutput())
            try server.receive(try client.finishedRecord())
            try server.send([UInt8](repeating: 1, count: 40_000))
            try Self.checkLengths(server.output, limit)
            try client.receive(server.takeOutput())
            #expect(client.heard.applicationData.count == 40_000)
        }
    }

    private static func checkLengths(_ bytes: [UInt8], _ limit: UInt16) throws {
        var position = 0
        while let header = RecordHeader(bytes.span, at: position) {
            let most = header.type == .applicationData ? min(16385, Int(limit)) + 16 : 16384
            #expect(header.bodyLength <= most)
            position += RecordHeader.length + header.bodyLength
        }
        #expect(position == bytes.count)
    }

    @Test("F-14 RFC 8449: a record longer than our own limit")
    func ownRecordSizeLimit() throws {
        let (server, client) = try ServerStage.clientHello.start { $0.recordSizeLimit = 100 }
        client.hello.recordSizeLimit = 16385
        client.hello.extensions.order.append(.recordSizeLimit)
        client.helloBytes = client.hello.encoded()
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        try server.receive(try client.finishedRecord())
        try server.receive(try client.record(.applicationData, [UInt8](repeating: 1, count: 99)))
        #expect(server.received.count == 99)
        try expectFailure(
            of: server, client, receiving: try client.record(.applicationData, [UInt8](repeating: 1, count: 100)),
            .invalidMessage(.recordOverflow), .recordOverflow)
    }
}
