import GatehouseSystem
import Synchronization

/// Connects to a server, runs `body` with the encrypted connection, and closes it: when `body` returns, when it throws,
/// and when the task is cancelled.
///
/// ```swift
/// let greeting = try await withConnection(to: "localhost", port: 4433, configuration: configuration) { connection in
///     try await connection.write("hello\n".utf8)
///     return try await connection.lines().first { _ in true }
/// }
/// ```
///
/// - Parameters:
///   - host: a name or a textual address. Its addresses are tried one after the other.
///   - port: the TCP port.
///   - configuration: a client's configuration.
///   - peerVerifyName: the name that the certificate must carry, if it is not `host`.
///   - handshakeTimeout: how long it may take from the look-up to the encrypted connection; `nil` for ever.
///   - loop: the loop of the connection. Those that name none share one.
///   - body: what is done with the connection.
/// - Returns: what `body` returns.
/// - Throws: ``SocketFailure`` when there is no connection; `CancellationError`; whatever `body` throws.
public nonisolated(nonsending) func withConnection<Result>(
    to host: String, port: UInt16, configuration: SSLConfiguration, peerVerifyName: String? = nil,
    handshakeTimeout: Duration? = .seconds(30), on loop: EventLoop? = nil,
    _ body: nonisolated(nonsending) (_ connection: SSLConnection) async throws -> Result
) async throws -> Result {
    let loop = try loop ?? SharedLoop.loop()
    let socket = try SSLSocket(configuration: configuration, on: loop, handshakeTimeout: handshakeTimeout)
    return try await SSLConnection(socket).executeThenClose { connection in
        try Task.checkCancellation()
        try await socket.run { socket throws(SocketFailure) in
            socket.allowHalfClose = true
            try socket.connectToHostEncrypted(host, port: port, peerVerifyName: peerVerifyName)
        }
        try await socket.waitUntilEncrypted()
        return try await body(connection)
    }
}

/// The loop of the connections that name none: it starts with the first and goes with the last.
private enum SharedLoop {
    private struct Holder {
        weak var loop: EventLoop?
    }

    private static let holder = Mutex(Holder())

    static func loop() throws(SocketFailure) -> EventLoop {
        do {
            return try holder.withLock { holder throws(SystemError) in
                if let loop = holder.loop { return loop }
                let loop = try EventLoop()
                holder.loop = loop
                return loop
            }
        } catch {
            throw SocketFailure(error)
        }
    }
}
