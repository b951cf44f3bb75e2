public import GatehouseSystem
import Synchronization

// MARK: - Listening

extension SSLServer {
    /// Begins to accept connections over TCP.
    ///
    /// - Parameters:
    ///   - address: `.any` takes IPv4 and IPv6, `.anyIPv4` and `.anyIPv6` only one of them.
    ///   - port: 0 lets the system choose; ``serverPort`` tells.
    /// - Throws: `SocketFailure`; ``serverError`` and ``errorString`` keep it.
    public func listen(address: HostAddress = .any, port: UInt16 = 0) throws(SocketFailure) {
        try listen { () throws(SystemError) in
            let endpoint = Endpoint(address: address, port: port)
            return Listener(try StreamSocket.listen(on: endpoint, backlog: listenBacklogSize), ownsFile: false)
        }
    }

    /// Begins to accept connections over a Unix socket. The file goes when listening ends; one that an earlier process
    /// has left behind is replaced.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes.
    ///   - permissions: the mode of the file; who may write to it may connect.
    /// - Throws: `SocketFailure`; ``serverError`` and ``errorString`` keep it.
    public func listen(unixSocket path: String, permissions: UInt32 = 0o600) throws(SocketFailure) {
        try listen { () throws(SystemError) in
            let backlog = listenBacklogSize
            return Listener(
                try StreamSocket.listen(unixPath: path, permissions: permissions, backlog: backlog), ownsFile: true)
        }
    }

    /// Begins to accept connections on a socket that listens already, of TCP or of the Unix family: one from
    /// ``SocketActivation``, for example. From now on the descriptor is the server's.
    ///
    /// - Throws: `SocketFailure`; then the descriptor stays the caller's. ``serverError`` and ``errorString`` keep it.
    public func setSocketDescriptor(_ descriptor: Int32) throws(SocketFailure) {
        try listen { () throws(SystemError) in
            Listener(try StreamSocket.adoptListener(descriptor), ownsFile: false)
        }
    }

    func listen(_ open: () throws(SystemError) -> Listener) throws(SocketFailure) {
        guard listener == nil else { throw SocketFailure(.operation, "the server listens already") }
        do {
            begin(on: try open())
        } catch {
            let failure = SocketFailure(listening: error)
            serverError = failure.error
            errorString = failure.reason
            throw failure
        }
    }

    private func begin(on listener: Listener) {
        self.listener = listener
        isClosed = false
        isPaused = shouldPause
        let isPaused = isPaused
        for acceptor in workingAcceptors() { acceptor.perform { $0.listen(on: listener, isPaused: isPaused) } }
    }

    /// One for each loop. Each keeps the server alive, so they are there only while the server listens or has
    /// connections.
    func workingAcceptors() -> [Acceptor] {
        if acceptors.isEmpty {
            keepTicketKeysFresh()
            acceptors = loops.indices.map { index in
                Acceptor(
                    for: self, on: loops[index], isShared: loops.count > 1, settings: settings,
                    counters: counters, index: index)
            }
        }
        return acceptors
    }

    func letGoOfAcceptors() {
        guard listener == nil, counters.open == 0 else { return }
        acceptors = []
        rotation?.cancel()
    }

    /// Whether connections are accepted, or will be when a pause is over.
    public var isListening: Bool { listener != nil }
    /// The port; 0 when the server does not listen, or on a Unix socket.
    public var serverPort: UInt16 { listener?.endpoint?.port ?? 0 }
    /// The address that the server listens on; `nil` when it does not listen, or on a Unix socket.
    public var serverAddress: HostAddress? { listener?.endpoint?.address }
    /// The path of the Unix socket that the server listens on; `nil` when there is none.
    public var serverPath: String? { listener?.path }
    /// The descriptor that listens; -1 when there is none. It stays the server's.
    public var socketDescriptor: Int32 { listener?.socket.descriptor ?? -1 }
}

// MARK: - Ending

extension SSLServer {
    /// Stops listening and ends every connection that nobody has taken, with `close_notify`: those in the queue and
    /// those in the middle of a handshake. Connections that were taken live on. ``listen(address:port:)`` may follow.
    public func close() {
        isClosed = true
        let acceptors = acceptors
        stopListening()
        for acceptor in acceptors { acceptor.perform { $0.dropHandshakes() } }
        let dropped = queue
        queue = []
        for socket in dropped { socket.perform { $0.disconnectFromHost() } }
        takers.resumeAll()
    }

    /// Stops listening and lets every connection finish: handshakes in flight are completed and queued, and
    /// connections go on until they end by themselves. Those left after the grace period are closed gracefully.
    public func shutdown(gracePeriod: Duration) async {
        let acceptors = acceptors
        stopListening()
        let deadline = loop.deadline(after: gracePeriod) { [self] in
            for acceptor in acceptors { acceptor.perform { $0.dropConnections() } }
            assumeIsolated { $0.queue = [] }
        }
        await withCheckedContinuation { continuation in
            endWaiters.append(continuation)
            resumeEndWaiters()
        }
        deadline.cancel()
        // Meanwhile somebody may have let it listen again.
        if !isListening { isClosed = true }
        takers.resumeAll()
    }

    func stopListening() {
        withdrawHandOverOffer()
        listener?.removeFile()
        leaveListener()
    }

    /// Stops listening; the file of a Unix socket stays, for somebody else who listens there.
    func leaveListener() {
        for acceptor in acceptors { acceptor.perform { $0.stopListening() } }
        listener = nil
        isShortOfResources = false
        letGoOfAcceptors()
        resumeConnectionWaiters(with: false)
    }
}

// MARK: - Connections from elsewhere

extension SSLServer {
    /// Serves a connection that somebody else has accepted, as if it had come in here: its handshake begins, with
    /// everything that belongs to it. The server need not listen. From now on the descriptor is the server's.
    ///
    /// The server stays alive until the connection has ended.
    ///
    /// - Throws: `SocketFailure` when the descriptor is no connected stream socket; then it stays the caller's.
    public func incomingConnection(_ descriptor: Int32) throws(SocketFailure) {
        let box: AcceptedBox
        do {
            box = AcceptedBox(try StreamSocket.adoptConnection(descriptor))
        } catch {
            throw SocketFailure(listening: error)
        }
        isClosed = false
        // The loop that has the least to do.
        let idlest = loops.indices.min { counters.loops[$0].openNow < counters.loops[$1].openNow } ?? 0
        // It is open from now on: as long as any is, the acceptors stay within reach of `close()` and `shutdown()`.
        counters.loops[idlest].open.add(1, ordering: .relaxed)
        workingAcceptors()[idlest].perform { acceptor in
            if let accepted = box.take() { acceptor.begin(accepted) }
        }
    }

    /// Puts a socket that is encrypted already into the queue, as its last, and emits ``pendingConnectionAvailable``.
    /// The server need not listen.
    public func addPendingConnection(_ socket: SSLSocket) {
        queue.append(socket)
        updatePause()
        pendingConnectionAvailable.emit(from: self)
        if hasPendingConnections { resumeConnectionWaiters(with: true) }
        takers.resumeAll()
    }
}
