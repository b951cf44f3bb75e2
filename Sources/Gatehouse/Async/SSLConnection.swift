public import GatehouseSystem

/// An encrypted connection with `async` reading and writing: a view of an ``SSLSocket``, which stands beside its
/// signals.
///
/// ```swift
/// try await withConnection(to: "example.org", port: 443, configuration: configuration) { connection in
///     try await connection.write("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n".utf8)
///     for try await line in connection.lines() { print(line) }
/// }
/// ```
///
/// Each operation that waits throws `CancellationError` when its task is cancelled, and ``SocketFailure`` when the
/// connection has ended: its ``SocketFailure/ending`` tells how.
public struct SSLConnection: Sendable {
    /// The socket: its settings, what was negotiated, and its signals.
    public let socket: SSLSocket

    /// A view of a socket that is or will be connected.
    public init(_ socket: SSLSocket) {
        self.socket = socket
    }

    /// The peer's address and port; they stay readable after the end.
    public var peerEndpoint: Endpoint? { socket.peerEndpoint }

    /// Writes bytes, all of them: it suspends while more than ``SSLSocket/writeBufferSize`` bytes wait to be sent, and
    /// returns when the last is taken. Several tasks may write; the bytes of one call stay together.
    ///
    /// - Throws: `CancellationError`, with some of the bytes taken already; ``SocketFailure`` when the connection has
    ///   ended, or our side of it.
    public func write(_ bytes: some Collection<UInt8> & Sendable) async throws {
        try await socket.writeAll(bytes)
    }

    /// Asks a server's client for a certificate, after the handshake, and waits for the answer: the async face of
    /// ``SSLSocket/requestClientCertificate(timeout:)``, which has the details.
    ///
    /// ```swift
    /// guard try await connection.requestClientCertificate() == .shown else { return }
    /// let user = await connection.socket.peerCertificate
    /// ```
    ///
    /// - Returns: whether the client has shown a certificate.
    /// - Throws: `CancellationError`, the request being out; ``SocketFailure`` when the client cannot be asked, when its
    ///   certificate is refused, when it takes too long, and when the connection has ended.
    @discardableResult
    public func requestClientCertificate(
        timeout: Duration? = .seconds(30)
    ) async throws -> CertificateRequestAnswer {
        try await socket.awaitClientCertificate(timeout: timeout)
    }

    /// Ends our side: what was written goes out, then `close_notify` (RFC 9846 §6.1). What the peer sends can still be
    /// read.
    public func finishWriting() async {
        await socket.closeWriteChannel()
    }

    /// Ends the connection gracefully: what was written goes out, then `close_notify`, then TCP ends. It returns when
    /// that has happened; in a cancelled task at once, and the rest happens by itself. A peer that does not take what
    /// is left gets 30 seconds for each 16 KiB.
    public func close() async {
        await socket.closeAndWait()
    }

    /// Ends the connection at once. What was not sent is lost, and the peer sees a truncated stream.
    public func abort() async {
        await socket.abort()
    }

    /// Runs `body`, then closes the connection: when it returns, when it throws, and when it is cancelled.
    ///
    /// ```swift
    /// for await connection in server.connections {
    ///     try await connection.executeThenClose { connection in
    ///         try await connection.write("the time is \(ContinuousClock.now)\n".utf8)
    ///     }
    /// }
    /// ```
    public nonisolated(nonsending) func executeThenClose<Result>(
        _ body: nonisolated(nonsending) (_ connection: SSLConnection) async throws -> Result
    ) async rethrows -> Result {
        do {
            let result = try await body(self)
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }
}
