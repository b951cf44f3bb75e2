public import GatehouseSystem
public import GatehouseTLS

/// A TLS 1.3 server: accepts TCP connections, does the handshakes, and queues the connections that are encrypted.
///
/// ```swift
/// let server = try SSLServer(configuration: configuration)
/// server.pendingConnectionAvailable.connect { server in
///     while let socket = server.nextPendingConnection() {
///         socket.perform { socket in
///             socket.readyRead.connect { socket in socket.write(socket.readAll()) }
///         }
///     }
/// }
/// try await server.listen(address: .any, port: 4433)
/// ```
///
/// A server is an actor on an ``EventLoop``, and its slots run there. With `threads: 1`, the default, its sockets live
/// on the same loop, so that everything happens on one thread. With more, they are spread over several loops:
/// ``LoopBound/perform(_:)`` reaches a socket wherever it is. A listening server stays alive until ``close()``.
public actor SSLServer: LoopBound {
    /// The loop that the server lives on.
    public nonisolated let loop: EventLoop
    /// The executor of the loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    // MARK: Signals

    /// A connection is encrypted and stands in the queue: take it with ``nextPendingConnection()``.
    public nonisolated let pendingConnectionAvailable = Signal<SSLServer, Void>()
    /// A TCP connection was accepted. Its handshake has not begun, and the queue is usually empty:
    /// ``pendingConnectionAvailable`` is what tells of connections to take.
    public nonisolated let newConnection = Signal<SSLServer, Void>()
    /// A client has begun a handshake. It comes before anything else of that handshake.
    public nonisolated let startedEncryptionHandshake = Signal<SSLServer, SSLSocket>()
    /// A connection failed before it was encrypted: once for each such connection. The socket still knows its peer.
    public nonisolated let errorOccurred = Signal<SSLServer, (SSLSocket, SocketError)>()
    /// An alert was written to the transport during a handshake.
    public nonisolated let alertSent = Signal<SSLServer, (SSLSocket, Alert)>()
    /// The client has sent an alert during a handshake.
    public nonisolated let alertReceived = Signal<SSLServer, (SSLSocket, Alert)>()
    /// No connections can be accepted, mostly for want of descriptors: once per episode. The server tries again by
    /// itself, after 50 ms at first and after a second at most.
    public nonisolated let acceptError = Signal<SSLServer, SocketError>()

    // MARK: Settings

    /// What connections accepted from now on get; ``setSSLConfiguration(_:)`` sets it.
    public var sslConfiguration: SSLConfiguration { configuration.settings }
    /// How long a client may take from the accepting to the encrypted connection; `nil` for ever. 5 seconds by
    /// default. It counts for connections accepted from now on.
    public var handshakeTimeout: Duration? = .seconds(5) {
        didSet { spreadSettings() }
    }
    /// How many encrypted connections may wait to be taken: when the queue is full, accepting pauses until one is
    /// taken. 30 by default. Handshakes that are in flight at that moment are still completed and queued.
    public var maxPendingConnections = 30 {
        didSet { updatePause() }
    }
    /// How many handshakes may be in flight: for one more, the oldest connection without a complete ClientHello is
    /// dropped. 1024 by default. With several threads each gets an equal share.
    public var maxHandshakes = 1024 {
        didSet { spreadSettings() }
    }
    /// How many connections the kernel keeps that are not accepted yet; for the next ``listen(address:port:)``.
    public var listenBacklogSize: Int32 = 1024

    /// The error of the last call that failed; `nil` while none has.
    public internal(set) var serverError: SocketError?
    /// ``serverError`` as a line for a person; empty while there is none.
    public internal(set) var errorString = ""

    // MARK: Inside

    let loops: [EventLoop]
    let counters: [LoopCounters]
    let resumption: ResumptionResources
    var configuration: PreparedConfiguration<ServerConfiguration>
    var listener: Listener?
    var endpoint: Endpoint?
    var acceptors: [Acceptor] = []
    var queue: [SSLSocket] = []
    var isClosed = false
    var isPausedByUser = false
    var isPaused = false
    /// An episode without descriptors or memory lasts.
    var isShortOfResources = false
    package var connectionWaiters: [ConnectionWaiter] = []
    var nextWaiterID: UInt64 = 0
    var endWaiters: [CheckedContinuation<Void, Never>] = []

    /// Makes a server with threads of its own.
    ///
    /// - Throws: `SocketFailure` when a server cannot work with the configuration, or a thread does not start.
    public init(configuration: SSLConfiguration, threads: Int = 1) throws(SocketFailure) {
        var loops: [EventLoop] = []
        do {
            for _ in 0..<max(1, threads) { loops.append(try EventLoop()) }
        } catch {
            throw SocketFailure(error)
        }
        try self.init(configuration: configuration, loops: loops)
    }

    /// Makes a server on a loop that others may live on too.
    ///
    /// - Throws: `SocketFailure` when a server cannot work with the configuration.
    public init(configuration: SSLConfiguration, on loop: EventLoop) throws(SocketFailure) {
        try self.init(configuration: configuration, loops: [loop])
    }

    private init(configuration: SSLConfiguration, loops: [EventLoop]) throws(SocketFailure) {
        loop = loops[0]
        self.loops = loops
        counters = loops.map { _ in LoopCounters() }
        resumption = ResumptionResources()
        do throws(ConfigurationError) {
            self.configuration = try PreparedConfiguration(server: configuration, resumption)
        } catch {
            throw SocketFailure(error)
        }
    }

    /// Sets what connections accepted from now on get; those accepted before keep theirs.
    ///
    /// - Throws: `SocketFailure` when a server cannot work with the configuration.
    public func setSSLConfiguration(_ configuration: SSLConfiguration) throws(SocketFailure) {
        do throws(ConfigurationError) {
            self.configuration = try PreparedConfiguration(server: configuration, resumption)
        } catch {
            throw SocketFailure(error)
        }
        spreadSettings()
    }
}

