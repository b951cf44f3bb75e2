import Gatehouse
import GatehouseTLS
import Synchronization
import Testing

/// A server that asks nobody in the handshake, and a client that may be asked later; both are encrypted.
struct Meeting {
    let server: SSLServer
    /// The server's end.
    let socket: SSLSocket
    let client: SSLSocket
    let serverRecorder: Recorder
    let recorder = Recorder()
    let clientRecorder = Recorder()

    init(
        _ mode: PeerVerifyMode = .verify, _ credential: Credential? = ClientIdentity.good,
        _ changeServer: (inout SSLConfiguration) -> Void = { _ in },
        client changeClient: (inout SSLConfiguration) -> Void = { _ in },
        prepare: @Sendable (isolated SSLServer) -> Void = { _ in }
    ) async throws {
        let (server, serverRecorder, endpoint) = try await SSLServer.listening(
            ClientIdentity.server(mode) {
                $0.postHandshakeAuthenticationEnabled = true
                changeServer(&$0)
            }, prepare)
        (self.server, self.serverRecorder) = (server, serverRecorder)
        let configuration = try ClientIdentity.client(credential) {
            $0.postHandshakeAuthenticationEnabled = true
            changeClient(&$0)
        }
        client = try await SSLSocket.connected(to: endpoint, configuration, recorder: clientRecorder)
        socket = try #require(await server.next())
        recorder.follow(socket)
        #expect(await socket.peerCertificate == nil)
    }

    /// Asks, and waits until that has come to something.
    func ask() async throws {
        try await socket.requestClientCertificate(timeout: nil)
        try await eventually { await !socket.isAwaitingCertificate }
    }

    /// What both ends told of a refusal, from the request on.
    func refusal() async throws -> (server: [String], client: [String]) {
        for end in [recorder, clientRecorder] {
            try await eventually { end.all.last?.hasPrefix("disconnected") == true }
        }
        return (recorder.all, clientRecorder.all.filter { $0.hasPrefix("alert") || $0.hasPrefix("error") })
    }

    /// Whether bytes go in both directions.
    func exchange() async throws {
        await client.write([1, 2])
        #expect(try await socket.receive(2) == [1, 2])
        await socket.write([3])
        #expect(try await client.receive(1) == [3])
    }

    func end() async {
        await client.abort()
        await socket.abort()
        await server.close()
    }
}

/// Requests for a credential that are answered when the test says so.
final class KeptRequests: Sendable {
    private let requests = Mutex<[CredentialRequest]>([])

    var count: Int { requests.withLock { $0.count } }

    func keep(_ request: CredentialRequest) { requests.withLock { $0.append(request) } }

    func answer(with credential: Credential) {
        for request in requests.withLock({ $0 }) { request.use(credential) }
        requests.withLock { $0 = [] }
    }
}
