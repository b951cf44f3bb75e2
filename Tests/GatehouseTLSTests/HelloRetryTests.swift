import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("HelloRetryRequest: what may change between the two hellos, and what may not")
struct HelloRetryTests {
    static let padding = ExtensionType(rawValue: 21)

    static let secondHellos: [ClientHelloRow] = [
        ClientHelloRow("B-20 another random", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.random[0] ^= 1
        },
        ClientHelloRow("B-20 another session id", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.legacySessionID[0] ^= 1
        },
        ClientHelloRow("B-20 other cipher suites", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.cipherSuites = [.aes256GCMSHA384]
        },
        ClientHelloRow("B-20 other groups", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.supportedGroups?.append(.secp256r1)
        },
        ClientHelloRow("B-20 other versions", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.supportedVersions?.append(.tls12)
        },
        ClientHelloRow("B-20 another legacy_version", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.legacyVersion = ProtocolVersion(rawValue: 0x0302)
        },
        ClientHelloRow("B-20 other signature schemes", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.signatureAlgorithms?.removeLast()
        },
        ClientHelloRow("B-20 compression", .peerMisbehaved(.helloChanged(nil)), .illegalParameter) {
            $0.legacyCompressionMethods = [0, 1]
        },
        ClientHelloRow(
            "B-20 an extension more", .peerMisbehaved(.helloChanged(.unknown)), .illegalParameter
        ) { $0.append(.unknown, []) },
        ClientHelloRow(
            "B-20 an extension less", .peerMisbehaved(.missingExtension(.signatureAlgorithms)), .missingExtension
        ) { $0.remove(.signatureAlgorithms) },
        ClientHelloRow(
            "B-20 versions lost", .peerMisbehaved(.missingExtension(.supportedVersions)), .missingExtension
        ) { $0.remove(.supportedVersions) },
        ClientHelloRow("early_data", .peerMisbehaved(.helloChanged(.earlyData)), .illegalParameter) {
            $0.append(.earlyData, [])
        },
        ClientHelloRow("a cookie that nobody gave", .peerMisbehaved(.helloChanged(.cookie)), .illegalParameter) {
            $0.cookie = [1]
            $0.extensions.order.append(.cookie)
        },
        ClientHelloRow("B-20 a PSK more", .peerMisbehaved(.helloChanged(.preSharedKey)), .illegalParameter) {
            $0.preSharedKeys = OfferedPSKs(
                identities: [PSKIdentity(identity: [1], obfuscatedTicketAge: 0)],
                binders: [[UInt8](repeating: 0, count: 32)])
            $0.extensions.order.append(.preSharedKey)
        },
        ClientHelloRow("no share", .peerMisbehaved(.helloChanged(.keyShare)), .illegalParameter) {
            $0.keyShares = []
        },
        ClientHelloRow("no key_share", .peerMisbehaved(.missingExtension(.keyShare)), .missingExtension) {
            $0.remove(.keyShare)
        },
        ClientHelloRow("B-10 a share twice", .peerMisbehaved(.duplicateKeyShare), .illegalParameter) {
            let shares = $0.keyShares ?? []
            $0.keyShares = shares + shares
        },
    ]

    @Test("One change to the second hello", arguments: secondHellos)
    func secondHello(row: ClientHelloRow) throws {
        let (server, client) = try ServerStage.secondClientHello.start()
        let records = try client.secondHelloRecords(group: .x25519, row.change)
        try expectFailure(of: server, client, receiving: records, row.error, row.alert)
    }

    @Test("A second hello with shares of two groups, or of another one than was asked for")
    func otherShares() throws {
        for keepsShare in [true, false] {
            let (server, client) = try ServerStage.clientHello.start { $0.groups = [.secp256r1, .x25519] }
            client.hello.supportedGroups = [.secp256r1, .x25519]
            client.hello.keyShares = []
            client.helloBytes = client.hello.encoded()
            try server.receive(try client.helloRecords())
            try client.receive(server.takeOutput())
            #expect(client.retry?.keyShare == .selectedGroup(.secp256r1))
            let records = try client.secondHelloRecords(group: .secp256r1) { hello in
                let other = KeyShareEntry(group: .x25519, keyExchange: [UInt8](repeating: 9, count: 32))
                hello.keyShares = keepsShare ? (hello.keyShares ?? []) + [other] : [other]
            }
            try expectFailure(
                of: server, client, receiving: records, .peerMisbehaved(.helloChanged(.keyShare)), .illegalParameter)
        }
    }

    @Test("Padding may come and go, and extensions may stand in another order")
    func allowedChanges() throws {
        let (server, client) = try ServerStage.secondClientHello.start()
        let records = try client.secondHelloRecords(group: .x25519) {
            $0.append(Self.padding, [0, 0, 0])
            $0.extensions.order.reverse()
        }
        try server.receive(records)
        try client.receive(server.takeOutput())
        try server.receive(try client.finishedRecord())
        #expect(server.isEstablished)
    }

    @Test("B-43 two hellos with sixteen thousand extensions each")
    func manyExtensions() throws {
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.keyShares = []
        client.hello.extensions.order += ExtensionType.sixteenThousand
        client.helloBytes = client.hello.encoded()
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        try server.receive(try client.secondHelloRecords(group: .x25519))
        try client.receive(server.takeOutput())
        try server.receive(try client.finishedRecord())
        #expect(server.isEstablished)
    }

