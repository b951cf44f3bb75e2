import Gatehouse
import Testing

/// Two sockets of ours at the two ends of one encrypted connection, each on a loop of its own.
struct Pair {
    let server: SSLServer
    /// The server's end.
    let socket: SSLSocket
    let client: SSLSocket

    init(_ configuration: SSLConfiguration? = nil) async throws {
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        self.server = server
        client = try await SSLSocket.connected(to: endpoint)
        socket = try #require(await server.next())
    }

    func end() async {
        await client.abort()
        await socket.abort()
        await server.close()
    }
}
