import GatehouseSystem
import Synchronization

/// The last moments of a connection on which we said our last word.
///
/// Closing a descriptor while unread bytes stand in its buffer makes the kernel send a reset, and a reset may overtake
/// what we sent: the peer would see neither our alert nor our last data. So our stream is ended first, and what still
/// comes is read and thrown away, for a short time and up to a bound.
actor LingeringClose: LoopBound, DescriptorWatcher {
    /// What is thrown away at most, in bytes.
    static let limit = 1 << 16
    /// How long it may take.
    static let time = Duration.seconds(1)

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private var socket: StreamSocket?
    private var watch: EventLoop.Watch?
    private var deadline: Deadline?
    private var number: UInt64?
    private var remaining = limit

    private init(_ socket: consuming StreamSocket, on loop: EventLoop) {
        self.loop = loop
        self.socket = consume socket
    }

    /// Takes the socket over. It is called on the loop.
    static func begin(_ socket: consuming StreamSocket, on loop: EventLoop) {
        socket.shutdownWriting()
        LingeringClose(socket, on: loop).assumeIsolated { $0.begin() }
    }

    private func begin() {
        guard let descriptor = socket?.descriptor else { return }
        do {
            watch = try loop.watch(descriptor, for: .read, by: self)
            deadline = loop.deadline(after: Self.time) { [weak self] in self?.assumeIsolated { $0.end() } }
            let (number, displaced) = loop.lingering.withLock { $0.add(self) }
            self.number = number
            displaced?.assumeIsolated { $0.end() }
        } catch {
            // Without a watch there is nothing to wait for.
            socket = nil
        }
    }

    nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.drain() }
    }

    private func drain() {
        var buffer = loop.borrowReadBuffer()
        let transfer = socket?.receive(into: &buffer, at: 0)
        loop.giveBack(buffer)
        switch transfer {
        case .moved(let count) where count > 0 && count < remaining: remaining -= count
        case .wouldBlock: break
        default: end()
        }
    }

    private func end() {
        deadline?.cancel()
        if let number { loop.lingering.withLock { _ = $0.remove(number) } }
        number = nil
        if let watch { loop.unwatch(watch) }
        watch = nil
        socket = nil
    }
}