    @Test("B-31 bytes behind a hello in its record", arguments: [ServerStage.clientHello, .secondClientHello])
    func trailingBytes(stage: ServerStage) throws {
        let (server, client) = try stage.start()
        let hello =
            stage == .clientHello
            ? client.helloBytes : Array(try client.secondHelloRecords(group: .x25519).dropFirst(5))
        try expectFailure(
            of: server, client, receiving: try client.writer.handshake(hello + [1]),
            .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage)
    }

    // The client's side.

    static let retries: [ServerHelloRow] =
        ServerHelloRow.common + [
            ServerHelloRow(
                "a group that was not offered", .peerMisbehaved(.keyShareForUnofferedGroup), .illegalParameter
            ) { $0.keyShare = .selectedGroup(.secp521r1) },
            ServerHelloRow("the group of our share", .peerMisbehaved(.needlessRetry), .illegalParameter) {
                $0.keyShare = .selectedGroup(.x25519)
            },
            ServerHelloRow("neither group nor cookie", .peerMisbehaved(.needlessRetry), .illegalParameter) {
                $0.remove(.keyShare)
            },
            ServerHelloRow("an empty cookie", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
                $0.cookie = []
                $0.extensions.order.append(.cookie)
            },
            ServerHelloRow(
                "B-06 a cookie that the second hello cannot hold", .invalidMessage(.messageTooLarge), .illegalParameter
            ) {
                $0.cookie = [UInt8](repeating: 1, count: 65_400)
                $0.extensions.order.append(.cookie)
            },
            ServerHelloRow("F-04 the longest cookie of all", .invalidMessage(.messageTooLarge), .illegalParameter) {
                $0.remove(.keyShare)
                $0.cookie = [UInt8](repeating: 1, count: 0xFFFF - 4 - 2 - 6)
                $0.extensions.order.append(.cookie)
            },
            ServerHelloRow("a share where a group should stand", .invalidMessage(.trailingBytes), .decodeError) {
                $0.keyShare = .share(KeyShareEntry(group: .secp256r1, keyExchange: [4]))
            },
            ServerHelloRow("B-41 pre_shared_key", .misplaced(.preSharedKey), .illegalParameter) {
                $0.extensions.append(.preSharedKey, [0, 0])
            },
        ]

    @Test("One change to a good HelloRetryRequest", arguments: retries)
    func retry(row: ServerHelloRow) throws {
        let (client, server) = try ClientStage.serverHello.start {
            $0.cipherSuites = [.aes128GCMSHA256, .aes256GCMSHA384]
        }
        try expectFailure(
            of: client, server, receiving: try server.retry(for: .secp256r1, row.change), row.error, row.alert)
    }

    @Test("B-40 a second HelloRetryRequest")
    func secondRetry() throws {
        let (client, server) = try ClientStage.secondServerHello.start()
        try expectFailure(
            of: client, server, receiving: try server.retry(for: .x25519), .peerMisbehaved(.secondRetry),
            .unexpectedMessage)
    }

    @Test("B-31 bytes behind the HelloRetryRequest in its record")
    func bytesBehindRetry() throws {
        let (client, server) = try ClientStage.serverHello.start()
        let retry = Array(try server.retry(for: .secp256r1).dropFirst(5))
        try expectFailure(
            of: client, server, receiving: try server.writer.handshake(retry + [2]),
            .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage)
    }

    @Test("F-04 the longest cookie that the second hello can hold comes back, one byte more is illegal_parameter")
    func longestCookie() throws {
        for excess in [0, 1] {
            let (client, server) = try ClientStage.serverHello.start()
            let length = try server.clientHello().bytes.count
            // The extension's header, and the length of the cookie in it.
            let cookie = [UInt8](repeating: 1, count: Limits.handshakeMessage - length - 6 + excess)
            let retry = try server.retry(for: nil) {
                $0.cookie = cookie
                $0.extensions.order.append(.cookie)
            }
            guard excess == 0 else {
                try expectFailure(
                    of: client, server, receiving: retry, .invalidMessage(.messageTooLarge), .illegalParameter)
                return
            }
            try client.receive(retry)
            try server.receive(client.takeOutput())
            #expect(try server.clientHello().0.cookie == cookie)
            #expect(try server.clientHello().bytes.count == Limits.handshakeMessage)
            try client.receive(try server.flight())
            try server.receive(client.takeOutput())
            #expect(server.hasVerifiedFinished)
        }
    }

    @Test("A cookie comes back as it was, with or without another group", arguments: [NamedGroup.secp256r1, nil])
    func cookie(group: NamedGroup?) throws {
        let cookie = [UInt8](repeating: 0xC0, count: 20_000)
        let (client, server) = try ClientStage.serverHello.start()
        let first = try server.clientHello().0
        try client.receive(
            try server.retry(for: group) {
                $0.cookie = cookie
                $0.extensions.order.append(.cookie)
            })
        try server.receive(client.takeOutput())
        let second = try server.clientHello().0
        #expect(second.cookie == cookie)
        #expect(second.keyShares?.map(\.group).filter(\.isSupported) == [group ?? .x25519])
        #expect((second.keyShares == first.keyShares) == (group == nil))
        try client.receive(try server.flight())
        try server.receive(client.takeOutput())
        #expect(server.hasVerifiedFinished)
    }
}
