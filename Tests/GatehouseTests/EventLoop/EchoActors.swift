import Gatehouse
import GatehouseSystem
import Synchronization

/// A connection without TLS, built as the facade's sockets are: an actor on a loop, with a signal.
actor EchoSocket: DescriptorWatcher {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let readyRead = Signal<EchoSocket, Void>()
    nonisolated let disconnected = Signal<EchoSocket, Void>()

    private static let living = Atomic<Int>(0)
    static var count: Int { living.load(ordering: .relaxed) }

    private var socket: StreamSocket?
    private var watch: EventLoop.Watch?
    private var inbox: [UInt8] = []

    init(_ socket: consuming StreamSocket, on loop: EventLoop) {
        self.loop = loop
        self.socket = consume socket
        Self.living.add(1, ordering: .relaxed)
    }

    deinit {
        Self.living.subtract(1, ordering: .relaxed)
    }

    func start() throws {
        guard let descriptor = socket?.descriptor else { return }
        watch = try loop.watch(descriptor, for: .read, by: self)
    }

    nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.read() }
    }

    private func read() {
        var buffer = loop.borrowReadBuffer()
        let transfer = socket?.receive(into: &buffer, at: 0)
        if case .moved(let count) = transfer { inbox += buffer[..<count] }
        loop.giveBack(buffer)
        switch transfer {
        case .moved(1...): readyRead.emit(from: self)
        case .wouldBlock, nil: break
        default: close()
        }
    }

    func readAll() -> [UInt8] {
        defer { inbox = [] }
        return inbox
    }

    func write(_ bytes: [UInt8]) {
        _ = socket?.send(bytes, from: 0)
    }

    func close() {
        guard let watch else { return }
        loop.unwatch(watch)
        self.watch = nil
        socket = nil
        disconnected.emit(from: self)
        readyRead.disconnectAll()
        disconnected.disconnectAll()
    }
}

/// A server of such sockets.
actor EchoServer: DescriptorWatcher {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let pendingConnectionAvailable = Signal<EchoServer, Void>()

    private var listener: StreamSocket?
    private var watch: EventLoop.Watch?
    private var queue: [EchoSocket] = []

    init(on loop: EventLoop) {
        self.loop = loop
    }

    func listen() throws -> Endpoint? {
        let socket = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 100)
        let endpoint = socket.localEndpoint
        watch = try loop.watch(socket.descriptor, for: .read, by: self)
        listener = consume socket
        return endpoint
    }

    nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.acceptAll() }
    }

    private func acceptAll() {
        while let accepted = try? listener?.accept() {
            let socket = EchoSocket(accepted.take(), on: loop)
            guard (try? socket.assumeIsolated({ try $0.start() })) != nil else { return }
            queue.append(socket)
            pendingConnectionAvailable.emit(from: self)
        }
    }

    func nextPendingConnection() -> EchoSocket? {
        queue.isEmpty ? nil : queue.removeFirst()
    }

    func close() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        listener = nil
        pendingConnectionAvailable.disconnectAll()
    }
}
