import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Values that a peer chooses: key shares, server names, protocols")
struct PeerValueTests {
    /// Shares that are no public keys of the group.
    static func badShares(_ group: NamedGroup) throws -> [[UInt8]] {
        let good = try EphemeralKey.generate(group).publicKey
        var bad = [Array(good.dropLast()), good + [0], [0]]
        // Zeros are no point, but an encapsulation key like any other.
        if !NamedGroup.supportedWhenListed.contains(group) { bad.append([UInt8](repeating: 0, count: good.count)) }
        let pointLengths: [NamedGroup: Int] = [
            .secp256r1: 65, .secp384r1: 97, .secp521r1: 133, .secp256r1MLKEM768: 65, .secp384r1MLKEM1024: 97,
        ]
        guard let pointLength = pointLengths[group] else { return bad }
        let rest = good[pointLength...]
        var offCurve = good
        offCurve[pointLength - 1] ^= 1
        let coordinates = Array(good[1..<pointLength])
        let compressed = [2 | good[pointLength - 1] & 1] + coordinates.prefix(coordinates.count / 2)
        bad += [offCurve, compressed + rest, coordinates + rest]
        bad += [[6], [7], [5]].map { $0 + coordinates + rest }
        bad.append([UInt8](repeating: 0xFF, count: good.count))
        return bad
    }

    @Test(
        "F-02 shares that are not on the curve, compressed, hybrid, too long or too short",
        arguments: NamedGroup.supported + NamedGroup.supportedWhenListed)
    func keyShares(group: NamedGroup) throws {
        for share in try Self.badShares(group) {
            let (server, _) = try ServerStage.clientHello.start { $0.groups = [group] }
            let scriptedClient = try ScriptedClient(group: group) {
                $0.keyShares = [KeyShareEntry(group: group, keyExchange: share)]
            }
            try expectFailure(
                of: server, scriptedClient, receiving: try scriptedClient.helloRecords(),
                .peerMisbehaved(.invalidKeyShare), .illegalParameter)

            let (client, scriptedServer) = try ClientStage.serverHello.start { $0.groups = [group] }
            scriptedServer.change(ServerHello.self) {
                $0.keyShare = .share(KeyShareEntry(group: group, keyExchange: share))
            }
            try expectFailure(
                of: client, scriptedServer, receiving: try scriptedServer.flight(), .peerMisbehaved(.invalidKeyShare),
                .illegalParameter)
        }
    }

    @Test("B-28 within a tier an offered share is preferred to a retry; of several the one that we prefer is taken")
    func choiceOfGroup() throws {
        let rows: [(offered: [NamedGroup], shares: [NamedGroup], taken: NamedGroup, isRetry: Bool)] = [
            ([.secp256r1, .x25519], [.secp256r1], .secp256r1, false),
            ([.secp256r1, .x25519], [.secp256r1, .x25519], .x25519, false),
            ([.secp256r1, .x25519], [], .x25519, true),
            ([.secp384r1, .secp256r1], [.secp384r1], .secp256r1, true),
        ]
        for row in rows {
            let (server, client) = try ServerStage.clientHello.start { $0.groups = [.x25519, .secp256r1] }
            client.hello.supportedGroups = row.offered
            client.hello.keyShares = try row.shares.map {
                KeyShareEntry(group: $0, keyExchange: try EphemeralKey.generate($0).publicKey)
            }
            client.helloBytes = client.hello.encoded()
            try server.receive(try client.helloRecords())
            let answer = try ReceivedMessage(try Self.firstMessage(server.output)).decode(as: ServerHello.self)
            #expect(answer.isRetryRequest == row.isRetry)
            switch answer.keyShare {
            case .share(let share): #expect(share.group == row.taken)
            case .selectedGroup(let group): #expect(group == row.taken)
            case nil: Issue.record("no key_share")
            }
        }
    }

