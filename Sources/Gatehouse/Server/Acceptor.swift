import GatehouseSystem
import GatehouseTLS
import Synchronization

/// A listening socket, shared by the acceptors of all loops. It closes when the last of them lets go.
final class Listener: Sendable {
    let socket: TCPSocket

    init(_ socket: consuming TCPSocket) {
        self.socket = socket
    }
}

/// A server's hands on one loop: accepts connections there and watches over their handshakes.
actor Acceptor: LoopBound, DescriptorWatcher {
    /// What new connections get: each loop's own snapshot of the server's settings.
    struct Settings: Sendable {
        var configuration: PreparedConfiguration<ServerConfiguration>
        var handshakeTimeout: Duration?
        /// How many handshakes may be in flight on this loop.
        var maxHandshakes: Int
    }

    /// Why nothing is accepted just now.
    struct Pause: OptionSet, Sendable {
        let rawValue: UInt8
        /// The server's queue is full, or the user has paused it.
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

    init(
        for server: SSLServer, on loop: EventLoop, listener: Listener, isShared: Bool, settings: Settings,
        counters: LoopCounters
    ) {
        self.server = server
        self.loop = loop
        self.listener = listener
        self.settings = settings
        self.counters = counters
        interest = isShared ? [.read, .exclusive] : .read
    }

    // MARK: What the server says

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
            for _ in 0..<Self.batch where pauses.isEmpty {
                guard let accepted = try listener?.socket.accept() else { return }
                backOff = Self.firstBackOff
                begin(accepted)
            }
        } catch {
            acceptingFailed(error)
        }
    }

    private func begin(_ accepted: consuming TCPSocket.Accepted) {
        if awaitingHello.count + awaitingFinished.count >= settings.maxHandshakes { makeRoom() }
        let number = nextNumber
        nextNumber += 1
        let socket = SSLSocket(accepted: accepted, number: number, on: loop, for: self)
        connections[number] = socket
        awaitingHello.insert(number)
        counters.accepted.add(1, ordering: .relaxed)
        counters.open.add(1, ordering: .relaxed)
        counters.inFlight.add(1, ordering: .relaxed)
        let settings = settings
        socket.assumeIsolated { $0.begin(settings) }
        server.perform { $0.connectionAccepted() }
    }

    /// Those without a complete ClientHello go first, the oldest of them at the head: whoever only sits there does not
    /// keep a good client out.
    private func makeRoom() {
        guard let number = awaitingHello.first ?? awaitingFinished.first else { return }
        counters.displaced.add(1, ordering: .relaxed)
        connections[number]?.assumeIsolated { $0.makeRoom() }
    }

    /// Waits and tries again, for as long as it takes. The server tells its user once per episode.
    private func acceptingFailed(_ error: SystemError) {
        pauses.insert(.shortage)
        unwatch()
        server.perform { $0.acceptingFailed(error) }
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

    nonisolated func alertSent(_ socket: SSLSocket, _ alert: Alert) {
        server.perform { $0.alertSent.emit(from: $0, (socket, alert)) }
    }

    nonisolated func alertReceived(_ socket: SSLSocket, _ alert: Alert) {
        server.perform { $0.alertReceived.emit(from: $0, (socket, alert)) }
    }

    nonisolated func handshakeCompleted(_ socket: SSLSocket) {
        counters.completed.add(1, ordering: .relaxed)
        assumeIsolated { $0.leaveHandshake(socket) }
        server.perform { $0.enqueue(socket) }
    }

    nonisolated func handshakeFailed(_ socket: SSLSocket, _ error: SocketError) {
        counters.failed.add(1, ordering: .relaxed)
        switch error {
        case .notTLS: counters.notTLS.add(1, ordering: .relaxed)
        case .socketTimeout: counters.timedOut.add(1, ordering: .relaxed)
        default: break
        }
        server.perform { $0.errorOccurred.emit(from: $0, (socket, error)) }
    }

    /// However a connection ends, its room is free again.
    nonisolated func connectionEnded(_ socket: SSLSocket) {
        perform { acceptor in
            acceptor.leaveHandshake(socket)
            acceptor.connections[socket.number] = nil
            acceptor.counters.open.subtract(1, ordering: .relaxed)
        }
        server.perform { $0.connectionEnded() }
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
