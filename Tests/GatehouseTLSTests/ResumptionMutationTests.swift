import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Resumption changed at random: binders, tickets, early data, exported sessions")
struct ResumptionMutationTests {
    private static func firstFlight(
        _ client: ClientConfiguration, _ session: ClientSession, earlyData: Bool
    ) throws -> [UInt8] {
        var output: [UInt8] = []
        var connection = try ClientConnection(
            client, serverName: "localhost", session: session, now: TestCredentials.now, output: &output)
        let data = EarlyDataTests.data
        if earlyData { try connection.sendEarlyData(data.span, output: &output) }
        return output
    }

    @Test("A hello that resumes: no changed one does")
    func hello() throws {
        var random = SeededGenerator(seed: 6)
        let (client, server) = try EarlyDataTests.configurations()
        let session = try EarlyDataTests.session(client, server)
        for _ in 0..<600 {
            let flight = try Self.firstFlight(client, session, earlyData: false)
            let hello = Array(flight.dropFirst(RecordHeader.length))
            let changed = MutationTests.mutateMessage(hello, &random)
            guard changed != hello else { continue }
            let subject = Subject(ServerConnection(server, now: TestCredentials.now))
            let error = subject.failure(receiving: ScriptedWriter.plaintext(.handshake, changed))
            if error != nil { #expect(!subject.output.isEmpty) }
            #expect(subject.connection.session?.isResumed != true, "a binder covers the whole hello")
        }
    }

    @Test("A flight with early data: what is taken is what was sent")
    func earlyData() throws {
        var random = SeededGenerator(seed: 7)
        let (client, server) = try EarlyDataTests.configurations()
        for _ in 0..<200 {
            let session = try EarlyDataTests.session(client, server)
            let flight = try Self.firstFlight(client, session, earlyData: true)
            let subject = Subject(ServerConnection(server, now: TestCredentials.now))
            let error = subject.failure(receiving: MutationTests.mutate(flight, &random))
            if let error { #expect(error.alert == nil || !subject.output.isEmpty) }
            #expect(subject.received.isEmpty)
        }
    }

    @Test("An exported session: a changed one is refused or at least does no harm")
    func exportedSession() throws {
        var random = SeededGenerator(seed: 8)
        let (client, server) = try EarlyDataTests.configurations()
        let exported = try EarlyDataTests.session(client, server).exported()
        var imported = 0
        for _ in 0..<500 {
            guard let session = try? ClientSession(importing: MutationTests.mutate(exported, &random)) else { continue }
            imported += 1
            guard let flight = try? Self.firstFlight(client, session, earlyData: false) else { continue }
            let subject = Subject(ServerConnection(server, now: TestCredentials.now))
            _ = subject.failure(receiving: flight)
        }
        #expect(imported < 500)
    }
}
