import GatehouseTLS

/// A client and a server joined by two byte arrays, driven until both are quiet.
final class Loopback {
    var client: ClientConnection
    var server: ServerConnection
    var toServer: [UInt8] = []
    var toClient: [UInt8] = []
    var clientEvents: [Event] = []
    var serverEvents: [Event] = []
    var clientReceived: [UInt8] = []
    var serverReceived: [UInt8] = []
    /// How many bytes are handed over at a time.
    var step = Int.max

    init(
        _ clientConfiguration: ClientConfiguration, _ serverConfiguration: ServerConfiguration,
        serverName: String? = "localhost", now: Int64 = TestCredentials.now
    ) throws {
        var hello: [UInt8] = []
        client = try ClientConnection(clientConfiguration, serverName: serverName, now: now, output: &hello)
        server = ServerConnection(serverConfiguration, now: now)
        toServer = hello
    }

    /// Whether the handshake is complete on both sides.
    var isEstablished: Bool {
        let (client, server) = (client.isEstablished, server.isEstablished)
        return client && server
    }

    /// Hands bytes over in both directions until nothing moves. Stops at the first error.
    func run() throws(TLSError) {
        var serverBuffer: [UInt8] = []
        var clientBuffer: [UInt8] = []
        while !toServer.isEmpty || !toClient.isEmpty {
            let serverCount = min(step, toServer.count)
            serverBuffer += toServer.prefix(serverCount)
            toServer.removeFirst(serverCount)
            try deliverToServer(&serverBuffer)
            let clientCount = min(step, toClient.count)
            clientBuffer += toClient.prefix(clientCount)
            toClient.removeFirst(clientCount)
            try deliverToClient(&clientBuffer)
        }
    }

    func deliverToServer(_ buffer: inout [UInt8]) throws(TLSError) {
        var position = 0
        defer { buffer.removeFirst(position) }
        while true {
            var span = buffer.mutableSpan
            guard let event = try server.receive(&span, at: &position, output: &toClient) else { return }
            if case .applicationData(let range) = event { serverReceived += buffer[range] }
            serverEvents.append(event)
        }
    }

    func deliverToClient(_ buffer: inout [UInt8]) throws(TLSError) {
        var position = 0
        defer { buffer.removeFirst(position) }
        while true {
            var span = buffer.mutableSpan
            guard let event = try client.receive(&span, at: &position, output: &toServer) else { return }
            if case .applicationData(let range) = event { clientReceived += buffer[range] }
            clientEvents.append(event)
        }
    }
}
