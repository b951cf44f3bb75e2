import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Resumption")
struct ResumptionTests {
    static func configurations(
        _ resumption: ServerResumption
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var (client, server) = try FullHandshakeTests.configurations()
        server.resumption = resumption
        client.applicationProtocols = ["a"]
        server.applicationProtocols = ["a"]
        return (client, server)
    }

    /// Connects; the loopback's client events then hold the tickets.
    @discardableResult
    static func connect(
        _ client: ClientConfiguration, _ server: ServerConfiguration, _ session: ClientSession? = nil,
        serverName: String = "localhost", now: Int64 = TestCredentials.now
    ) throws -> Loopback {
        let loopback = try Loopback(client, server, serverName: serverName, session: session, now: now)
        try loopback.run()
        #expect(loopback.isEstablished)
        return loopback
    }

    @Test("F-09 a ticket resumes, again and again, with each suite", arguments: CipherSuite.supported)
    func tickets(suite: CipherSuite) throws {
        var (client, server) = try Self.configurations(.tickets(TicketKeys()))
        client.cipherSuites = [suite]
        server.ticketCount = 3
        var loopback = try Self.connect(client, server)
        #expect(loopback.isResumed == false && loopback.sessions.count == 3)
        #expect(Set(loopback.sessions.map(\.ticket)).count == 3)
        for _ in 0..<3 {
            let session = try ClientSession(importing: try #require(loopback.sessions.first).exported())
            loopback = try Self.connect(client, server, session)
            #expect(loopback.isResumed == true)
            #expect(loopback.clientSession?.peerCertificates.count == 1)
            #expect(loopback.clientSession?.isPeerVerified == true)
        }
    }

    @Test("F-09 a stored session resumes once")
    func store() throws {
        let store = SessionStore(capacity: 10)
        let (client, server) = try Self.configurations(.store(store))
        let session = try #require(try Self.connect(client, server).sessions.first)
        #expect(store.count == 2)
        #expect(try Self.connect(client, server, session).isResumed == true)
        #expect(try Self.connect(client, server, session).isResumed == false)
    }

    @Test("B-08 a full store drops the oldest session, and holds no more than it may")
    func boundedStore() throws {
        let store = SessionStore(capacity: 4)
        let (client, server) = try Self.configurations(.store(store))
        let oldest = try #require(try Self.connect(client, server).sessions.first)
        for _ in 0..<100 { try Self.connect(client, server) }
        #expect(store.count == 4)
        #expect(try Self.connect(client, server, oldest).isResumed == false)
    }

    @Test("F-09 F-04 a session resumes through a HelloRetryRequest", arguments: [true, false])
    func helloRetryRequest(stored: Bool) throws {
        var (client, server) = try Self.configurations(
            stored ? .store(SessionStore(capacity: 4)) : .tickets(TicketKeys()))
        client.groups = [.x25519, .secp256r1]
        server.groups = [.secp256r1]
        let session = try #require(try Self.connect(client, server).sessions.first)
        let loopback = try Self.connect(client, server, session)
        #expect(loopback.isResumed == true && loopback.clientSession?.roundTrips == 2)
    }

    @Test("F-09 rotated keys open earlier tickets as long as they are kept")
    func rotation() throws {
        var keys = TicketKeys()
        var (client, server) = try Self.configurations(.tickets(keys))
        client.ticketRequest = nil
        let session = try #require(try Self.connect(client, server).sessions.first)
        for round in 1...3 {
            keys = keys.rotated(keeping: 2)
            server.resumption = .tickets(keys)
            #expect(try Self.connect(client, server, session).isResumed == (round <= 2))
        }
    }

    @Test("B-22 an all-zero or short ticket key is refused; another key opens nothing")
    func ticketKeys() throws {
        let name = [UInt8](repeating: 1, count: 16)
        for key in [[UInt8](repeating: 0, count: 32), [UInt8](repeating: 1, count: 31)] {
            #expect(throws: ConfigurationError.invalidTicketKey) { try TicketKeys(sharing: [(name, key)]) }
        }
        let keys = try TicketKeys(sharing: [(name, [UInt8](repeating: 1, count: 32))])
        let others = try TicketKeys(sharing: [(name, [UInt8](repeating: 2, count: 32))])
        var (client, server) = try Self.configurations(.tickets(keys))
        client.trustGeneration = 0
        let session = try #require(try Self.connect(client, server).sessions.first)
        #expect(SealedTicket.open(session.ticket, keys) != nil)
        #expect(SealedTicket.open(session.ticket, others) == nil)
        server.resumption = .tickets(others)
        #expect(try Self.connect(client, server, session).isResumed == false)
        for index in session.ticket.indices {
            var changed = session.ticket
            changed[index] ^= 1
            #expect(SealedTicket.open(changed, keys) == nil)
            #expect(SealedTicket.open(Array(session.ticket[..<index]), keys) == nil)
        }
    }

    @Test("F-09 a ticket ends with its lifetime, and a chain of resumptions after 7 days")
    func lifetime() throws {
        var (client, server) = try Self.configurations(.tickets(TicketKeys()))
        client.trustGeneration = 0
        server.ticketLifetime = 100
        let session = try #require(try Self.connect(client, server).sessions.first)
        #expect(try Self.connect(client, server, session, now: TestCredentials.now + 99).isResumed == true)
        #expect(try Self.connect(client, server, session, now: TestCredentials.now + 100).isResumed == false)

        server.ticketLifetime = 604_800
        var chained = try #require(try Self.connect(client, server).sessions.first)
        for day in 1...6 {
            let loopback = try Self.connect(
                client, server, chained, now: TestCredentials.now + Int64(day) * 86_400)
            #expect(loopback.isResumed == true)
            chained = try #require(loopback.sessions.first)
        }
        #expect(try Self.connect(client, server, chained, now: TestCredentials.now + 604_800).isResumed == false)
    }

    @Test("B-23 a session is not resumed under other trust settings, or for another name")
    func binding() throws {
        var (client, server) = try Self.configurations(.tickets(TicketKeys()))
        let session = try #require(try Self.connect(client, server).sessions.first)
        server.trustGeneration = 1
        #expect(try Self.connect(client, server, session).isResumed == false)
        server.trustGeneration = 0
        #expect(try Self.connect(client, server, session).isResumed == true)
        client.trustGeneration = 1
        #expect(try Self.connect(client, server, session).isResumed == false)

        client.trustGeneration = 0
        server.credentials.append(try TestCredentials.server(.p256, names: ["elsewhere.example"]))
        let elsewhere = try Self.connect(client, server, session, serverName: "elsewhere.example")
        #expect(elsewhere.isResumed == false)
        // A client that does not care must still be refused by the server.
        let moved = ClientSession(
            ticket: session.ticket,
            state: session.state.bound(to: client.binding("elsewhere.example")))
        #expect(try Self.connect(client, server, moved, serverName: "elsewhere.example").isResumed == false)
    }

    @Test("F-09 after ignored problems there is no ticket, on neither side")
    func doubtful() throws {
        var (client, server) = try Self.configurations(.tickets(TicketKeys()))
        client.verification = .dangerouslyAcceptAnyCertificate
        #expect(try Self.connect(client, server).sessions.isEmpty)
        client.verification = .asksForVerdict
        for (decision, count) in [(Decision.accept, 2), (.acceptDespiteProblems, 0)] {
            let loopback = try Loopback(client, server)
            try loopback.run()
            try loopback.client.resume(with: decision, output: &loopback.toServer)
            try loopback.run()
            #expect(loopback.isEstablished && loopback.sessions.count == count)
        }
        client.verification = .trustStore(try TestCredentials.trustStore())
        server.ticketCount = 0
        #expect(try Self.connect(client, server).sessions.isEmpty)
    }

    @Test("F-10 ticket_request: as many as asked for, up to the server's number")
    func ticketRequest() throws {
        var (client, server) = try Self.configurations(.tickets(TicketKeys()))
        server.ticketCount = 4
        for (asked, expected) in [(0, 0), (3, 3), (32, 4)] as [(UInt8, Int)] {
            client.ticketRequest = (asked, 1)
            let loopback = try Self.connect(client, server)
            #expect(loopback.sessions.count == expected)
            if let session = loopback.sessions.first {
                #expect(try Self.connect(client, server, session).sessions.count == 1)
            }
        }
    }

    @Test("B-24 ticket_age_add is random")
    func ageAdd() throws {
        var (client, server) = try Self.configurations(.tickets(TicketKeys()))
        client.ticketRequest = nil
        server.ticketCount = 20
        let ages = try Self.connect(client, server).sessions.map(\.state.ticketAgeAdd)
        #expect(Set(ages).count == 20)
    }

    @Test("B-46 a ticket of more than 7 days is clamped, of none is dropped, an empty one is decode_error")
    func strangeTickets() throws {
        var (client, server) = try Self.configurations(.disabled)
        client.trustGeneration = 0
        server.trustGeneration = 0
        for (lifetime, kept) in [(UInt32.max, true), (0, false)] {
            let loopback = try Self.connect(client, server)
            let ticket = NewSessionTicket(
                ticketLifetime: lifetime, ticketAgeAdd: 1, ticketNonce: [], ticket: [1])
            try loopback.server.connection.core.writer.write(
                .handshake, ticket.encoded().span, to: &loopback.toClient)
            try loopback.run()
            #expect(loopback.sessions.isEmpty != kept)
            if kept { #expect(loopback.sessions[0].expiry == TestCredentials.now + 604_800) }
        }
        let loopback = try Self.connect(client, server)
        let empty = NewSessionTicket(ticketLifetime: 1, ticketAgeAdd: 1, ticketNonce: [], ticket: [])
        try loopback.server.connection.core.writer.write(
            .handshake, empty.encoded().span, to: &loopback.toClient)
        #expect(throws: TLSError.invalidMessage(.vectorLengthOutOfBounds)) { try loopback.run() }
    }

    @Test("F-21 imported bytes that are no session are refused, at every length")
    func importing() throws {
        let (client, server) = try Self.configurations(.tickets(TicketKeys()))
        let bytes = try #require(try Self.connect(client, server).sessions.first).exported()
        for count in bytes.indices {
            #expect(throws: TLSError.self) { try ClientSession(importing: Array(bytes[..<count])) }
        }
        #expect(throws: TLSError.self) { try ClientSession(importing: bytes + [0]) }
        // The server's name, in bytes that are not UTF-8.
        let index = try #require(bytes.firstRange(of: Array("localhost".utf8))?.lowerBound)
        var changed = bytes
        changed[index] = 0xFF
        #expect(throws: TLSError.invalidMessage(.illegalValue)) { try ClientSession(importing: changed) }
        // Times that nothing can be added to.
        let session = try ClientSession(importing: bytes)
        for field in [\SessionState.issuedAt, \.authenticatedAt] {
            for time in [Int64.max, .min, 1 << 48] {
                var state = session.state
                state[keyPath: field] = time
                let strange = ClientSession(ticket: session.ticket, state: state).exported()
                #expect(throws: TLSError.invalidMessage(.illegalValue)) { try ClientSession(importing: strange) }
            }
        }
    }
}

extension SessionState {
    fileprivate func bound(to binding: SessionBinding) -> SessionState {
        var state = self
        state.binding = binding
        return state
    }
}
