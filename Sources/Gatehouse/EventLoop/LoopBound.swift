/// An actor that lives on an event loop.
public protocol LoopBound: Actor {
    /// The loop that the actor's code runs on.
    nonisolated var loop: EventLoop { get }
}

extension LoopBound {
    /// Runs `body` isolated to the actor: at once when the caller is on its loop already, else as soon as the loop
    /// comes to it, in the order of the calls. In a slot of a server this reaches a socket whichever loop it lives on:
    ///
    /// ```swift
    /// socket.perform { socket in
    ///     socket.readyRead.connect { socket in socket.write(socket.readAll()) }
    /// }
    /// ```
    public nonisolated func perform(_ body: @escaping @Sendable (_ actor: isolated Self) -> Void) {
        if loop.isCurrent {
            assumeIsolated(body)
        } else {
            loop.post { self.assumeIsolated(body) }
        }
    }

    /// Runs `body` isolated to the actor and returns its result: several calls in one hop.
    ///
    /// ```swift
    /// await server.run { server in
    ///     server.handshakeTimeout = .seconds(2)
    ///     server.maxPendingConnections = 100
    /// }
    /// ```
    public func run<Result: Sendable, Failure: Error>(
        _ body: @Sendable (_ actor: isolated Self) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(self)
    }
}
