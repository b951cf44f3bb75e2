import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("B-17 messages of a wrong type, doubled, dropped, and out of order")
struct MessageOrderTests {
    /// Every type that has a name, some that had one in older versions, and some that nobody has defined.
    static let types: [HandshakeType] =
        [
            .clientHello, .serverHello, .newSessionTicket, .endOfEarlyData, .encryptedExtensions, .certificate,
            .certificateRequest, .certificateVerify, .finished, .keyUpdate, .messageHash,
        ] + [0, 3, 6, 12, 14, 16, 21, 22, 23, 25, 67, 99, 255].map(HandshakeType.init)

    /// What may come at each stage, besides what is tested elsewhere.
    static func awaited(_ stage: ServerStage) -> [HandshakeType] {
        switch stage {
        case .clientHello, .secondClientHello: [.clientHello]
        case .credential: types
        case .clientCertificate: [.certificate]
        case .clientCertificateVerify: [.certificateVerify]
        case .clientFinished: [.finished]
        case .connected: [.keyUpdate]
        }
    }

    static func awaited(_ stage: ClientStage) -> [HandshakeType] {
        switch stage {
        case .serverHello, .secondServerHello: [.serverHello]
        case .encryptedExtensions: [.encryptedExtensions]
        case .certificate: [.certificate, .certificateRequest]
        case .certificateVerify: [.certificateVerify]
        case .verdict: types
        case .serverFinished: [.finished]
        case .connected: [.newSessionTicket, .keyUpdate]
        }
    }

    @Test("A type that the server does not await", arguments: ServerStage.allCases)
    func server(stage: ServerStage) throws {
        for type in Self.types where !Self.awaited(stage).contains(type) {
            let (server, client) = try stage.start()
            let record = try client.record(.handshake, type.rawValue.with24BitLength([]))
            try expectFailure(of: server, client, receiving: record, .unexpected(type), .unexpectedMessage)
        }
    }

    @Test("A type that the client does not await", arguments: ClientStage.allCases)
    func client(stage: ClientStage) throws {
        for type in Self.types where !Self.awaited(stage).contains(type) {
            let (client, server) = try stage.start()
            let record = try server.record(.handshake, type.rawValue.with24BitLength([]))
            try expectFailure(of: client, server, receiving: record, .unexpected(type), .unexpectedMessage)
        }
    }

    static let dropped: [(HandshakeType, next: HandshakeType)] = [
        (.encryptedExtensions, .certificate), (.certificate, .certificateVerify), (.certificateVerify, .finished),
    ]

