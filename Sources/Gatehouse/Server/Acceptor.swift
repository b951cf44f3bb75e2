import GatehouseSystem
import GatehouseTLS
import Synchronization

/// A server's hands on one loop: accepts connections there and watches over their handshakes.
actor Acceptor: LoopBound, DescriptorWatcher {
    /// What new connections get: each loop's own snapshot of the server's settings.
    struct Settings: Sendable {
        var configuration: PreparedConfiguration
        var handshakeTimeout: Duration?
        var idleTimeout: Duration?
        var writeTimeout: Duration?
        /// How many handshakes may be in flight, and how many connections open, on all loops.
        var maxHandshakes: Int
        var maxConnections: Int
        var trustedProxies: [AddressRange]
        var allowHalfClose: Bool

        /// Whether a connection from there has to begin with a PROXY header.
        func trustsProxy(at peer: Endpoint?) -> Bool {
            // Whoever may connect to a Unix socket has been let in by the file's permissions.
            guard let peer else { return !trustedProxies.isEmpty }
            return trustedProxies.contains { $0.contains(peer.address) }
        }
    }

    /// Why nothing is accepted just now.
    struct Pause: OptionSet, Sendable {
        let rawValue: UInt8
        /// The server's queue or its house is full, or the user has paused it.
        static let server = Pause(rawValue: 1)
        /// The system is short of descriptors or memory.
        static let shortage = Pause(rawValue: 2)
    }

    /// How many connections are accepted before others on the loop get their turn.
    private static let batch = 32
    private static let firstBackOff = Duration.milliseconds(50)
    private static let lastBackOff = Duration.seconds(1)

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private let server: SSLServer
    private let counters: LoopCounters
    private let allCounters: ServerCounters
    private let interest: Interest
    private var settings: Settings
    private var listener: Listener?
    private var watch: EventLoop.Watch?
    private var pauses: Pause = []
    private var backOff = firstBackOff
    private var retry: Deadline?
    private var nextNumber: UInt64 = 1
    private var connections: [UInt64: SSLSocket] = [:]
    /// Handshakes in flight: without a complete ClientHello, and with.
    private var awaitingHello = ArrivalLine()
    private var awaitingFinished = ArrivalLine()

    /// An acceptor that does not listen yet.
    ///
    /// - Parameters:
    ///   - isShared: whether the acceptors of other loops will listen on the same socket.
    ///   - index: the loop's place among the server's.
    init(
        for server: SSLServer, on loop: EventLoop, isShared: Bool, settings: Settings, counters: ServerCounters,
        index: Int
    ) {
        self.server = server
        self.loop = loop
        self.settings = settings
        self.counters = counters.loops[index]
        allCounters = counters
        interest = isShared ? [.read, .exclusive] : .read
    }

    // MARK: What the server says

    func listen(on listener: Listener, isPaused: Bool) {
        self.listener = listener
        setPaused(isPaused)
    }

    private func start() throws(SystemError) {
        guard let listener, watch == nil, pauses.isEmpty else { return }
        watch = try loop.watch(listener.socket.descriptor, for: interest, by: self)
    }

    func apply(_ settings: Settings) {
        self.settings = settings
    }

    func setPaused(_ isPaused: Bool) {
        pause(.server, isPaused)
    }

    /// Accepts nothing more. Connections go on.
    func stopListening() {
        retry?.cancel()
        unwatch()
        listener = nil
        pauses = []
        backOff = Self.firstBackOff
    }

    /// Ends the handshakes in flight.
    func dropHandshakes() {
        for (number, socket) in connections where isInFlight(number) {
            socket.assumeIsolated { $0.disconnectFromHost() }
        }
    }

    /// Ends every connection.
    func dropConnections() {
        for socket in connections.values { socket.perform { $0.disconnectFromHost() } }
    }

    private func unwatch() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    private func pause(_ reason: Pause, _ isPaused: Bool) {
        if isPaused { pauses.insert(reason) } else { pauses.remove(reason) }
        guard pauses.isEmpty else { return unwatch() }
        do {
            try start()
        } catch {
            acceptingFailed(error)
        }
    }

    // MARK: Accepting

    nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.acceptBatch() }
    }

    private func acceptBatch() {
        do {
            // A slot may pause or close the server between two connections.
            for _ in 0..<Self.batch where pauses.isEmpty && !allCounters.isPaused.load(ordering: .relaxed) {
                guard allCounters.open < settings.maxConnections else { return houseIsFull() }
                guard let accepted = try listener?.socket.accept() else { return }
                backOff = Self.firstBackOff
                counters.open.add(1, ordering: .relaxed)
                begin(accepted)
            }
        } catch {
            acceptingFailed(error)
        }
    }

    /// Another loop was faster. The server decides when it goes on.
    private func houseIsFull() {
        pause(.server, true)
        server.perform { $0.spreadPause() }
    }

    /// Serves a connection, which is counted as open already.
    func begin(_ accepted: consuming StreamSocket.Accepted) {
        if allCounters.inFlight >= settings.maxHandshakes { makeRoom() }
        let number = nextNumber
        nextNumber += 1
        let socket = SSLSocket(accepted: accepted, number: number, settings.configuration, on: loop, for: self)
        connections[number] = socket
        awaitingHello.insert(number)
        counters.accepted.add(1, ordering: .relaxed)
        counters.inFlight.add(1, ordering: .relaxed)
        let settings = settings
        socket.assumeIsolated { $0.begin(settings) }
        server.perform { $0.connectionAccepted() }
    }

    /// Of this loop's handshakes, those without a complete ClientHello go first, the oldest of them at the head:
    /// whoever only sits there does not keep a good client out.
    private func makeRoom() {
        guard let number = awaitingHello.first ?? awaitingFinished.first else { return }
        connections[number]?.assumeIsolated { $0.makeRoom() }
    }

    /// Waits and tries again, for as long as it takes. The server tells its user once per episode. A listener that is
    /// none any more does not come back.
    private func acceptingFailed(_ error: SystemError) {
        guard let listener else { return }
        pauses.insert(.shortage)
        unwatch()
        if error.isInvalid { return server.perform { $0.listenerFailed(listener, error) } }
        server.perform { $0.acceptingFailed(listener, error) }
        retry = loop.deadline(after: backOff) { [weak self] in
            self?.assumeIsolated { $0.tryAgain() }
        }
        backOff = min(backOff * 2, Self.lastBackOff)
    }

    private func tryAgain() {
        guard listener != nil else { return }
        pause(.shortage, false)
    }

    private func isInFlight(_ number: UInt64) -> Bool {
        awaitingHello.contains(number) || awaitingFinished.contains(number)
    }
}

