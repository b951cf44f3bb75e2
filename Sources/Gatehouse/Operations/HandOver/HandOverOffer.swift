import GatehouseSystem

/// The predecessor's end of a hand-over: waits at a Unix socket for a successor.
///
/// ```
///  successor                                     predecessor
///      |---------------- connects ------------------>|   only its own user, or root
///      |<-- the listening descriptor, and a byte ----|   whether the file of a Unix socket goes along
///      |   listens
///      |------------------ one byte ---------------->|   stops listening, and withdraws the offer
///      |<------------ end of the stream -------------|
/// ```
///
/// The successor listens before the predecessor stops, on the same socket: no connection is refused, and those that
/// stand in the kernel's queue are nobody's loss. A successor that fails in between leaves everything as it was.
actor HandOverOffer: LoopBound, DescriptorWatcher {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private weak var server: SSLServer?
    private let socket: StreamSocket
    private let file: UnixSocketFile?
    private var watch: EventLoop.Watch?
    private var retry: Deadline?
    /// The one that has the descriptor and has not said yet that it listens.
    private var successor: Successor?

    init(at path: String, for server: SSLServer) throws(SystemError) {
        loop = server.loop
        self.server = server
        socket = try StreamSocket.listen(unixPath: path, permissions: 0o600, backlog: 8)
        file = UnixSocketFile(at: path)
    }

    /// - Returns: what went wrong; `nil` when successors are awaited.
    func begin() -> SystemError? {
        do throws(SystemError) {
            watch = try loop.watch(socket.descriptor, for: .read, by: self)
            return nil
        } catch {
            return error
        }
    }

    /// Nobody can take over any more.
    func withdraw() {
        file?.remove()
        retry?.cancel()
        if let watch { loop.unwatch(watch) }
        watch = nil
        successor?.assumeIsolated { $0.end() }
        successor = nil
    }

    nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.greet() }
    }

    private func greet() {
        let connection: StreamSocket
        do throws(SystemError) {
            guard let accepted = try socket.accept() else { return }
            connection = accepted.take()
        } catch {
            return rest()
        }
        // Whoever is turned away sees the end of the stream.
        guard connection.isPeerOurs, let listener = server?.assumeIsolated({ $0.listener }),
            connection.send(copyOf: listener.socket, with: listener.ownsFile ? 1 : 0) == .moved(1)
        else { return }
        // The newest counts: an earlier one that never answers is in nobody's way.
        successor?.assumeIsolated { $0.end() }
        successor = Successor(connection, of: self)
        successor?.assumeIsolated { $0.begin() }
    }

    /// Without descriptors there is nothing to greet with, for a while.
    private func rest() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        retry = loop.deadline(after: .seconds(1)) { [weak self] in
            self?.assumeIsolated { _ = $0.begin() }
        }
    }

    fileprivate func answered(by answering: Successor, isListening: Bool) {
        guard answering === successor else { return }
        guard isListening else {
            successor = nil
            return
        }
        // The file goes first, the connection's end tells that it is gone.
        withdraw()
        server?.assumeIsolated { $0.wasHandedOver() }
    }
}

/// A process that has been given the descriptor.
private actor Successor: LoopBound, DescriptorWatcher {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private let offer: HandOverOffer
    private var socket: StreamSocket?
    private var watch: EventLoop.Watch?

    init(_ socket: consuming StreamSocket, of offer: HandOverOffer) {
        loop = offer.loop
        self.offer = offer
        self.socket = consume socket
    }

    func begin() {
        guard let descriptor = socket?.descriptor else { return }
        watch = try? loop.watch(descriptor, for: .read, by: self)
    }

    nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.read() }
    }

    private func read() {
        var byte = [UInt8](repeating: 0, count: 1)
        guard let transfer = socket?.receive(into: &byte, at: 0), transfer != .wouldBlock else { return }
        // `end` comes from the offer, which ends us in the right moment.
        let isListening = transfer == .moved(1)
        offer.assumeIsolated { $0.answered(by: self, isListening: isListening) }
        end()
    }

    func end() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        socket = nil
    }
}
