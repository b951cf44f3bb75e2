extension SSLServer {
    /// The encrypted connections, each for one taker.
    ///
    /// ```swift
    /// try await withThrowingDiscardingTaskGroup { group in
    ///     for await connection in server.connections {
    ///         group.addTask {
    ///             try? await connection.executeThenClose { connection in
    ///                 for try await chunk in connection.inbound { try await connection.write(chunk) }
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// It takes from the queue of ``nextPendingConnection()`` and has none of its own: while nobody asks for the next
    /// one, the queue fills up to ``maxPendingConnections`` and the server stops accepting. It ends when the server is
    /// closed, or shut down to the last connection, and for a task that is cancelled. Whoever takes a connection closes
    /// it.
    ///
    /// It sets ``allowHalfClose``, so that a peer that has said all it has to say gets its answer. Connections that come
    /// before the first one is asked for have it when it is set before listening.
    public nonisolated var connections: Connections { Connections(server: self) }

    /// The encrypted connections of a server.
    public struct Connections: AsyncSequence, Sendable {
        let server: SSLServer

        /// An iterator. There may be several: each connection goes to one of them.
        public func makeAsyncIterator() -> Iterator { Iterator(server: server) }

        /// Takes connections from the queue.
        public struct Iterator: AsyncIteratorProtocol {
            let server: SSLServer

            /// The next connection; `nil` when none can come any more, or the task is cancelled.
            public mutating func next() async -> SSLConnection? {
                await server.takeConnection()
            }
        }
    }

    private func takeConnection() async -> SSLConnection? {
        allowHalfClose = true
        while !Task.isCancelled {
            if let socket = nextPendingConnection() {
                await socket.run { $0.allowHalfClose = true }
                return SSLConnection(socket)
            }
            if isClosed { return nil }
            await wait { $0.hasPendingConnections || $0.isClosed }
        }
        return nil
    }

    /// Suspends until the condition may hold, or the task is cancelled. The caller looks again.
    private func wait(until condition: (isolated SSLServer) -> Bool) async {
        let id = takers.nextID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                takers.add(id, continuation)
                // What changed the state or cancelled the task before this has found nobody to wake.
                if Task.isCancelled || condition(self) { takers.resume(id) }
            }
        } onCancel: {
            perform { $0.takers.resume(id) }
        }
    }

    /// Handles each connection in a task of its own, and closes it when its handler returns or throws. It returns when
    /// the server is closed or shut down and the last handler has returned; when the task is cancelled, after
    /// ``close()``, with the handlers cancelled too and their connections closed.
    ///
    /// ```swift
    /// try await server.listen(port: 4433)
    /// await server.serve { connection in
    ///     for try await chunk in connection.inbound { try await connection.write(chunk) }
    /// }
    /// ```
    ///
    /// To let the handlers finish what they do, call ``shutdown(gracePeriod:)`` from another task.
    ///
    /// - Parameters:
    ///   - limit: how many connections are handled at once. Those that come while there are as many wait in the queue.
    ///   - handlerFailed: hears what a handler has thrown; `CancellationError` after a cancellation.
    ///   - handler: what is done with a connection.
    public nonisolated func serve(
        atMost limit: Int = 4096,
        handlerFailed: @escaping @Sendable (_ connection: SSLConnection, _ error: any Error) -> Void = { _, _ in },
        _ handler: @escaping @Sendable (_ connection: SSLConnection) async throws -> Void
    ) async {
        await withTaskGroup { group in
            var running = 0
            for await connection in connections {
                group.addTask {
                    do {
                        try await connection.executeThenClose(handler)
                    } catch {
                        handlerFailed(connection, error)
                    }
                }
                running += 1
                if running >= limit {
                    await group.next()
                    running -= 1
                }
            }
            if Task.isCancelled { await close() }
        }
    }

    /// Keeps a listening server going, for a service lifecycle to own: it returns when the server is closed or shut
    /// down. When the task is cancelled, the server is shut down first, as by ``shutdown(gracePeriod:)``.
    ///
    /// ```swift
    /// struct EchoService: Service {
    ///     let server: SSLServer
    ///
    ///     func run() async throws {
    ///         try await server.listen(port: 4433)
    ///         try await cancelWhenGracefulShutdown { await server.run() }
    ///     }
    /// }
    /// ```
    public func run(gracePeriod: Duration = .seconds(30)) async {
        while !isClosed, !Task.isCancelled { await wait { $0.isClosed } }
        if !isClosed { await shutdown(gracePeriod: gracePeriod) }
    }
}
