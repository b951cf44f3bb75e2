import GatehouseCrypto
import Synchronization
import Testing

@testable import GatehouseTLS

@Suite("Replays of early data")
struct ReplayTests {
    /// How often each attack is made.
    private static let attempts = 10_000
    private static let attemptsAfterRestart = 1_000

    /// How often the servers of `threads` threads, which share what `server` holds, take early data: each gets its part
    /// of the attempts, one flight a connection.
    private static func acceptances(
        of attempts: Int, threads: Int, _ server: ServerConfiguration,
        _ flight: @escaping @Sendable () throws -> [UInt8]
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    var accepted = 0
                    for _ in 0..<attempts / threads where try takesEarlyData(server, flight()) { accepted += 1 }
                    return accepted
                }
            }
            return try await group.reduce(0, +)
        }
    }

    /// Whether a new connection takes the early data of `flight`. The handshake goes on in any case, and resumes.
    private static func takesEarlyData(_ server: ServerConfiguration, _ flight: [UInt8]) throws -> Bool {
        var (bytes, position, output) = (flight, 0, [UInt8]())
        var connection = ServerConnection(server, now: TestCredentials.now)
        var span = bytes.mutableSpan
        var early = 0
        while let event = try connection.receive(&span, at: &position, output: &output) {
            if case .earlyData(let range) = event { early += range.count }
        }
        let session = connection.session
        guard position == flight.count, session?.isResumed == true else { throw NotResumed() }
        guard session?.isEarlyDataAccepted == (early > 0) else { throw NotResumed() }
        return early > 0
    }

    private struct NotResumed: Error {}

    private static func flight(_ client: ClientConfiguration, _ session: ClientSession) throws -> [UInt8] {
        var output: [UInt8] = []
        var connection = try ClientConnection(
            client, serverName: "localhost", session: session, now: TestCredentials.now, output: &output)
        try connection.sendEarlyData([1, 2, 3].span, output: &output)
        return output
    }

    @Test("F-11 of 10,000 replays of a hello, in two threads and after a restart, none has its early data taken")
    func sameHello() async throws {
        var (client, server) = try EarlyDataTests.configurations()
        client.groups = [.x25519]
        let flight = try Self.flight(client, try EarlyDataTests.session(client, server))
        // The first to arrive is the client's own.
        #expect(try await Self.acceptances(of: Self.attempts, threads: 2, server) { flight } == 1)
        server.restart()
        #expect(try await Self.acceptances(of: Self.attemptsAfterRestart, threads: 2, server) { flight } == 0)
    }

    @Test("F-11 of 10,000 new hellos with a used ticket, in two threads and after a restart, none has its data taken")
    func usedTicket() async throws {
        var (client, server) = try EarlyDataTests.configurations()
        client.groups = [.x25519]
        (client.sendsGREASE, client.shufflesExtensions) = (false, false)
        let session = try EarlyDataTests.session(client, server)
        let flight = { @Sendable [client] in try Self.flight(client, session) }
        #expect(try Self.takesEarlyData(server, flight()))
        #expect(try await Self.acceptances(of: Self.attempts, threads: 2, server, flight) == 0)
        server.restart()
        #expect(try await Self.acceptances(of: Self.attemptsAfterRestart, threads: 2, server, flight) == 0)
    }

    @Test("F-11 after a restart no earlier ticket is good for early data, used or not; later ones are")
    func earlierTickets() async throws {
        var (client, server) = try EarlyDataTests.configurations()
        client.ticketRequest = (4, 4)
        server.ticketCount = 4
        let sessions = try ResumptionTests.connect(client, server).sessions
        #expect(sessions.count == 4)
        #expect(try Self.takesEarlyData(server, Self.flight(client, sessions[0])))
        server.restart()
        for session in sessions {
            #expect(try !Self.takesEarlyData(server, Self.flight(client, session)))
        }
        let later = try EarlyDataTests.session(client, server)
        #expect(try Self.takesEarlyData(server, Self.flight(client, later)))
        #expect(try !Self.takesEarlyData(server, Self.flight(client, later)))
    }

    @Test("F-11 a shared guard that outlives a restart still knows what was used, and lets the rest in once")
    func sharedGuard() async throws {
        let shared = SharedGuard()
        var (client, server) = try EarlyDataTests.configurations(replayGuard: shared)
        client.ticketRequest = (2, 2)
        let sessions = try ResumptionTests.connect(client, server).sessions
        #expect(try Self.takesEarlyData(server, Self.flight(client, sessions[0])))
        server.earlyData = EarlyDataPolicy(maximumSize: 1000, replayGuard: shared.afterRestart())
        #expect(try !Self.takesEarlyData(server, Self.flight(client, sessions[0])))
        let flight = { @Sendable [client] in try Self.flight(client, sessions[1]) }
        #expect(try await Self.acceptances(of: 100, threads: 2, server, flight) == 1)
        // A store that cannot be reached: no early data, and the handshake goes on.
        let third = try EarlyDataTests.session(client, server)
        shared.fail()
        #expect(try !Self.takesEarlyData(server, Self.flight(client, third)))
    }

    @Test("F-11 a stored session is used up by its first connection, with its early data")
    func storedSession() async throws {
        var (client, server) = try EarlyDataTests.configurations()
        client.groups = [.x25519]
        server.resumption = .store(SessionStore(capacity: 10))
        let session = try EarlyDataTests.session(client, server)
        let flight = try Self.flight(client, session)
        #expect(try Self.takesEarlyData(server, flight))
        #expect(throws: NotResumed.self) { try Self.takesEarlyData(server, flight) }
    }
}

/// A guard whose memory lies elsewhere: several servers share it, and it outlives them.
private final class SharedGuard: ReplayGuard {
    private final class Memory: Sendable {
        let used = Mutex<Set<[UInt8]>>([])
        let isReachable = Mutex(true)
    }

    let id: [UInt8] = Array("shared memory".utf8)
    private let memory: Memory

    init() {
        memory = Memory()
    }

    private init(_ memory: Memory) {
        self.memory = memory
    }

    func recordFirstUse(of ticketID: [UInt8], until _: Int64, now _: Int64) -> Bool {
        guard memory.isReachable.withLock({ $0 }) else { return false }
        return memory.used.withLock { $0.insert(ticketID).inserted }
    }

    /// The guard of the server's next life.
    func afterRestart() -> SharedGuard {
        SharedGuard(memory)
    }

    func fail() {
        memory.isReachable.withLock { $0 = false }
    }
}

extension ServerConfiguration {
    /// What a server that comes up again has: the same ticket keys, and a guard that remembers nothing.
    fileprivate mutating func restart() {
        earlyData = EarlyDataPolicy(maximumSize: 1000, replayGuard: InMemoryReplayGuard())
    }
}
