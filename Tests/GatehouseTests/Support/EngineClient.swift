import GatehouseSystem
import GatehouseTLS

/// A client that drives the engine by hand over a blocking socket, to end connections in every way.
struct EngineClient: ~Copyable {
    let transport: BlockingClient
    private var connection: ClientConnection
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private(set) var received: [UInt8] = []

    init(to endpoint: Endpoint, _ configuration: ClientConfiguration = Fixture.engineClient()) throws {
        try self.init(on: BlockingClient(to: endpoint), configuration)
    }

    /// Begins a handshake on a connection that stands; `slowly` sends the ClientHello byte by byte.
    init(
        on transport: BlockingClient, _ configuration: ClientConfiguration = Fixture.engineClient(),
        slowly: Bool = false
    ) throws {
        var hello: [UInt8] = []
        let connection = try ClientConnection(
            configuration, serverName: "localhost", now: SystemClock.unixTime, output: &hello)
        for part in slowly ? hello.map({ [$0] }) : [hello] { try transport.send(part) }
        self.init(transport, connection)
    }

    private init(_ transport: BlockingClient, _ connection: consuming ClientConnection) {
        self.transport = transport
        self.connection = connection
    }

    /// Reads until something happens; `nil` at the end of the stream.
    private mutating func next() throws -> Event? {
        while true {
            var bytes = input
            input = []
            var position = 0
            let event = try receive(&bytes, &position)
            input = Array(bytes[position...])
            if let event {
                if case .applicationData(let range) = event { received += bytes[range] }
                return event
            }
            let more = try transport.receiveSome()
            if more.isEmpty { return nil }
            input += more
        }
    }

    private mutating func receive(_ bytes: inout [UInt8], _ position: inout Int) throws -> Event? {
        var span = bytes.mutableSpan
        return try connection.receive(&span, at: &position, output: &output)
    }

    /// Waits for the server's first bytes, and leaves them for later.
    mutating func awaitAnswer() throws {
        input += try transport.receiveSome()
    }

    /// Goes through the handshake.
    mutating func handshake() throws {
        try awaitServer()
        try flush()
    }

    private mutating func awaitServer() throws {
        while !connection.isEstablished {
            guard try next() != nil else { throw SystemError("do the handshake", code: 0) }
        }
    }

    /// Goes through the handshake; behind it, in the same write, come these bytes and `close_notify`.
    mutating func handshake(thenSending bytes: [UInt8]) throws {
        try awaitServer()
        try sendAndClose(bytes)
    }

    /// The bytes as they would go over the wire.
    mutating func sealed(_ bytes: [UInt8]) throws -> [UInt8] {
        var record: [UInt8] = []
        try connection.send(bytes.span, output: &record)
        return record
    }

    mutating func send(_ bytes: [UInt8]) throws {
        try connection.send(bytes.span, output: &output)
        try flush()
    }

    /// Sends several pieces, and `close_notify` behind them, in one write.
    mutating func sendAndClose(_ bytes: [UInt8]) throws {
        try connection.send(bytes.span, output: &output)
        connection.close(output: &output)
        try flush()
    }

    mutating func close() throws {
        connection.close(output: &output)
        try flush()
    }

    private mutating func flush() throws {
        try transport.send(output)
        output = []
    }

    /// Reads to the end of the stream; whether `close_notify` came before it.
    mutating func readToEnd() throws -> Bool {
        while let event = try next() {
            if case .closeNotify = event { return true }
        }
        return false
    }
}
