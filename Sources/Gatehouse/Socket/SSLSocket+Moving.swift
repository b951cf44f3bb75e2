import GatehouseSystem

extension SSLSocket {
    /// Hands the connection to another loop: to spread work, or to join two connections on one loop.
    ///
    /// The connection gets a new socket, which lives there with the keys, the descriptor, the settings and every byte
    /// that was received and not read, or written and not sent. This socket is left behind: it is unconnected, and its
    /// slots are dropped without ``disconnected``. A server's statistics, its shutdown and its end go on counting the
    /// connection.
    ///
    /// ```swift
    /// server.pendingConnectionAvailable.connect { server in
    ///     while let socket = server.nextPendingConnection() {
    ///         socket.perform { socket in
    ///             _ = try? socket.move(to: worker) { socket in
    ///                 socket.readyRead.connect { $0.write($0.readAll()) }
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - other: the loop to live on from now on. It may be one of a server's loops: another socket's ``loop``.
    ///   - prepare: runs there before anything else happens to the connection: the place to connect slots. What had
    ///     come and was not read by then is told by ``readyRead``.
    /// - Returns: the new socket.
    /// - Throws: `SocketFailure` unless the connection is encrypted and not closing, and while a client is asked for a
    ///   certificate.
    @discardableResult
    public func move(
        to other: EventLoop, _ prepare: @escaping @Sendable (_ socket: isolated SSLSocket) -> Void = { _ in }
    ) throws(SocketFailure) -> SSLSocket {
        guard isEncrypted, hasAnnouncedEncryption, closing == nil else {
            throw SocketFailure(.operation, "only an encrypted connection can move")
        }
        guard !isAwaitingCertificate, !isPausedForDecision else {
            throw SocketFailure(.operation, "a connection whose client is asked for a certificate cannot move")
        }
        if let watch { loop.unwatch(watch) }
        let moved = SSLSocket(takingOver: self, on: other)
        supervisor?.connectionMoved(to: moved)
        supervisor = nil
        leaveBehind()
        moved.perform { socket in
            prepare(socket)
            socket.settle()
        }
        return moved
    }

    /// Nothing of the connection is left here.
    private func leaveBehind() {
        stopDeadlines()
        watch = nil
        forgetConnection()
        phase = .ended
        notices = []
        noticesTold = 0
        dropSlots()
        resumeWaits()
    }

    /// The first moments on a new loop.
    private func settle() {
        let isToldAnyway = notices.contains { if case .readyRead = $0 { true } else { false } }
        if !inbox.isEmpty && !isToldAnyway { notices.insert(.readyRead, at: 0) }
        startIdleDeadline()
        flush()
    }
}
