import Gatehouse
import GatehouseSystem

/// An ``EngineClient`` on a thread of its own: it may wait while tasks of the test serve it.
actor RemoteClient: LoopBound {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    nonisolated let transport: BlockingClient
    private var client: EngineClient

    /// Connects and does the handshake.
    init(to endpoint: Endpoint) throws {
        loop = try EventLoop()
        transport = try BlockingClient(to: endpoint)
        var client = try EngineClient(on: transport)
        try client.handshake()
        self.client = client
    }

    func send(_ bytes: [UInt8]) throws { try client.send(bytes) }
    func close() throws { try client.close() }
    func sendAndClose(_ bytes: [UInt8]) throws { try client.sendAndClose(bytes) }

    /// Reads to the end of the stream.
    ///
    /// - Returns: what has come, and whether `close_notify` stood at its end.
    func readToEnd() throws -> (received: [UInt8], isOrderly: Bool) {
        let isOrderly = try client.readToEnd()
        return (client.received, isOrderly)
    }
}
