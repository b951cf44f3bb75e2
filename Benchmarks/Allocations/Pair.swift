import CAllocationCounter
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// How many allocations this thread makes while it runs `body`.
func countAllocations(_ body: () throws -> Void) rethrows -> Int {
    let before = allocation_count()
    try body()
    return Int(allocation_count() - before)
}

/// The two ends of a connection.
enum Role: String, CaseIterable {
    case client
    case server
}

/// What both roles' connections have in common.
protocol End: ~Copyable {
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
}

extension ClientConnection: End {}
extension ServerConnection: End {}

/// A client and a server in one thread, joined by arrays that keep their room.
final class Pair {
    /// Why the ends did not come together.
    enum Failure: Error {
        case notEstablished
        case lost(bytes: Int)
    }

    private var client: ClientConnection
    private var server: ServerConnection
    private var toServer: [UInt8] = []
    private var toClient: [UInt8] = []
    /// How many allocations each side made until the handshake was complete, destroyed values included.
    private(set) var handshakeAllocations: [Role: Int] = [:]
    /// The session of the server's ticket.
    private(set) var session: ClientSession?

    /// Connects the two.
    init(
        _ clientConfiguration: ClientConfiguration, _ serverConfiguration: ServerConfiguration,
        serverName: String?, session: ClientSession? = nil, now: Int64
    ) throws {
        var hello: [UInt8] = []
        let start = allocation_count()
        client = try ClientConnection(
            clientConfiguration, serverName: serverName, session: session, now: now, output: &hello)
        let middle = allocation_count()
        server = ServerConnection(serverConfiguration, now: now)
        var counts = [Role.client: Int(middle - start), .server: Int(allocation_count() - middle)]
        toServer = hello
        while !toServer.isEmpty || !toClient.isEmpty {
            counts[.server, default: 0] += try countAllocations {
                _ = try Self.receive(&self.toServer, by: &self.server, output: &self.toClient)
            }
            counts[.client, default: 0] += try countAllocations {
                self.session = try Self.receive(&self.toClient, by: &self.client, output: &self.toServer)
            }
        }
        handshakeAllocations = counts
        let isEstablished = (client.isEstablished, server.isEstablished)
        guard isEstablished == (true, true) else { throw Failure.notEstablished }
    }

    /// How many allocations one end makes to send `plaintext`, and the other to receive it.
    func allocations(
        sending plaintext: [UInt8], from role: Role
    ) throws -> (sending: Int, receiving: Int) {
        switch role {
        case .client:
            try Self.allocations(sending: plaintext, from: &client, through: &toServer, to: &server, &toClient)
        case .server:
            try Self.allocations(sending: plaintext, from: &server, through: &toClient, to: &client, &toServer)
        }
    }

    private static func allocations<Sender: End & ~Copyable, Receiver: End & ~Copyable>(
        sending plaintext: [UInt8], from sender: inout Sender, through wire: inout [UInt8],
        to receiver: inout Receiver, _ answers: inout [UInt8]
    ) throws -> (sending: Int, receiving: Int) {
        let start = allocation_count()
        try sender.send(plaintext.span, output: &wire)
        let middle = allocation_count()
        var received = 0
        var span = wire.mutableSpan
        var position = 0
        while let event = try receiver.receive(&span, at: &position, output: &answers) {
            if case .applicationData(let range) = event { received += range.count }
        }
        let end = allocation_count()
        wire.removeAll(keepingCapacity: true)
        guard received == plaintext.count else { throw Failure.lost(bytes: plaintext.count - received) }
        return (Int(middle - start), Int(end - middle))
    }

    /// Hands everything over; gives back the session of the last ticket that came.
    private static func receive<Receiver: End & ~Copyable>(
        _ wire: inout [UInt8], by receiver: inout Receiver, output: inout [UInt8]
    ) throws -> ClientSession? {
        var session: ClientSession?
        var span = wire.mutableSpan
        var position = 0
        while let event = try receiver.receive(&span, at: &position, output: &output) {
            if case .sessionTicket(let new) = event { session = new }
        }
        wire.removeAll(keepingCapacity: true)
        return session
    }
}