    @Test(
        "B-28 a hybrid group that both sides know is asked for, whatever shares there are and whatever the order",
        arguments: [
            [NamedGroup.x25519MLKEM768, .secp256r1MLKEM768, .x25519], [.x25519, .x25519MLKEM768, .secp256r1MLKEM768],
        ])
    func tiers(groups: [NamedGroup]) throws {
        func answer(_ offered: [NamedGroup], _ shares: [KeyShareEntry]) throws -> ServerHello {
            let (server, client) = try ServerStage.clientHello.start { $0.groups = groups }
            client.hello.supportedGroups = offered
            client.hello.keyShares = shares
            client.helloBytes = client.hello.encoded()
            try server.receive(try client.helloRecords())
            return try ReceivedMessage(try Self.firstMessage(server.output)).decode(as: ServerHello.self)
        }
        let classical = KeyShareEntry(group: .x25519, keyExchange: try EphemeralKey.generate(.x25519).publicKey)
        #expect(
            try answer([.x25519, .x25519MLKEM768], [classical]).keyShare == .selectedGroup(.x25519MLKEM768))
        #expect(
            try answer([.x25519, .secp256r1MLKEM768], [classical]).keyShare == .selectedGroup(.secp256r1MLKEM768))
        #expect(try !answer([.x25519], [classical]).isRetryRequest)
        guard NamedGroup.secp256r1MLKEM768.isSupported else { return }
        let hybrid = KeyShareEntry(
            group: .secp256r1MLKEM768, keyExchange: try EphemeralKey.generate(.secp256r1MLKEM768).publicKey)
        let taken = try answer([.x25519, .x25519MLKEM768, .secp256r1MLKEM768], [classical, hybrid])
        #expect(!taken.isRetryRequest)
        let group: NamedGroup? = if case .share(let share) = taken.keyShare { share.group } else { nil }
        #expect(group == .secp256r1MLKEM768)
    }

    /// The message in the first record of `bytes`.
    private static func firstMessage(_ bytes: [UInt8]) throws -> [UInt8] {
        var reader = ScriptedReader()
        var rest = bytes
        let record = try reader.next(&rest)
        return try #require(record?.content)
    }

    /// Points of small order on curve25519 in all their encodings (RFC 7748 §6.1 wants the zero result noticed).
    static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [UInt8](repeating: 0, count: 31) + [0x80],
    ]

    @Test("F-02 X25519 shares of small order", arguments: smallOrder)
    func shareOfSmallOrder(share: [UInt8]) throws {
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.keyShares = [KeyShareEntry(group: .x25519, keyExchange: share)]
        client.helloBytes = client.hello.encoded()
        try expectFailure(
            of: server, client, receiving: try client.helloRecords(), .peerMisbehaved(.invalidKeyShare),
            .illegalParameter)
    }

    static let goodNames: [(String, String?)] = [
        ("localhost", "localhost"), ("LOCALHOST.", "localhost"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_service.example", "_service.example"), ("1.2.3.4", nil), ("::1", nil), ("2001:db8::1", nil),
        (String(repeating: "a", count: 63) + ".example", String(repeating: "a", count: 63) + ".example"),
    ]

    @Test("Server names: case, trailing dot, addresses", arguments: goodNames)
    func goodName(sent: String, understood: String?) throws {
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.serverName = Array(sent.utf8)
        client.hello.extensions.order.append(.serverName)
        client.helloBytes = client.hello.encoded()
        try server.receive(try client.helloRecords())
        #expect(server.connection.session?.serverName == understood)
    }

    static let badNames = [
        ".", "..", ".example", "a..b", "a b", "a\0", "\0", "exämple", "a/b", "*.example", "[::1]", "example.org:443",
        "a:b", ":", "user@example.org", String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
        String(repeating: "a", count: 65000),
    ]

    @Test("Server names that are none", arguments: badNames)
    func badName(name: String) throws {
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.serverName = Array(name.utf8)
        client.hello.extensions.order.append(.serverName)
        client.helloBytes = client.hello.encoded()
        try expectFailure(
            of: server, client, receiving: try client.helloRecords(), .invalidMessage(.malformedServerName),
            .illegalParameter)
    }

    @Test("A server name that is not UTF-8")
    func binaryName() throws {
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.serverName = [0xFF, 0xFE, 0x80]
        client.hello.extensions.order.append(.serverName)
        client.helloBytes = client.hello.encoded()
        try expectFailure(
            of: server, client, receiving: try client.helloRecords(), .invalidMessage(.malformedServerName),
            .illegalParameter)
    }

    @Test("A server name that no credential has, when that is refused")
    func unrecognizedName() throws {
        let (server, client) = try ServerStage.clientHello.start { $0.rejectsUnrecognizedName = true }
        client.hello.serverName = Array("example.org".utf8)
        client.hello.extensions.order.append(.serverName)
        client.helloBytes = client.hello.encoded()
        try expectFailure(
            of: server, client, receiving: try client.helloRecords(), .peerIncompatible(.unrecognizedName),
            .unrecognizedName)
    }

    @Test("F-13 no protocol in common: an alert, or none by setting")
    func applicationProtocols() throws {
        for goesOn in [false, true] {
            let (server, client) = try ServerStage.clientHello.start {
                $0.applicationProtocols = ["h2", "http/1.1"]
                $0.continuesWithoutApplicationProtocol = goesOn
            }
            // Names are bytes: neither case nor a common beginning makes them equal.
            client.hello.applicationProtocols = [Array("H2".utf8), Array("h2c".utf8), [0], [0xFF, 0xFE]]
            client.hello.extensions.order.append(.applicationLayerProtocolNegotiation)
            client.helloBytes = client.hello.encoded()
            if goesOn {
                try server.receive(try client.helloRecords())
                #expect(server.connection.session != nil)
                #expect(server.connection.session?.applicationProtocol == nil)
            } else {
                try expectFailure(
                    of: server, client, receiving: try client.helloRecords(),
                    .peerIncompatible(.noCommonApplicationProtocol), .noApplicationProtocol)
            }
        }
    }
}
