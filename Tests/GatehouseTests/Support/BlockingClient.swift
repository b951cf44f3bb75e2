import GatehouseSystem
import Glibc

/// A TCP client that waits, for threads that have nothing else to do.
final class BlockingClient: Sendable {
    private let socket: StreamSocket

    init(to endpoint: Endpoint) throws {
        socket = try StreamSocket.connect(to: endpoint)
        try wait(for: .write)
        if let error = socket.connectionError(to: endpoint) { throw error }
        socket.setNoDelay()
    }

    /// A client of a Unix socket.
    init(toUnixSocket path: String) throws {
        socket = try StreamSocket.connect(toUnixPath: path)
    }

    /// Takes a connected descriptor over.
    init(adopting descriptor: Int32) throws {
        let accepted = try StreamSocket.adoptConnection(descriptor)
        socket = accepted.take()
    }

    /// The next connection that comes to a listening socket.
    init(accepting listener: borrowing StreamSocket) throws {
        let poller = try Poller()
        try poller.add(listener.descriptor, interest: .read, token: 0)
        var events: [Readiness] = []
        while true {
            if let accepted = try listener.accept() {
                socket = accepted.take()
                return
            }
            poller.wait(milliseconds: nil, into: &events)
        }
    }

    /// Our end.
    var endpoint: Endpoint? { socket.localEndpoint }

    private func wait(for interest: Interest) throws {
        // One for each wait: hundreds of clients would hold thousands of descriptors.
        let poller = try Poller()
        try poller.add(socket.descriptor, interest: interest, token: 0)
        var events: [Readiness] = []
        while events.isEmpty { poller.wait(milliseconds: nil, into: &events) }
    }

    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            switch socket.send(bytes, from: offset) {
            case .moved(let count): offset += count
            case .wouldBlock: try wait(for: .write)
            case .failed(let error): throw error
            }
        }
    }

    /// The next `count` bytes, or fewer if the stream ends before.
    func receive(_ count: Int) throws -> [UInt8] {
        var received: [UInt8] = []
        while received.count < count {
            var buffer = [UInt8](repeating: 0, count: count - received.count)
            switch socket.receive(into: &buffer, at: 0) {
            case .moved(0): return received
            case .moved(let count): received += buffer[..<count]
            case .wouldBlock: try wait(for: .read)
            case .failed(let error): throw error
            }
        }
        return received
    }

    /// What is there, waiting for it; empty at the end of the stream.
    func receiveSome() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            switch socket.receive(into: &buffer, at: 0) {
            case .moved(let count): return Array(buffer[..<count])
            case .wouldBlock: try wait(for: .read)
            case .failed(let error): throw error
            }
        }
    }

    /// Everything up to the end of the stream.
    func receiveAll() throws -> [UInt8] {
        var received: [UInt8] = []
        while true {
            let more = try receiveSome()
            if more.isEmpty { return received }
            received += more
        }
    }

    /// Makes the closing of this socket a reset.
    func resetOnClose() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(
            socket.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Leaves little room in the kernel for what is not read.
    func shrinkReceiveBuffer() {
        try? socket.set(.receiveBufferSize, to: 2048)
    }

    /// Tears the connection down with a reset, now.
    func reset() {
        // connect(2): "dissolve the association by connecting to an address with … AF_UNSPEC".
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(socket.descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
    }

    func shutdownWriting() { socket.shutdownWriting() }
}
