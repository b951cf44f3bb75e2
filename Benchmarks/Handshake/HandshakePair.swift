import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// The two ends of a connection.
enum Side: String {
    case server
    case client
}

/// The processor time that each side used.
struct SideTimes {
    var server = Duration.zero
    var client = Duration.zero
}

/// A client and a server that do handshakes with each other, through arrays.
struct HandshakePair {
    /// Why a handshake did not come to its end.
    enum Failure: Error {
        case incomplete(Side)
    }

    private let client: ClientConfiguration
    private let server: ServerConfiguration
    private let time: Int64

    init(_ suite: CipherSuite, _ group: NamedGroup, _ identity: Identity) throws {
        var client = ClientConfiguration(verification: .trustStore(identity.trustStore))
        client.cipherSuites = [suite]
        client.groups = [group]
        try client.validate()
        var server = try ServerConfiguration(credentials: [identity.credential])
        server.cipherSuites = [suite]
        server.groups = [group]
        try server.validate()
        self.client = client
        self.server = server
        time = identity.time
    }

    /// One full handshake between new connections, from making them to their end.
    func run(_ times: inout SideTimes) throws {
        var toServer: [UInt8] = []
        var toClient: [UInt8] = []
        let start = SystemClock.threadProcessorTime

        // ClientHello
        var clientEnd = try ClientConnection(
            client, serverName: Identity.hostName, now: time, output: &toServer)
        let helloSent = SystemClock.threadProcessorTime

        // ServerHello to Finished
        var serverEnd = ServerConnection(server, now: time)
        try Self.deliver(&toServer) { (bytes, position) in
            while try serverEnd.receive(&bytes, at: &position, output: &toClient) != nil {}
        }
        let serverFlightSent = SystemClock.threadProcessorTime

        // the client's Finished
        try Self.deliver(&toClient) { (bytes, position) in
            while try clientEnd.receive(&bytes, at: &position, output: &toServer) != nil {}
        }
        guard clientEnd.isEstablished else { throw Failure.incomplete(.client) }
        _ = consume clientEnd
        let clientDone = SystemClock.threadProcessorTime

        try Self.deliver(&toServer) { (bytes, position) in
            while try serverEnd.receive(&bytes, at: &position, output: &toClient) != nil {}
        }
        guard serverEnd.isEstablished else { throw Failure.incomplete(.server) }
        _ = consume serverEnd
        let serverDone = SystemClock.threadProcessorTime

        times.client += helloSent - start + (clientDone - serverFlightSent)
        times.server += serverFlightSent - helloSent + (serverDone - clientDone)
    }

    /// Hands all of `bytes` over and empties it.
    private static func deliver(
        _ bytes: inout [UInt8], to receive: (inout MutableSpan<UInt8>, inout Int) throws -> Void
    ) throws {
        var arrived = bytes
        bytes = []
        var position = 0
        var span = arrived.mutableSpan
        try receive(&span, &position)
    }
}
