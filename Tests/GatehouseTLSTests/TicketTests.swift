import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import Testing

@testable import GatehouseTLS

/// What a ticket does not open for. Where a client would not even offer it, one that does not care is made.
@Suite("Tickets that must not resume")
struct TicketTests {
    /// Tickets that carry their session, and tickets that name one.
    enum Kind: String, CaseIterable {
        case sealed
        case stored

        var resumption: ServerResumption {
            switch self {
            case .sealed: .tickets(TicketKeys())
            case .stored: .store(SessionStore(capacity: 100))
            }
        }
    }

    /// Whether the server resumes `session` with a client that offers it whatever it says.
    private static func resumes(
        _ client: ClientConfiguration, _ server: ServerConfiguration, _ session: ClientSession,
        serverName: String = "localhost", now: Int64 = TestCredentials.now
    ) throws -> Bool {
        let careless = session.changed { state in
            state.binding = client.binding(ReferenceName(host: serverName)?.sessionName)
            state.lifetime = UInt32(Limits.sessionAge)
            (state.issuedAt, state.authenticatedAt) = (now, now)
            state.authenticationEnds = .max
        }
        let loopback = try Loopback(client, server, serverName: serverName, session: careless, now: now)
        try loopback.run()
        // A careless client asked, and both sides say what came of it.
        #expect(try loopback.isEstablished && loopback.sentIdentities == 1)
        #expect(loopback.isResumed != nil)
        return loopback.isResumed == true
    }

