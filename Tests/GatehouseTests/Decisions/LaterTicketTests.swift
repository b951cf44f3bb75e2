import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

/// Tickets that the application makes and opens.
@Suite("G-6, G-19, F-09 tickets of the application's", .onOwnThreads, .patient) struct LaterTicketTests {
    /// Sessions under random names.
    private final class Vault: Sendable {
        private let sessions = Mutex<[[UInt8]: [UInt8]]>([:])

        var count: Int { sessions.withLock { $0.count } }

        func keep(_ session: [UInt8]) -> [UInt8] {
            let name = SystemRandomness.bytes(16)
            sessions.withLock { $0[name] = session }
            return name
        }

        func find(_ ticket: [UInt8]) -> [UInt8]? { sessions.withLock { $0[ticket] } }
    }

    private static func server() throws -> SSLConfiguration {
        var configuration = try Fixture.server()
        configuration.sessionResumption = .asksForTickets
        return configuration
    }

    /// Connects, and takes a byte of the server's, which comes behind the tickets.
    private func visit(
        _ server: SSLServer, _ endpoint: Endpoint, resuming session: SSLSession? = nil
    ) async throws -> (isResumed: Bool, session: SSLSession?) {
        var configuration = try Fixture.client()
        configuration.sessionTicket = session
        let client = try await SSLSocket.connected(to: endpoint, configuration)
        let socket = try #require(await server.next())
        await socket.write([1])
        _ = try await client.receive(1)
        let isResumed = await client.isSessionResumed
        #expect(await socket.isSessionResumed == isResumed)
        let next = await client.sessionTicket
        await client.abort()
        return (isResumed, next)
    }

    @Test("made and opened in the slot or later, on one loop and on two", arguments: [false, true], [1, 2])
    func answered(isLater: Bool, threads: Int) async throws {
        let vault = Vault()
        let (server, recorder, endpoint) = try await SSLServer.listening(Self.server(), threads: threads) { server in
            // On a busy machine an answer that comes later may come late.
            server.handshakeTimeout = nil
            server.ticketSealingRequired.connect { _, _, sealing in
                #expect(sealing.sessions.count == 2)
                let seal: @Sendable () -> Void = { sealing.supply(sealing.sessions.map(vault.keep)) }
                guard isLater else { return seal() }
                Task.detached {
                    try await Task.sleep(for: .milliseconds(20))
                    seal()
                }
            }
            server.ticketOpeningRequired.connect { _, _, opening in
                #expect(opening.tickets.count == 1)
                let open: @Sendable () -> Void = { opening.supply(opening.tickets.map(vault.find)) }
                guard isLater else { return open() }
                Task.detached {
                    try await Task.sleep(for: .milliseconds(20))
                    open()
                }
            }
        }
        var session: SSLSession?
        for number in 0..<3 {
            let visit = try await visit(server, endpoint, resuming: session)
            #expect(visit.isResumed == (number > 0))
            session = visit.session
            #expect(session != nil)
        }
        #expect(vault.count == 6)
        #expect(!recorder.all.contains { $0.hasPrefix("error") })
        await server.close()
    }

    @Test("nobody answers, or with nothing of use: no tickets, and full handshakes")
    func useless() async throws {
        let vault = Vault()
        let tickets: [[[UInt8]?]?] = [nil, [], [nil, nil], [[], [UInt8](repeating: 1, count: 4097)]]
        for answer in tickets {
            let (server, _, endpoint) = try await SSLServer.listening(Self.server()) { server in
                server.ticketSealingRequired.connect { _, _, sealing in
                    if let answer { sealing.supply(answer) }
                }
            }
            #expect(try await visit(server, endpoint).session == nil)
            await server.close()
        }
        let sessions: [[[UInt8]?]?] = [nil, [], [nil], [[]], [[1, 2, 3]], [nil, [1], [2]]]
        for answer in sessions {
            let (server, recorder, endpoint) = try await SSLServer.listening(Self.server()) { server in
                server.ticketSealingRequired.connect { _, _, sealing in
                    sealing.supply(sealing.sessions.map(vault.keep))
                }
                server.ticketOpeningRequired.connect { _, _, opening in
                    if let answer { opening.supply(answer) }
                }
            }
            let first = try await visit(server, endpoint)
            let second = try await visit(server, endpoint, resuming: first.session)
            #expect(first.session != nil && !second.isResumed && second.session != nil)
            #expect(!recorder.all.contains { $0.hasPrefix("error") })
            await server.close()
        }
    }

    @Test("the handshake's time goes on while an answer is out")
    func never() async throws {
        let kept = Mutex<[TicketSealing]>([])
        let (server, recorder, endpoint) = try await SSLServer.listening(Self.server()) { server in
            server.handshakeTimeout = .milliseconds(100)
            server.ticketSealingRequired.connect { _, _, sealing in kept.withLock { $0.append(sealing) } }
        }
        let client = try await SSLSocket.connecting(to: endpoint)
        try await eventually { recorder.all.contains("error socketTimeout") }
        // Too late is a no-op.
        for sealing in kept.withLock({ $0 }) { sealing.supply([[1]]) }
        try await eventually { await client.state == .unconnected }
        await server.close()
    }
}
