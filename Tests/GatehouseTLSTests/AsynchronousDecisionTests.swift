import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// A decision of one role, and a conversation in which it is asked for.
struct DecisionRow: Sendable, CustomTestStringConvertible {
    let kind: String
    let isServers: Bool
    /// The conversation resumes a session.
    var resumes = false
    let configure: @Sendable (inout ClientConfiguration, inout ServerConfiguration, RemoteKeys) throws -> Void

    var testDescription: String { (isServers ? "server: " : "client: ") + kind + (resumes ? " when resuming" : "") }

    static let all: [DecisionRow] = [
        DecisionRow(kind: "credential", isServers: true) { _, server, _ in server.asksForCredential = true },
        DecisionRow(kind: "signature", isServers: true) { _, server, keys in server.credentials = [keys.credential] },
        DecisionRow(kind: "preSharedKey", isServers: true) { client, server, _ in
            client.preSharedKeys = [try PreSharedKeyTests.preSharedKey()]
            server.asksForPreSharedKey = true
        },
        DecisionRow(kind: "peerVerdict", isServers: true) { client, server, _ in
            client.credentials = [try TestCredentials.server(.p256)]
            server.clientAuthentication = .required(.asksForVerdict)
        },
        DecisionRow(kind: "ticketSealing", isServers: true) { _, server, _ in server.resumption = .asksForTickets },
        DecisionRow(kind: "ticketOpening", isServers: true, resumes: true) { _, server, _ in
            server.resumption = .asksForTickets
        },
        DecisionRow(kind: "peerVerdict", isServers: false) { client, _, _ in client.verification = .asksForVerdict },
        DecisionRow(kind: "peerVerdict", isServers: false, resumes: true) { client, server, _ in
            client.verification = .asksForVerdict
            client.verifiesResumedSessions = true
            server.resumption = .tickets(TicketKeys())
        },
        DecisionRow(kind: "clientCredential", isServers: false) { client, server, _ in
            client.asksForCredential = true
            server.clientAuthentication = .required(.trustStore(try TestCredentials.trustStore()))
        },
        DecisionRow(kind: "signature", isServers: false) { client, server, keys in
            client.credentials = [keys.credential]
            server.clientAuthentication = .required(.trustStore(try TestCredentials.trustStore()))
        },
    ]
}

@Suite("Every decision: at once, later, refused, never")
struct AsynchronousDecisionTests {
    /// A conversation in which all is answered at once but what the row is about.
    private static func start(_ row: DecisionRow, _ keys: RemoteKeys, answersAll: Bool = false) throws -> Loopback {
        var (client, server) = try FullHandshakeTests.configurations()
        try row.configure(&client, &server, keys)
        var session: ClientSession?
        if row.resumes {
            let first = try Loopback(client, server)
            first.serverDecision = keys.answer
            first.clientDecision = keys.answer
            try first.run()
            let earlier = try #require(first.sessions.first)
            session = earlier
        }
        let loopback = try Loopback(client, server, session: session)
        loopback.serverDecision = { !answersAll && row.isServers && $0.kind == row.kind ? nil : keys.answer($0) }
        loopback.clientDecision = { !answersAll && !row.isServers && $0.kind == row.kind ? nil : keys.answer($0) }
        try loopback.run()
        return loopback
    }

    private static func events(_ loopback: Loopback, _ row: DecisionRow) -> [Event] {
        row.isServers ? loopback.serverEvents : loopback.clientEvents
    }

    /// What the row is about, which has been asked for last.
    private static func pending(_ loopback: Loopback, _ row: DecisionRow) throws -> Need {
        guard case .needs(let need) = events(loopback, row).last else {
            throw Unasked()
        }
        #expect(need.kind == row.kind)
        return need
    }

    struct Unasked: Error {}

    private static func resume(_ loopback: Loopback, _ row: DecisionRow, with decision: Decision) throws(TLSError) {
        if row.isServers {
            try loopback.server.resume(with: decision, output: &loopback.toClient)
        } else {
            try loopback.client.resume(with: decision, output: &loopback.toServer)
        }
    }

    /// Hands bytes to the side that waits; how many of them it takes.
    private static func offer(_ bytes: [UInt8], _ loopback: Loopback, _ row: DecisionRow) throws(TLSError) -> Int {
        var (buffer, position, output) = (bytes, 0, [UInt8]())
        var span = buffer.mutableSpan
        let event =
            row.isServers
            ? try loopback.server.receive(&span, at: &position, output: &output)
            : try loopback.client.receive(&span, at: &position, output: &output)
        #expect(event == nil && output.isEmpty)
        return position
    }

