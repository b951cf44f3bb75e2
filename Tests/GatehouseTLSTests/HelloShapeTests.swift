import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("What hellos and records look like from outside")
struct HelloShapeTests {
    static func hello(_ change: (inout ClientConfiguration) -> Void) throws -> ClientHello {
        var (client, _) = try FullHandshakeTests.configurations()
        change(&client)
        var output: [UInt8] = []
        _ = try ClientConnection(client, serverName: "localhost", now: TestCredentials.now, output: &output)
        return try ReceivedMessage(Array(output.dropFirst(RecordHeader.length))).decode(as: ClientHello.self)
    }

    private static func isGREASE(_ value: UInt16) -> Bool {
        value & 0x0F0F == 0x0A0A && value >> 8 == value & 0xFF
    }

    @Test("F-20 GREASE stands in every list, with values that differ, and only when it is wanted")
    func grease() throws {
        let hello = try Self.hello { $0.sendsGREASE = true }
        let values =
            [
                hello.cipherSuites.first?.rawValue, hello.supportedVersions?.first?.rawValue,
                hello.supportedGroups?.first?.rawValue,
            ].compactMap { $0 } + hello.extensions.unrecognized.types.map(\.rawValue)
        #expect(values.count == 5 && values.allSatisfy(Self.isGREASE) && Set(values).count == 5)
        #expect(hello.keyShares?.first?.group == hello.supportedGroups?.first)
        let plain = try Self.hello { $0.sendsGREASE = false }
        #expect(plain.extensions.unrecognized.types.isEmpty && plain.cipherSuites == CipherSuite.supported)
    }

    @Test("F-20 the order of extensions differs from hello to hello, and pre_shared_key stays last")
    func shuffled() throws {
        let key = try PreSharedKeyTests.preSharedKey()
        let orders = try (0..<20).map { _ in
            try Self.hello {
                $0.sendsGREASE = false
                $0.preSharedKeys = [key]
            }.extensions.order
        }
        #expect(Set(orders).count > 1)
        #expect(orders.allSatisfy { $0.last == .preSharedKey })
        let fixed = try (0..<5).map { _ in
            try Self.hello {
                $0.sendsGREASE = false
                $0.shufflesExtensions = false
            }.extensions.order
        }
        #expect(Set(fixed).count == 1)
    }

    @Test("F-20 a server that answers a GREASE extension is refused: unsupported_extension")
    func answeredGREASE() throws {
        var (client, _) = try FullHandshakeTests.configurations()
        client.sendsGREASE = true
        var output: [UInt8] = []
        var connection = try ClientConnection(
            client, serverName: "localhost", now: TestCredentials.now, output: &output)
        let hello = try ReceivedMessage(Array(output.dropFirst(RecordHeader.length))).decode(as: ClientHello.self)
        let type = try #require(hello.extensions.unrecognized.types.first)
        let server = ScriptedServer(credential: try TestCredentials.p256.get())
        server.encryptedExtensions.extensions.order = [type]
        server.encryptedExtensions.extensions.unrecognized[type] = []
        try server.receive(output)
        var flight = try server.flight()
        var position = 0
        let error = TLSError.peerMisbehaved(.unsolicitedExtension(type))
        #expect(error.alert == .unsupportedExtension)
        do throws(TLSError) {
            var span = flight.mutableSpan
            while try connection.receive(&span, at: &position, output: &output) != nil {}
            Issue.record("no error")
        } catch let thrown {
            #expect(thrown == error)
        }
    }

    @Test(
        "F-17 padded records are as long as the policy says, from either side",
        arguments: [1, 100, 511, 512, 5000, 16384, 20000])
    func padding(count: Int) throws {
        for (policy, expected) in [
            (RecordPadding.none, { (content: Int) in content + 1 }),
            (.toMultiple(of: 512), { min(($0 + 1 + 511) / 512 * 512, 16385) }),
            (.full, { _ in 16385 }),
        ] as [(RecordPadding, (Int) -> Int)] {
            var (client, server) = try FullHandshakeTests.configurations()
            client.recordPadding = policy
            server.recordPadding = policy
            let loopback = try Loopback(client, server)
            try loopback.run()
            let data = [UInt8](repeating: 3, count: count)
            try loopback.client.send(data.span, output: &loopback.toServer)
            try loopback.server.send(data.span, output: &loopback.toClient)
            for records in [loopback.toServer, loopback.toClient] {
                var (position, left) = (0, count)
                while let header = RecordHeader(records.span, at: position) {
                    #expect(header.bodyLength == expected(min(left, 16384)) + AEADAlgorithm.tagLength)
                    left -= min(left, 16384)
                    position += RecordHeader.length + header.bodyLength
                }
                #expect(left == 0)
            }
            try loopback.run()
            #expect(loopback.serverReceived == data && loopback.clientReceived == data)
        }
    }

    @Test("F-14 an OCSP response and timestamps are carried to the client that asks, and to no other")
    func staples() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.verification = .asksForVerdict
        server.credentials[0].ocspResponse = [1, 2, 3]
        server.credentials[0].signedCertificateTimestamps = [0, 3, 0, 1, 9]
        for asks in [true, false] {
            client.requestsOCSPStaple = asks
            client.requestsSignedCertificateTimestamps = asks
            let loopback = try Loopback(client, server)
            try loopback.run()
            try loopback.client.resume(with: .accept, output: &loopback.toServer)
            try loopback.run()
            #expect(loopback.isEstablished)
            #expect(loopback.clientSession?.peerOCSPResponse == (asks ? [1, 2, 3] : nil))
            #expect(loopback.clientSession?.peerSignedCertificateTimestamps == (asks ? [0, 3, 0, 1, 9] : nil))
        }
    }

    @Test("F-14 timestamps that are no list are refused when the configuration is checked", arguments: [true, false])
    func malformedTimestamps(isServer: Bool) throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.credentials = server.credentials
        let reason = "the signed certificate timestamps of a credential are no list"
        for list in [[], [0], [0, 0], [0, 1, 0], [0, 2, 0, 0], [0, 3, 0, 1, 9, 9]] as [[UInt8]] {
            client.credentials[0].signedCertificateTimestamps = list
            server.credentials[0].signedCertificateTimestamps = list
            #expect(throws: ConfigurationError.unusableSetting(reason), "\(list)") {
                try isServer ? server.validate() : client.validate()
            }
        }
    }

    @Test("F-14 a stapled response that is none is refused: bad_certificate_status_response")
    func brokenStaple() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.requestsOCSPStaple = true
        server.credentials[0].ocspResponse = [1, 2, 3]
        let loopback = try Loopback(client, server)
        do throws(TLSError) {
            try loopback.run()
            Issue.record("no error")
        } catch {
            #expect(error.alert == .badCertificateStatusResponse)
        }
    }
}
