import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("What tickets say besides: flags, other names, GREASE")
struct ResumptionAcrossNamesTests {
    private static func configurations() throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        server.credentials = [try TestCredentials.server(.p256, names: ["a.example", "b.example"])]
        server.resumesAcrossNames = true
        client.ticketRequest = (1, 1)
        return (client, server)
    }

    private static func session(
        _ client: ClientConfiguration, _ server: ServerConfiguration
    ) throws -> ClientSession {
        let sessions = try ResumptionTests.connect(client, server, serverName: "a.example").sessions
        return try ClientSession(importing: try #require(sessions.first).exported())
    }

    @Test("F-09 a session is resumed under another name of the certificate when the server says so")
    func otherName() throws {
        let (client, server) = try Self.configurations()
        let session = try Self.session(client, server)
        #expect(session.isResumableAcrossNames)
        for name in ["a.example", "b.example"] {
            let loopback = try ResumptionTests.connect(client, server, session, serverName: name)
            #expect(loopback.isResumed == true)
            #expect(loopback.sessions.first?.isResumableAcrossNames == true)
        }
    }

    @Test("B-23 it is not offered under a name that the certificate has not, nor to nobody in particular")
    func foreignName() throws {
        var (client, server) = try Self.configurations()
        let session = try Self.session(client, server)
        #expect(try Loopback(client, server, serverName: "c.example", session: session).sentIdentities == 0)
        client.verification = .dangerouslyAcceptAnyCertificate
        #expect(try Loopback(client, server, serverName: nil, session: session).sentIdentities == 0)
    }

    @Test("B-23 without the flag a session stays with its name, on both sides")
    func withoutFlag() throws {
        var (client, server) = try Self.configurations()
        let early = try Self.session(client, server)
        server.resumesAcrossNames = false
        let session = try Self.session(client, server)
        #expect(!session.isResumableAcrossNames)
        let loopback = try ResumptionTests.connect(client, server, session, serverName: "b.example")
        #expect(try loopback.sentIdentities == 0)
        // What was promised under other settings is offered, and not taken.
        let other = try ResumptionTests.connect(client, server, early, serverName: "b.example")
        #expect(try other.sentIdentities == 1 && other.isResumed == false)
        client.trustGeneration += 1
        #expect(try Loopback(client, server, serverName: "b.example", session: early).sentIdentities == 0)
    }

    @Test(
        "F-09 of the flags that a client does not know none counts",
        arguments: [[1], [31], [100], [2039], [1, 31, 100, 2039]] as [Set<Int>])
    func unknownFlags(flags: Set<Int>) throws {
        for isKnown in [false, true] {
            let (client, server) = try ClientStage.connected.start()
            var ticket = NewSessionTicket(ticketLifetime: 1, ticketAgeAdd: 1, ticketNonce: [], ticket: [1])
            ticket.extensions.order = [.tlsFlags]
            ticket.flags = TicketFlags(isKnown ? flags.union([TicketFlags.resumptionAcrossNames]) : flags)
            try client.receive(try server.record(.handshake, ticket.encoded()))
            let read = try ReceivedMessage(ticket.encoded()).decode(as: NewSessionTicket.self)
            #expect(read.flags == ticket.flags)
            #expect(read.flags?.contains(TicketFlags.resumptionAcrossNames) == isKnown)
        }
    }

    @Test("B-46 flags without a byte are decode_error, with a last byte of zero illegal_parameter")
    func malformedFlags() throws {
        let rows: [([UInt8], TLSError, AlertDescription)] = [
            ([0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
            ([], .invalidMessage(.truncated), .decodeError),
            ([1], .invalidMessage(.truncated), .decodeError),
            ([1, 1, 1], .invalidMessage(.trailingBytes), .decodeError),
            ([1, 0], .invalidMessage(.illegalValue), .illegalParameter),
            ([3, 0, 1, 0], .invalidMessage(.illegalValue), .illegalParameter),
        ]
        for (body, error, alert) in rows {
            let (client, server) = try ClientStage.connected.start()
            var ticket = NewSessionTicket(ticketLifetime: 1, ticketAgeAdd: 1, ticketNonce: [], ticket: [1])
            ticket.extensions.order = [.tlsFlags]
            ticket.extensions.unrecognized[.tlsFlags] = body
            try expectFailure(
                of: client, server, receiving: try server.record(.handshake, ticket.encoded()), error, alert)
        }
    }

    @Test("F-20 a server that sends GREASE puts an extension without meaning into its tickets")
    func grease() throws {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        server.sendsGREASE = true
        client.ticketRequest = (32, 1)
        server.ticketCount = Limits.tickets
        let loopback = try ResumptionTests.connect(client, server)
        #expect(loopback.sessions.count == 32)
        var types: Set<UInt16> = []
        for _ in 0..<100 {
            var block = ExtensionBlock()
            GREASE.add(to: &block)
            let type = try #require(block.order.first)
            #expect(block.order == [type] && block.unrecognized[type] != nil && type.contexts == nil)
            #expect(type.rawValue & 0x0F0F == 0x0A0A && type.rawValue >> 8 == type.rawValue & 0xFF)
            types.insert(type.rawValue)
        }
        #expect(types.count > 1)
    }

    @Test("B-07 a server gives no more tickets, and a client asks for no more, than a client takes at once")
    func boundOfTickets() throws {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        client.ticketRequest = nil
        server.ticketCount = Limits.tickets
        try server.validate()
        let loopback = try ResumptionTests.connect(client, server)
        #expect(loopback.sessions.count == Limits.tickets)
        for count in [-1, Limits.tickets + 1] {
            server.ticketCount = count
            #expect(throws: ConfigurationError.invalidTicketSettings) { try server.validate() }
        }
        let most = UInt8(Limits.tickets)
        client.ticketRequest = (most, most)
        try client.validate()
        for request in [(most + 1, 0), (0, most + 1)] as [(UInt8, UInt8)] {
            client.ticketRequest = request
            #expect(throws: ConfigurationError.invalidTicketSettings) { try client.validate() }
        }
    }
}