    private static func exchange(_ loopback: Loopback) throws {
        #expect(loopback.isEstablished)
        try loopback.client.send([1].span, output: &loopback.toServer)
        try loopback.server.send([2].span, output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.serverReceived == [1] && loopback.clientReceived == [2])
    }

    @Test("F-05 F-06 F-08 F-09 answered at once", arguments: DecisionRow.all)
    func atOnce(row: DecisionRow) throws {
        let loopback = try Self.start(row, try RemoteKeys(), answersAll: true)
        #expect(
            Self.events(loopback, row).contains {
                if case .needs(let need) = $0 { need.kind == row.kind } else { false }
            })
        #expect(!row.resumes || loopback.isResumed == true)
        try Self.exchange(loopback)
    }

    @Test(
        "F-05 F-06 F-08 F-09 answered later: nothing is taken meanwhile, and no other answer counts",
        arguments: DecisionRow.all)
    func later(row: DecisionRow) throws {
        let keys = try RemoteKeys()
        let loopback = try Self.start(row, keys)
        let need = try Self.pending(loopback, row)
        #expect(!loopback.isEstablished)
        let answer = try #require(keys.answer(need))
        for _ in 0..<3 {
            #expect(try Self.offer([UInt8](repeating: 23, count: 70_000), loopback, row) == 0)
        }
        let others: [Decision] = [
            .credential(keys.credential), .accept, .preSharedKey(nil), .signature([]), .clientCredential(nil),
            .sealedTickets([]), .openedTickets([]),
        ]
        for other in others where other.kind != answer.kind {
            #expect(throws: TLSError.misuse(.noSuchDecision)) { try Self.resume(loopback, row, with: other) }
        }
        try Self.resume(loopback, row, with: answer)
        #expect(throws: TLSError.misuse(.noSuchDecision)) { try Self.resume(loopback, row, with: answer) }
        try loopback.run()
        try Self.exchange(loopback)
    }

    @Test("F-05 F-06 F-08 F-09 refused: the peer gets the alert that was chosen", arguments: DecisionRow.all)
    func refused(row: DecisionRow) throws {
        let loopback = try Self.start(row, try RemoteKeys())
        _ = try Self.pending(loopback, row)
        #expect(throws: TLSError.refused(.accessDenied)) {
            try Self.resume(loopback, row, with: .reject(.accessDenied))
        }
        #expect(throws: TLSError.alertReceived(Alert(.accessDenied))) {
            if row.isServers {
                try loopback.deliverToClient(&loopback.toClient)
            } else {
                try loopback.deliverToServer(&loopback.toServer)
            }
        }
        #expect(!loopback.isEstablished)
        #expect(throws: TLSError.refused(.accessDenied)) { try Self.resume(loopback, row, with: .accept) }
    }

    @Test(
        "F-05 F-06 F-08 F-09 never answered: the caller's deadline closes, and what comes then is dropped",
        arguments: DecisionRow.all)
    func never(row: DecisionRow) throws {
        let keys = try RemoteKeys()
        let loopback = try Self.start(row, keys)
        let answer = try #require(keys.answer(try Self.pending(loopback, row)))
        if row.isServers {
            loopback.server.close(output: &loopback.toClient)
            try loopback.deliverToClient(&loopback.toClient)
        } else {
            loopback.client.close(output: &loopback.toServer)
            try loopback.deliverToServer(&loopback.toServer)
        }
        let peersEvents = row.isServers ? loopback.clientEvents : loopback.serverEvents
        #expect(peersEvents.last?.kind == "closeNotify")
        #expect(try Self.offer([UInt8](repeating: 23, count: 70_000), loopback, row) == 70_000)
        #expect(throws: TLSError.misuse(.alreadyClosed)) { try Self.resume(loopback, row, with: answer) }
        #expect(!loopback.isEstablished)
    }
}

@Suite("Tickets that are sealed elsewhere")
struct RemoteTicketTests {
    private static func configurations(
        _ resumption: ServerResumption
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        try ResumptionTests.configurations(resumption)
    }

