@testable import GatehouseTLS

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
    var serverEarlyData: [UInt8] = []
    /// What has arrived and has not been consumed.
    private var serverBuffer: [UInt8] = []
    private var clientBuffer: [UInt8] = []
    /// Answers what a side needs, within the call; `nil`: the test answers later, if at all.
    var serverDecision: (Need) -> Decision? = { _ in nil }
    var clientDecision: (Need) -> Decision? = { _ in nil }
    /// What the client sent first.
    private let firstFlight: [UInt8]
    /// How many bytes are handed over at a time.
    var step = Int.max

    init(
        _ clientConfiguration: ClientConfiguration, _ serverConfiguration: ServerConfiguration,
        serverName: String? = "localhost", session: ClientSession? = nil, now: Int64 = TestCredentials.now,
        serverNow: Int64? = nil
    ) throws {
        var hello: [UInt8] = []
        client = try ClientConnection(
            clientConfiguration, serverName: serverName, session: session, now: now, output: &hello)
        server = ServerConnection(serverConfiguration, now: serverNow ?? now)
        toServer = hello
        firstFlight = hello
    }

    /// How many pre-shared keys the client's first hello offers.
    var sentIdentities: Int {
        get throws {
            let bytes = firstFlight
            let header = RecordHeader(bytes.span, at: 0)
            let message = bytes.dropFirst(RecordHeader.length).prefix(header?.bodyLength ?? 0)
            return try ReceivedMessage(Array(message)).decode(as: ClientHello.self).preSharedKeys?.identities.count ?? 0
        }
    }

    /// Whether the handshake is complete on both sides.
    var isEstablished: Bool {
        let (client, server) = (client.isEstablished, server.isEstablished)
        return client && server
    }

    /// Whether the session is resumed; both sides must say the same, and `nil` is neither.
    var isResumed: Bool? {
        let (client, server) = (client.session?.isResumed, server.session?.isResumed)
        return client == server ? client : nil
    }

    var serverSession: NegotiatedSession? { server.session }
    var clientSession: NegotiatedSession? { client.session }

    /// What the client's tickets made.
    var sessions: [ClientSession] {
        clientEvents.compactMap { if case .sessionTicket(let session) = $0 { session } else { nil } }
    }

    /// Hands bytes over in both directions until nothing moves. Stops at the first error.
    func run() throws(TLSError) {
        // At least once: after a decision there may be messages to handle that have long arrived.
        repeat {
            let serverCount = min(step, toServer.count)
            serverBuffer += toServer.prefix(serverCount)
            toServer.removeFirst(serverCount)
            try deliverToServer(&serverBuffer)
            let clientCount = min(step, toClient.count)
            clientBuffer += toClient.prefix(clientCount)
            toClient.removeFirst(clientCount)
            try deliverToClient(&clientBuffer)
        } while !toServer.isEmpty || !toClient.isEmpty
    }

    func deliverToServer(_ buffer: inout [UInt8]) throws(TLSError) {
        var position = 0
        defer { buffer.removeFirst(position) }
        while true {
            var span = buffer.mutableSpan
            guard let event = try server.receive(&span, at: &position, output: &toClient) else { return }
            if case .applicationData(let range) = event { serverReceived += buffer[range] }
            if case .earlyData(let range) = event { serverEarlyData += buffer[range] }
            serverEvents.append(event)
            if case .needs(let need) = event, let decision = serverDecision(need) {
                try server.resume(with: decision, output: &toClient)
            }
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
            if case .needs(let need) = event, let decision = clientDecision(need) {
                try client.resume(with: decision, output: &toServer)
            }
        }
    }
}