    @Test("The server leaves out a message", arguments: dropped)
    func droppedMessage(type: HandshakeType, next: HandshakeType) throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.replace(type) { _ in [] }
        try expectFailure(of: client, server, receiving: try server.flight(), .unexpected(next), .unexpectedMessage)
    }

    @Test("The server goes from EncryptedExtensions to Finished")
    func earlyFinished() throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.replace(.certificate) { _ in [] }
        server.replace(.certificateVerify) { _ in [] }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .unexpected(.finished), .unexpectedMessage)
    }

    @Test(
        "The server says a message twice",
        arguments: [HandshakeType.encryptedExtensions, .certificate, .certificateVerify])
    func doubledMessage(type: HandshakeType) throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.replace(type) { [.message($0), .message($0)] }
        try expectFailure(of: client, server, receiving: try server.flight(), .unexpected(type), .unexpectedMessage)
    }

    @Test("The server says Finished twice, in one record and in two")
    func doubledFinished() throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.replace(.finished) { [.message($0), .message($0)] }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.messageAcrossKeyChange),
            .unexpectedMessage)

        let (otherClient, otherServer) = try ClientStage.connected.start()
        let finished = HandshakeType.finished.rawValue.with24BitLength([UInt8](repeating: 0, count: 32))
        try expectFailure(
            of: otherClient, otherServer, receiving: try otherServer.record(.handshake, finished),
            .unexpected(.finished), .unexpectedMessage)
    }

    @Test("The server swaps Certificate and CertificateVerify")
    func swapped() throws {
        let (client, server) = try ClientStage.serverHello.start()
        var certificate: [UInt8] = []
        server.replace(.certificate) {
            certificate = $0
            return []
        }
        server.replace(.certificateVerify) { [.message($0), .message(certificate)] }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .unexpected(.certificateVerify), .unexpectedMessage)
    }

    @Test("The client says its hello twice: in one record, and in two")
    func doubledHello() throws {
        let (server, client) = try ServerStage.clientHello.start()
        let records = try client.writer.handshake(client.helloBytes + client.helloBytes)
        try expectFailure(
            of: server, client, receiving: records, .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage)

        let (otherServer, otherClient) = try ServerStage.clientHello.start()
        let hello = try otherClient.helloRecords()
        try expectFailure(
            of: otherServer, otherClient, receiving: hello + hello, .peerMisbehaved(.unexpectedRecord(22)),
            .unexpectedMessage)
    }

    @Test("The client says Finished twice: in one record, and in two")
    func clientsDoubledFinished() throws {
        let (server, client) = try ServerStage.clientFinished.start()
        let record = try client.record(.handshake, client.finished + client.finished)
        try expectFailure(
            of: server, client, receiving: record, .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage)

        let (otherServer, otherClient) = try ServerStage.connected.start()
        try expectFailure(
            of: otherServer, otherClient, receiving: try otherClient.record(.handshake, otherClient.finished),
            .unexpected(.finished), .unexpectedMessage)
    }

    @Test("B-33 the client leaves out its Finished")
    func missingFinished() throws {
        // Under the handshake key it is application data before its time; under the application key it does not open.
        let (server, client) = try ServerStage.clientFinished.start()
        try expectFailure(
            of: server, client, receiving: try client.record(.applicationData, [1]),
            .peerMisbehaved(.unexpectedApplicationData), .unexpectedMessage)

        let (otherServer, otherClient) = try ServerStage.clientFinished.start()
        try otherClient.takeApplicationKey()
        try expectFailure(
            of: otherServer, otherClient, receiving: try otherClient.record(.applicationData, [1]),
            .invalidMessage(.recordNotAuthentic), .badRecordMAC)
    }

    @Test("The client's Finished is wrong")
    func wrongFinished() throws {
        for index in [0, 15, 31] {
            let (server, client) = try ServerStage.clientFinished.start()
            var finished = client.finished
            finished[4 + index] ^= 0x80
            try expectFailure(
                of: server, client, receiving: try client.record(.handshake, finished),
                .peerMisbehaved(.wrongFinished), .decryptError)
        }
    }

    @Test("While a decision is due nothing is read")
    func paused() throws {
        let (server, client) = try ServerStage.credential.start()
        try server.receive(ScriptedWriter.plaintext(.handshake, [99, 0, 0, 0]))
        #expect(server.pending.count == 9)
        #expect(server.output.isEmpty)
        try server.resume(with: .credential(try TestCredentials.p256.get()))
        try expectFailure(
            of: server, client, receiving: [], .peerMisbehaved(.unexpectedRecord(22)), .unexpectedMessage)
    }

    @Test("A message that is longer than any may be, told by its header", arguments: [0x01_0000 - 3, 0xFF_FFFF])
    func tooLong(count: Int) throws {
        let header = [UInt8(count >> 16), UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        for stage in ServerStage.allCases where stage != .credential {
            let (server, client) = try stage.start()
            try expectFailure(
                of: server, client, receiving: try client.record(.handshake, [1] + header),
                .invalidMessage(.messageTooLarge), .illegalParameter)
        }
        for stage in ClientStage.allCases where stage != .verdict {
            let (client, server) = try stage.start()
            try expectFailure(
                of: client, server, receiving: try server.record(.handshake, [2] + header),
                .invalidMessage(.messageTooLarge), .illegalParameter)
        }
    }

    @Test("B-06 a Certificate may have 100 KiB or what is set, and not a byte more", arguments: [nil, 5000, 200_000])
    func certificateLimit(setting: Int?) throws {
        let limit = setting ?? 102_400
        let header = { (length: Int) -> [UInt8] in
            let count = length - ReceivedMessage.headerLength
            return [11, UInt8(count >> 16), UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        }
        for excess in [0, 1] {
            let (client, server) = try ClientStage.certificate.start {
                if let setting { $0.peerCertificateLimit = setting }
            }
            let record = try server.record(.handshake, header(limit + excess))
            let (otherServer, otherClient) = try ServerStage.clientCertificate.start {
                if let setting { $0.peerCertificateLimit = setting }
            }
            let otherRecord = try otherClient.record(.handshake, header(limit + excess))
            if excess == 0 {
                try client.receive(record)
                #expect(client.output.isEmpty)
                try otherServer.receive(otherRecord)
                #expect(otherServer.output.isEmpty)
            } else {
                try expectFailure(
                    of: client, server, receiving: record, .invalidMessage(.messageTooLarge), .illegalParameter)
                try expectFailure(
                    of: otherServer, otherClient, receiving: otherRecord, .invalidMessage(.messageTooLarge),
                    .illegalParameter)
            }
        }
    }

    @Test("F-06 a limit for certificates that no message can reach, or keep, is refused")
    func unusableCertificateLimit() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        for (limit, isUsable) in [(4, true), (0x100_0003, true), (3, false), (-1, false), (0x100_0004, false)] {
            client.peerCertificateLimit = limit
            server.peerCertificateLimit = limit
            guard !isUsable else {
                try client.validate()
                try server.validate()
                continue
            }
            let error = ConfigurationError.unusableSetting("the peerCertificateLimit is not from 4 to 16777219")
            #expect(throws: error) { try client.validate() }
            #expect(throws: error) { try server.validate() }
        }
    }
}