// MARK: - What sockets report

/// Sockets live on their acceptor's loop until they are encrypted: these are plain calls. Only then they can move.
extension Acceptor {
    nonisolated func handshakeStarted(_ socket: SSLSocket) {
        server.perform { $0.handshakeStarted(socket) }
    }

    nonisolated func clientHelloReceived(_ socket: SSLSocket) {
        assumeIsolated { acceptor in
            if acceptor.awaitingHello.remove(socket.number) { acceptor.awaitingFinished.insert(socket.number) }
        }
    }

    /// On every connection, also when its handshake is over.
    nonisolated func count(sent alert: Alert) {
        counters.tally.withLock { $0.alertsSent[alert.description, default: 0] += 1 }
    }

    nonisolated func count(received alert: Alert) {
        counters.tally.withLock { $0.alertsReceived[alert.description, default: 0] += 1 }
    }

    /// Lets the server tell its users, on its own loop.
    nonisolated func tell(_ emission: @escaping @Sendable (_ server: isolated SSLServer) -> Void) {
        server.perform(emission)
    }

    nonisolated func alertSent(_ socket: SSLSocket, _ alert: Alert) {
        server.perform { $0.alertSent.emit(from: $0, (socket, alert)) }
    }

    nonisolated func alertReceived(_ socket: SSLSocket, _ alert: Alert) {
        server.perform { $0.alertReceived.emit(from: $0, (socket, alert)) }
    }

    nonisolated func handshakeCompleted(_ socket: SSLSocket, isResumed: Bool) {
        counters.completed.add(1, ordering: .relaxed)
        if isResumed { counters.resumed.add(1, ordering: .relaxed) }
        assumeIsolated { $0.leaveHandshake(socket) }
        server.perform { $0.enqueue(socket) }
    }

    nonisolated func handshakeFailed(_ socket: SSLSocket, _ error: SocketError) {
        counters.tally.withLock { $0.failures[error, default: 0] += 1 }
        server.perform { $0.errorOccurred.emit(from: $0, (socket, error)) }
    }

    /// However a connection ends, its room is free again.
    nonisolated func connectionEnded(_ socket: SSLSocket) {
        perform { acceptor in
            acceptor.leaveHandshake(socket)
            acceptor.connections[socket.number] = nil
            acceptor.counters.open.subtract(1, ordering: .relaxed)
            acceptor.server.perform { $0.connectionEnded() }
        }
    }

    /// A connection has got another loop, and with it another socket.
    nonisolated func connectionMoved(to socket: SSLSocket) {
        perform { $0.connections[socket.number] = socket }
    }

    private func leaveHandshake(_ socket: SSLSocket) {
        guard awaitingHello.remove(socket.number) || awaitingFinished.remove(socket.number) else { return }
        counters.inFlight.subtract(1, ordering: .relaxed)
    }
}

/// A connection on its way to another thread.
final class AcceptedBox: Sendable {
    private let accepted: Mutex<StreamSocket.Accepted?>

    init(_ accepted: consuming StreamSocket.Accepted) {
        self.accepted = Mutex(accepted)
    }

    func take() -> StreamSocket.Accepted? {
        accepted.withLock { $0.take() }
    }
}
