import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-02 the shares of a ClientHello")
struct KeyShareTests {
    @Test("F-02 one share of the first group, or of those that are asked for, in the order of the groups")
    func offered() throws {
        let rows: [([NamedGroup]?, [NamedGroup])] = [
            (nil, [.x25519]), ([], []), ([.secp256r1], [.secp256r1]),
            ([.secp384r1, .x25519, .secp256r1], [.x25519, .secp256r1, .secp384r1]),
        ]
        for (asked, sent) in rows {
            let hello = try HelloShapeTests.hello {
                $0.sendsGREASE = false
                $0.groups = [.x25519, .secp256r1, .secp384r1]
                $0.keyShareGroups = asked
            }
            #expect(hello.keyShares?.map(\.group) == sent && hello.extensions.contains(.keyShare))
            #expect(hello.supportedGroups == [.x25519, .secp256r1, .secp384r1])
        }
    }

    @Test("F-02 F-04 the server takes the share that it likes, or asks for one, once")
    func chosen() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.groups = [.x25519, .secp256r1, .secp384r1]
        let rows: [([NamedGroup]?, NamedGroup, Int)] = [
            ([.x25519, .secp256r1], .secp256r1, 1), ([.x25519, .secp256r1], .x25519, 1),
            ([.x25519, .secp256r1], .secp384r1, 2), ([], .x25519, 2), (nil, .secp256r1, 2),
        ]
        for (shares, wanted, roundTrips) in rows {
            client.keyShareGroups = shares
            server.groups = [wanted]
            let loopback = try Loopback(client, server)
            try loopback.run()
            #expect(loopback.isEstablished && loopback.clientSession?.group == wanted)
            #expect(loopback.clientSession?.roundTrips == roundTrips)
        }
        client.keyShareGroups = [.secp521r1]
        #expect(throws: ConfigurationError.keyShareOfUnlistedGroup("secp521r1")) { try client.validate() }
    }

    @Test("B-40 a retry for a group that has a share already, and a share of a group that had none")
    func hostile() throws {
        for group in [NamedGroup.x25519, .secp256r1] {
            let (client, server) = try ClientStage.serverHello.start { $0.keyShareGroups = [.x25519, .secp256r1] }
            try expectFailure(
                of: client, server, receiving: try server.retry(for: group), .peerMisbehaved(.needlessRetry),
                .illegalParameter)
        }
        let (client, server) = try ClientStage.serverHello.start { $0.keyShareGroups = [.x25519] }
        server.change(ServerHello.self) {
            $0.keyShare = .share(KeyShareEntry(group: .secp256r1, keyExchange: [UInt8](repeating: 4, count: 65)))
        }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.keyShareForUnofferedGroup),
            .illegalParameter)
    }

    @Test("The application ends a connection with an alert of its choice, in every state")
    func abort() throws {
        for stage in ClientStage.allCases {
            let (client, server) = try stage.start()
            client.connection.abort(with: .accessDenied, output: &client.output)
            #expect(client.failure(receiving: []) == .refused(.accessDenied))
            try server.receive(client.takeOutput())
            #expect(server.heard.alerts == [[2, AlertDescription.accessDenied.rawValue]])
            client.connection.abort(with: .internalError, output: &client.output)
            #expect(client.output.isEmpty)
        }
        for stage in ServerStage.allCases {
            let (server, client) = try stage.start()
            server.connection.abort(with: .accessDenied, output: &server.output)
            #expect(server.failure(receiving: []) == .refused(.accessDenied))
            try client.receive(server.takeOutput())
            #expect(client.heard.alerts == [[2, AlertDescription.accessDenied.rawValue]])
        }
    }

    @Test("F-11 the skew of a ticket's age is told")
    func skew() throws {
        let (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        let first = try ResumptionTests.connect(client, server)
        #expect(first.serverSession?.ticketAgeSkew == nil)
        let session = try #require(first.sessions.first)
        let now = TestCredentials.now + 100
        for (serverNow, skew) in [(now, 0), (now + 7, -7), (now - 7, 7)] as [(Int64, Int64)] {
            let loopback = try Loopback(client, server, session: session, now: now, serverNow: serverNow)
            try loopback.run()
            #expect(loopback.isResumed == true && loopback.serverSession?.ticketAgeSkew == skew)
            #expect(loopback.clientSession?.ticketAgeSkew == nil)
        }
    }

    @Test("F-02 by default there is a share of the first hybrid group and one of the first other group, in their order")
    func defaults() {
        let rows: [(groups: [NamedGroup], shares: [NamedGroup])] = [
            ([.x25519, .secp256r1], [.x25519]),
            ([.x25519MLKEM768, .secp256r1MLKEM768, .x25519, .secp256r1], [.x25519MLKEM768, .x25519]),
            ([.secp256r1, .x25519, .secp384r1MLKEM1024], [.secp256r1, .secp384r1MLKEM1024]),
            ([.x25519MLKEM768], [.x25519MLKEM768]),
        ]
        for row in rows {
            var configuration = ClientConfiguration(verification: .asksForVerdict)
            configuration.groups = row.groups
            #expect(configuration.offeredShareGroups == row.shares)
        }
    }
}