    private static func connect(
        _ configurations: (client: ClientConfiguration, server: ServerConfiguration), _ session: ClientSession? = nil,
        decide: @escaping (Need) -> Decision?
    ) throws -> Loopback {
        let loopback = try Loopback(configurations.client, configurations.server, session: session)
        loopback.serverDecision = decide
        try loopback.run()
        #expect(loopback.isEstablished)
        return loopback
    }

    @Test("F-09 a sealer that answers within the call is never asked by a pause")
    func sealer() throws {
        let configurations = try Self.configurations(.sealer(try RemoteKeys()))
        let first = try Self.connect(configurations) { _ in nil }
        #expect(first.sessions.count == 2)
        let session = try #require(first.sessions.first)
        let second = try Self.connect(configurations, session) { _ in nil }
        #expect(second.isResumed == true)
        #expect((first.serverEvents + second.serverEvents).allSatisfy { $0.kind != "needs" })
    }

    @Test(
        "F-09 F-04 tickets are opened again after a HelloRetryRequest, also a stateless one", arguments: [true, false])
    func retry(stateless: Bool) throws {
        let keys = try RemoteKeys()
        var configurations = try Self.configurations(.asksForTickets)
        configurations.client.groups = [.x25519, .secp256r1]
        configurations.server.groups = [.secp256r1]
        if stateless { configurations.server.statelessRetry = StatelessRetry(keys: TicketKeys()) }
        let session = try #require(try Self.connect(configurations, decide: keys.answer).sessions.first)
        let resumed = try Self.connect(configurations, session, decide: keys.answer)
        #expect(resumed.isResumed == true && resumed.serverSession?.roundTrips == 2)
    }

    @Test("F-09 no ticket, an empty one and one over 4 KiB: the connection stands, without tickets")
    func noTickets() throws {
        let configurations = try Self.configurations(.asksForTickets)
        let answers: [[[UInt8]?]] = [
            [], [nil, nil], [[], []], [[UInt8](repeating: 1, count: 4097)], [nil, nil, [1], [2]],
        ]
        for answer in answers {
            let loopback = try Self.connect(configurations) { _ in .sealedTickets(answer) }
            #expect(loopback.sessions.isEmpty)
        }
        let loopback = try Self.connect(configurations) { _ in
            .sealedTickets([nil, [UInt8](repeating: 1, count: 4096)])
        }
        #expect(loopback.sessions.map(\.ticket.count) == [4096])
    }

    @Test("F-09 what was opened and is no session, or nobody's: a full handshake")
    func notOpened() throws {
        let keys = try RemoteKeys()
        let configurations = try Self.configurations(.asksForTickets)
        let session = try #require(try Self.connect(configurations, decide: keys.answer).sessions.first)
        for answer in [[], [nil], [[]], [[1, 2, 3]], [nil, nil, nil]] as [[[UInt8]?]] {
            let loopback = try Self.connect(configurations, session) { need in
                if case .ticketOpening = need { .openedTickets(answer) } else { .sealedTickets([]) }
            }
            #expect(loopback.isResumed == false)
        }
        // What opens is still bound to its trust settings.
        var changed = configurations
        changed.server.trustGeneration += 1
        #expect(try Self.connect(changed, session, decide: keys.answer).isResumed == false)
    }

    @Test("F-08 F-09 configured keys are not asked about; what is no ticket may still be a pre-shared key")
    func withPreSharedKeys() throws {
        let keys = try RemoteKeys()
        var configurations = try Self.configurations(.asksForTickets)
        configurations.client.preSharedKeys = [try PreSharedKeyTests.preSharedKey()]
        configurations.server.asksForPreSharedKey = true
        let looked = try Self.connect(configurations, decide: keys.answer)
        #expect(looked.serverSession?.preSharedKeyIdentity == PreSharedKeyTests.identity)
        func asked(_ loopback: Loopback) -> [String] {
            loopback.serverEvents.compactMap { if case .needs(let need) = $0 { need.kind } else { nil } }
        }
        #expect(asked(looked) == ["ticketOpening", "preSharedKey", "ticketSealing"])
        configurations.server.preSharedKeys = configurations.client.preSharedKeys
        let configured = try Self.connect(configurations, decide: keys.answer)
        #expect(asked(configured) == ["ticketSealing"])
        #expect(configured.serverSession?.preSharedKeyIdentity == PreSharedKeyTests.identity)
    }
}

extension Decision {
    /// The case's name.
    fileprivate var kind: String { String("\(self)".prefix { $0 != "(" }) }
}
