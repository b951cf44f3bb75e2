public import GatehouseSystem
public import GatehouseTLS
import Synchronization

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

    /// A connection is encrypted and stands in the queue: take it with ``nextPendingConnection()``. What comes behind
    /// the handshake is told after this: slots that are connected to the socket here, with ``LoopBound/perform(_:)``,
    /// miss nothing, whichever loop it lives on.
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
    /// Something is wrong with a client's certificate: one for each problem, before ``sslErrors``.
    public nonisolated let peerVerifyError = Signal<SSLServer, (SSLSocket, SSLError)>()
    /// Something is wrong with a client's certificate: all that is, once. Decide with the value, in the slot or later,
    /// or with the socket's `ignoreSSLErrors()`.
    public nonisolated let sslErrors = Signal<SSLServer, (SSLSocket, SSLErrorsDecision)>()
    /// Something is wrong with a client's certificate, and ``SSLConfiguration/handshakeMustInterruptOnError`` is set:
    /// one for each problem, for as long as the handshake is continued.
    public nonisolated let handshakeInterruptedOnError = Signal<SSLServer, (SSLSocket, HandshakeInterruption)>()
    /// A client offers a pre-shared key that the configuration does not have. Tickets, also those whose key is gone,
    /// never come here.
    public nonisolated let preSharedKeyAuthenticationRequired = Signal<
        SSLServer, (SSLSocket, PreSharedKeyAuthenticator)
    >()
    /// A client is to be served with a credential of the application's choice: ``SSLConfiguration/asksForCredential``.
    public nonisolated let credentialRequired = Signal<SSLServer, (SSLSocket, CredentialRequest)>()
    /// A signature is needed by the key of a credential that is held elsewhere.
    public nonisolated let signatureRequired = Signal<SSLServer, (SSLSocket, PendingSignature)>()
    /// Tickets are needed for a client: ``SSLSessionResumption/asksForTickets``. Its handshake is complete when they are
    /// there.
    public nonisolated let ticketSealingRequired = Signal<SSLServer, (SSLSocket, TicketSealing)>()
    /// A client offers what may be tickets: ``SSLSessionResumption/asksForTickets``.
    public nonisolated let ticketOpeningRequired = Signal<SSLServer, (SSLSocket, TicketOpening)>()
    /// A client has sent early data: `SSLSocket.readEarlyData()` takes it, now or when the connection is encrypted.
    public nonisolated let earlyDataAvailable = Signal<SSLServer, SSLSocket>()
    /// No connections can be accepted, mostly for want of descriptors: once per episode. The server tries again by
    /// itself, after 50 ms at first and after a second at most.
    public nonisolated let acceptError = Signal<SSLServer, SocketError>()

    /// The followed configuration has changed, and connections from now on get the new one; see
    /// ``followConfiguration(from:every:)``.
    public nonisolated let configurationReloaded = Signal<SSLServer, Void>()
    /// The followed configuration has changed and cannot be used: the earlier one stays.
    public nonisolated let configurationReloadFailed = Signal<SSLServer, SocketFailure>()
    /// Another process has taken the listening socket over, see ``offerHandOver(at:)``. This server does not listen any
    /// more; it is time to ``shutdown(gracePeriod:)``.
    public nonisolated let handedOver = Signal<SSLServer, Void>()

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
    /// dropped. 1024 by default. With several threads, each may have one more than that for a moment.
    public var maxHandshakes = 1024 {
        didSet { spreadSettings() }
    }
    /// How many connections may be open, those in flight and in the queue included: with as many, accepting pauses
    /// until one has ended. No limit by default. With several threads, each may have one more than that for a moment.
    public var maxConnections = Int.max {
        didSet {
            spreadSettings()
            updatePause()
        }
    }
    /// What ``SSLSocket/idleTimeout`` is on connections accepted from now on.
    public var idleTimeout: Duration? {
        didSet { spreadSettings() }
    }
    /// What ``SSLSocket/writeTimeout`` is on connections accepted from now on.
    public var writeTimeout: Duration? {
        didSet { spreadSettings() }
    }
    /// The proxies whose word about their clients is taken: connections from there have to begin with a header of the
    /// PROXY protocol, version 1 or 2, and ``SSLSocket/peerEndpoint`` is then the client's. From anybody else a header
    /// is no TLS. Empty by default. With any, connections to a Unix socket need a header too.
    ///
    /// The header has to come within ``handshakeTimeout``. A proxy that speaks for itself, as its health checks do, may
    /// say so (LOCAL, UNKNOWN). What is no header, too long, or missing ends the connection with
    /// ``SocketError/proxyProtocol``.
    public var trustedProxies: [AddressRange] = [] {
        didSet { spreadSettings() }
    }
    /// What ``SSLSocket/allowHalfClose`` is on connections accepted from now on. Off by default; ``connections`` and
    /// ``serve(atMost:handlerFailed:_:)`` switch it on.
    public var allowHalfClose = false {
        didSet { if allowHalfClose != oldValue { spreadSettings() } }
    }
    /// How many connections the kernel keeps that are not accepted yet; for the next ``listen(address:port:)``.
    public var listenBacklogSize: Int32 = 1024

    /// The error of the last call that failed; `nil` while none has.
    public internal(set) var serverError: SocketError?
    /// ``serverError`` as a line for a person; empty while there is none.
    public internal(set) var errorString = ""

    // MARK: Inside

    let loops: [EventLoop]
    let counters: ServerCounters
    var resumption = ResumptionResources()
    var rotation: Deadline?
    var configuration: PreparedConfiguration
    var listener: Listener?
    var acceptors: [Acceptor] = []
    var queue: [SSLSocket] = []
    /// Nobody can take a connection any more.
    var isClosed = false
    var isPausedByUser = false
    var isPaused = false {
        didSet { counters.isPaused.store(isPaused, ordering: .relaxed) }
    }
    /// An episode without descriptors or memory lasts.
    var isShortOfResources = false
    package var connectionWaiters: [ConnectionWaiter] = []
    var nextWaiterID: UInt64 = 0
    var follower: ConfigurationFollower?
    /// How many there have been.
    var followers = 0
    var handOverOffer: HandOverOffer?
    var endWaiters: [CheckedContinuation<Void, Never>] = []
    /// Tasks that wait for a connection to take, or for the server's end.
    var takers = Waiters()

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
        counters = ServerCounters(loops: loops.count)
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

// MARK: - What loops get

extension SSLServer {
    /// What the server has seen since it was made.
    public var statistics: SSLServerStatistics {
        var statistics = counters.statistics
        statistics.queued = queue.count
        return statistics
    }

    var settings: Acceptor.Settings {
        Acceptor.Settings(
            configuration: configuration, handshakeTimeout: handshakeTimeout, idleTimeout: idleTimeout,
            writeTimeout: writeTimeout, maxHandshakes: max(1, maxHandshakes), maxConnections: maxConnections,
            trustedProxies: trustedProxies, allowHalfClose: allowHalfClose)
    }

    /// Lets every loop have the settings as they are now.
    func spreadSettings() {
        let settings = settings
        for acceptor in acceptors { acceptor.perform { $0.apply(settings) } }
    }
}