    private static func connected(
        _ kind: Kind
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration, session: ClientSession) {
        var (client, server) = try ResumptionTests.configurations(kind.resumption)
        server.ticketLifetime = 1000
        client.groups = [.x25519]
        return (client, server, try #require(try ResumptionTests.connect(client, server).sessions.first))
    }

    // MARK: Keys

    @Test("B-22 a ticket sealed under an all-zero key of any length opens for no server")
    func zeroKey() throws {
        let (client, first, session) = try Self.connected(.sealed)
        guard case .tickets(let keys) = first.resumption else { return }
        let state = try #require(SealedTicket.open(session.ticket, keys))
        var server = first
        let rings = [keys, keys.rotated(keeping: 1), TicketKeys()]
        for ring in rings {
            server.resumption = .tickets(ring)
            for name in ring.keys.map(\.name) + [[UInt8](repeating: 0, count: TicketKeys.nameLength)] {
                for length in [0, 16, 32, 48, 64] {
                    let forged = try ForgedTicket.seal(state, name, key: [UInt8](repeating: 0, count: length))
                    #expect(SealedTicket.open(forged, ring) == nil)
                    #expect(try !Self.resumes(client, server, session.changed(ticket: forged)))
                }
            }
        }
        // The forger knows how it is done: with the right key the server takes it.
        server.resumption = .tickets(keys)
        let secret = try #require(keys.keys.first).secret.secret.withSpan { [UInt8](copying: $0) }
        let forged = try ForgedTicket.seal(state, keys.keys[0].name, key: secret)
        #expect(try Self.resumes(client, server, session.changed(ticket: forged)))
    }

    @Test("B-22 F-09 a ticket opens under no other key, whatever its name, and under none that was dropped")
    func otherKeys() throws {
        let name = [UInt8](repeating: 7, count: TicketKeys.nameLength)
        let key = SystemRandomness.bytes(TicketKeys.minimumKeyLength)
        var (client, server) = try ResumptionTests.configurations(.tickets(try TicketKeys(sharing: [(name, key)])))
        client.groups = [.x25519]
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        var longer = key
        longer.append(0)
        for other in [SystemRandomness.bytes(32), Array(key.reversed()), longer, key.map { $0 ^ 1 }] {
            server.resumption = .tickets(try TicketKeys(sharing: [(name, other)]))
            #expect(try !Self.resumes(client, server, session))
        }
        let keys = try TicketKeys(sharing: [(name, key)])
        for (ring, isOpen) in [
            (keys.rotated(keeping: 1), true), (keys.rotated(keeping: 1).rotated(keeping: 1), false),
            (keys.rotated(keeping: 0), false), (TicketKeys(), false), (keys, true),
        ] {
            server.resumption = .tickets(ring)
            #expect(try Self.resumes(client, server, session) == isOpen)
        }
        server.resumption = .disabled
        #expect(try !Self.resumes(client, server, session))
        server.resumption = .store(SessionStore(capacity: 1))
        #expect(try !Self.resumes(client, server, session))
    }

    // MARK: Time

    @Test("F-09 the server refuses a ticket after its lifetime, whatever the client says", arguments: Kind.allCases)
    func lifetime(_ kind: Kind) throws {
        for (age, isOpen) in [(0, true), (999, true), (1000, false), (1001, false), (604_800, false)] as [(Int64, Bool)]
        {
            let (client, server, session) = try Self.connected(kind)
            #expect(try Self.resumes(client, server, session, now: TestCredentials.now + age) == isOpen, "\(age) s")
        }
    }

    @Test("F-09 a ticket from the future opens only within a minute of clock trouble", arguments: Kind.allCases)
    func future(_ kind: Kind) throws {
        for (age, isOpen) in [(-60, true), (-61, false), (-1000, false)] as [(Int64, Bool)] {
            let (client, server, session) = try Self.connected(kind)
            #expect(try Self.resumes(client, server, session, now: TestCredentials.now + age) == isOpen, "\(age) s")
        }
    }

    @Test("F-09 a client does not offer a session after its lifetime, nor after its server's certificate has ended")
    func expiredAtTheClient() throws {
        let (client, server, session) = try Self.connected(.sealed)
        #expect(session.expiry == TestCredentials.now + 1000)
        #expect(session.state.peer == .certificates(server.credentials[0].chain))
        #expect(session.state.authenticationEnds == server.credentials[0].chain[0].notAfter)
        let short = session.changed { $0.authenticationEnds = TestCredentials.now + 10 }
        for (offered, now, isOpen) in [
            (session, TestCredentials.now + 999, true), (session, TestCredentials.now + 1000, false),
            (short, TestCredentials.now + 10, true), (short, TestCredentials.now + 11, false),
        ] {
            let loopback = try ResumptionTests.connect(client, server, offered, now: now)
            #expect(try loopback.sentIdentities == (isOpen ? 1 : 0) && loopback.isResumed == isOpen)
        }
    }

    @Test("F-09 F-06 a server's ticket ends with the certificate that the client has shown", arguments: Kind.allCases)
    func clientCertificateEnds(_ kind: Kind) throws {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        server.resumption = kind.resumption
        server.ticketLifetime = UInt32(Limits.sessionAge)
        // Certificates of tests end after 30 days.
        let now = TestCredentials.now + 86_400 * 30 - 50
        client.credentials = [try TestCredentials.server(.p256)]
        client.verification = .asksForVerdict
        func connect(_ session: ClientSession?, _ now: Int64) throws -> Loopback {
            let loopback = try Loopback(client, server, session: session, now: now)
            try loopback.run()
            if !loopback.client.isEstablished {
                try loopback.client.resume(with: .accept, output: &loopback.toServer)
                try loopback.run()
            }
            return loopback
        }
        let sessions = try connect(nil, now).sessions
        #expect(sessions.count == 2)
        for session in sessions { #expect(session.state.lifetime == 50) }
        #expect(try connect(sessions[0], now + 49).isResumed == true)
        let late = sessions[1].changed { ($0.lifetime, $0.authenticationEnds) = (1000, .max) }
        let loopback = try Loopback(client, server, session: late, now: now + 51)
        try loopback.run()
        #expect(try loopback.sentIdentities == 1 && loopback.isResumed == false)
    }

    // MARK: Settings and names

    @Test("B-23 F-09 the server refuses a session from other trust settings", arguments: Kind.allCases)
    func serverSettings(_ kind: Kind) throws {
        let store = try TestCredentials.trustStore()
        let changes: [(inout ServerConfiguration) -> Void] = [
            { $0.trustGeneration = 1 },
            { $0.trustGeneration = .max },
            { $0.clientAuthentication = .optional(.trustStore(store)) },
            { $0.clientAuthentication = .required(.trustStore(store)) },
            { $0.clientAuthentication = .required(.asksForVerdict) },
        ]
        for change in changes {
            var (client, server, session) = try Self.connected(kind)
            client.credentials = [try TestCredentials.server(.p256)]
            let before = server
            change(&server)
            #expect(server.binding("localhost") != before.binding("localhost"))
            let loopback = try Loopback(client, server, session: session)
            try loopback.run()
            #expect(try loopback.sentIdentities == 1 && loopback.isResumed == false)
            #expect(try Self.resumes(client, before, session))
        }
    }

    @Test("B-23 F-09 a client offers no session from other trust settings")
    func clientSettings() throws {
        let (first, server, session) = try Self.connected(.sealed)
        let changes: [(inout ClientConfiguration) -> Void] = [
            { $0.trustGeneration = 1 },
            { $0.verification = .dangerouslyAcceptAnyCertificate },
            { $0.verification = .asksForVerdict },
        ]
        for change in changes {
            var client = first
            change(&client)
            let loopback = try Loopback(client, server, session: session)
            try loopback.run()
            #expect(try loopback.sentIdentities == 0)
        }
        #expect(try ResumptionTests.connect(first, server, session).isResumed == true)
    }

    @Test("B-23 F-09 the server refuses a session for another of its names", arguments: Kind.allCases)
    func otherName(_ kind: Kind) throws {
        var (client, server, session) = try Self.connected(kind)
        server.credentials = [
            try TestCredentials.server(.p256, names: ["localhost", "elsewhere.example", "localhost.example"])
        ]
        for name in ["elsewhere.example", "localhost.example"] {
            #expect(try !Self.resumes(client, server, session, serverName: name), "\(name)")
        }
        // No name at all is another name, too.
        client.verification = .asksForVerdict
        let nameless = session.changed { $0.binding = client.binding(nil) }
        let loopback = try Loopback(client, server, serverName: nil, session: nameless)
        try loopback.run()
        #expect(try loopback.sentIdentities == 1 && loopback.isResumed == false)
        client.verification = .trustStore(try TestCredentials.trustStore())
        #expect(try Self.resumes(client, server, session, serverName: "LOCALHOST"))
    }

    @Test("B-23 F-09 a client offers no session for another server")
    func otherServer() throws {
        let (client, server, session) = try Self.connected(.sealed)
        let loopback = try Loopback(client, server, serverName: "elsewhere.example", session: session)
        _ = try? loopback.run()
        #expect(try loopback.sentIdentities == 0)
    }

    @Test("F-09 a session is resumed with its own hash only", arguments: Kind.allCases)
    func otherHash(_ kind: Kind) throws {
        var (client, server, session) = try Self.connected(kind)
        #expect(session.state.cipherSuite == .aes128GCMSHA256)
        server.cipherSuites = [.aes256GCMSHA384]
        let loopback = try ResumptionTests.connect(client, server, session)
        #expect(try loopback.sentIdentities == 1 && loopback.isResumed == false)
        client.cipherSuites = [.aes256GCMSHA384]
        #expect(try ResumptionTests.connect(client, server, session).sentIdentities == 0)
    }

    @Test("B-24 ticket_age_add is random in every bit, with tickets and with a store", arguments: Kind.allCases)
    func ageAdd(_ kind: Kind) throws {
        var (client, server) = try ResumptionTests.configurations(kind.resumption)
        client.ticketRequest = nil
        server.ticketCount = 32
        let ages = try ResumptionTests.connect(client, server).sessions.map(\.state.ticketAgeAdd)
        #expect(Set(ages).count == 32)
        // Each bit is set in one and clear in another: by chance it is not once in 2^26 runs.
        #expect(ages.reduce(0, |) == .max)
        #expect(ages.reduce(.max, &) == 0)
    }
}

/// A ticket as somebody makes it who has read how they are sealed.
private enum ForgedTicket {
    static func seal(_ state: SessionState, _ name: [UInt8], key: [UInt8]) throws -> [UInt8] {
        let salt = [UInt8](repeating: 3, count: 32)
        let schedule = ScheduleSecret(
            .sha256, salt: Secret(copying: salt.span), inputKeyingMaterial: Secret(copying: key.span))
        let header = Array("GHt1".utf8) + name + salt
        let nonce = schedule.expandLabel("ticket iv", context: [], count: AEADAlgorithm.nonceLength)
            .withSpan { [UInt8](copying: $0) }
        let sealed = try AEAD.seal(
            .aes256GCM, key: schedule.expandLabel("ticket key", context: [], count: 32),
            nonce: nonce.span, additionalData: header.span,
            plaintext: state.encoded().span)
        return header + sealed
    }
}

extension ClientSession {
    /// The same session with another ticket, or another idea of what it is good for.
    fileprivate func changed(
        ticket: [UInt8]? = nil, _ change: (inout SessionState) -> Void = { _ in }
    ) -> ClientSession {
        var state = state
        change(&state)
        return ClientSession(ticket: ticket ?? self.ticket, state: state)
    }
}
