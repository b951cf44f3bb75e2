import Gatehouse
import GatehouseSystem
import GatehouseTLS

/// A client's attempt to connect, up to where the server has queued it or given it up.
struct Attempt {
    let server: SSLServer
    let client: SSLSocket
    /// What the server told.
    let events: [String]
    private let clientRecorder: Recorder

    /// - Parameter prepare: connects the slots that decide.
    init(
        _ serverConfiguration: SSLConfiguration, _ clientConfiguration: SSLConfiguration, threads: Int = 1,
        _ prepare: @Sendable (isolated SSLServer) -> Void = { _ in }
    ) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(
            serverConfiguration, threads: threads, prepare)
        let clientRecorder = Recorder()
        let client = try await SSLSocket.connecting(to: endpoint, clientConfiguration, recorder: clientRecorder)
        try await eventually { recorder.all.contains { $0 == "pending" || $0.hasPrefix("error ") } }
        // With several threads, what one loop tells overtakes what another does; the end has been told, so all has.
        (self.server, self.client, self.clientRecorder) = (server, client, clientRecorder)
        events = recorder.all
        try await eventually { await server.statistics.inFlight == 0 }
    }

    /// Whether the server has let the client in.
    var isAccepted: Bool { events.last == "pending" }

    /// What the server told of the handshake, between its beginning and its end.
    var story: [String] { Array(events.dropFirst(2)) }

    /// The connection as the server has it.
    func socket() async -> SSLSocket? { await server.next() }

    /// What the client saw at last.
    func clientEnd() async throws -> [String] {
        try await eventually { [clientRecorder] in clientRecorder.all.contains { $0.hasPrefix("disconnected") } }
        return clientRecorder.all
    }

    func end() async {
        await client.abort()
        await server.close()
    }
}