// MARK: - Listening

extension SSLServer {
    /// Begins to accept connections.
    ///
    /// - Parameters:
    ///   - address: `.any` takes IPv4 and IPv6.
    ///   - port: 0 lets the system choose; ``serverPort`` tells.
    /// - Throws: `SocketFailure`; ``serverError`` and ``errorString`` keep it.
    public func listen(address: HostAddress = .any, port: UInt16 = 0) throws(SocketFailure) {
        guard listener == nil else { throw SocketFailure(.operation, "the server listens already") }
        do {
            let endpoint = Endpoint(address: address, port: port)
            let listener = Listener(try TCPSocket.listen(on: endpoint, backlog: listenBacklogSize))
            let bound = listener.socket.localEndpoint
            self.listener = listener
            isClosed = false
            self.endpoint = Endpoint(address: address, port: bound?.port ?? port)
            startAcceptors(listener)
        } catch {
            let failure = SocketFailure(listening: error)
            serverError = failure.error
            errorString = failure.reason
            throw failure
        }
    }

    private func startAcceptors(_ listener: Listener) {
        isPaused = shouldPause
        let isShared = loops.count > 1
        for (loop, counters) in zip(loops, counters) {
            acceptors.append(
                Acceptor(
                    for: self, on: loop, listener: listener, isShared: isShared, settings: settings,
                    counters: counters))
        }
        for acceptor in acceptors {
            let isPaused = isPaused
            acceptor.perform { $0.setPaused(isPaused) }
        }
    }

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
    }

    private func stopListening() {
        for acceptor in acceptors { acceptor.perform { $0.stopListening() } }
        acceptors = []
        listener = nil
        endpoint = nil
        isShortOfResources = false
        resumeConnectionWaiters(with: false)
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
        if statistics.open > 0 { await withCheckedContinuation { endWaiters.append($0) } }
        deadline.cancel()
    }

    /// Whether connections are accepted, or will be when a pause is over.
    public var isListening: Bool { listener != nil }
    /// The port, 0 when the server does not listen.
    public var serverPort: UInt16 { endpoint?.port ?? 0 }
    /// The address as given to ``listen(address:port:)``, `nil` when the server does not listen.
    public var serverAddress: HostAddress? { endpoint?.address }
    /// What the server has seen since it was made.
    public var statistics: SSLServerStatistics {
        var statistics = SSLServerStatistics()
        for counters in counters { counters.add(to: &statistics) }
        statistics.queued = queue.count
        return statistics
    }

    private var settings: Acceptor.Settings {
        Acceptor.Settings(
            configuration: configuration, handshakeTimeout: handshakeTimeout,
            maxHandshakes: max(1, maxHandshakes / loops.count))
    }

    private func spreadSettings() {
        let settings = settings
        for acceptor in acceptors { acceptor.perform { $0.apply(settings) } }
    }
}
