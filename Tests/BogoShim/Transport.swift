import GatehouseSystem

/// The connection to the runner. Reading and writing wait.
struct Transport: ~Copyable {
    private let socket: StreamSocket
    private let poller: Poller

    private init(_ socket: consuming StreamSocket, _ poller: Poller) {
        self.socket = socket
        self.poller = poller
    }

    /// Connects and says which shim this is: the runner runs several at a time.
    static func connect(_ options: Options) throws(ShimError) -> Transport {
        let address: HostAddress = options.usesIPv6 ? .localHostIPv6 : .localHost
        let endpoint = Endpoint(address: address, port: UInt16(truncatingIfNeeded: options.port))
        let transport: Transport
        do throws(SystemError) {
            let poller = try Poller()
            let socket = try StreamSocket.connect(to: endpoint)
            try poller.add(socket.descriptor, interest: .write, token: 0)
            transport = Transport(socket, poller)
        } catch {
            throw .transport(error)
        }
        transport.socket.setNoDelay()
        transport.wait(for: .write)
        let shimID = UInt64(truncatingIfNeeded: options.shimID)
        try transport.write((0..<8).map { UInt8(truncatingIfNeeded: shimID >> (8 * $0)) })
        return transport
    }

    private func wait(for interest: Interest) {
        var ready: [Readiness] = []
        // A poller that cannot change its interest leaves the old one, and the call after it says what is wrong.
        try? poller.modify(socket.descriptor, interest: interest, token: 0)
        poller.wait(milliseconds: nil, into: &ready)
    }

    /// Appends what arrives, at most `limit` bytes; `false` at the end of the stream.
    func read(atMost limit: Int, into buffer: inout [UInt8]) throws(ShimError) -> Bool {
        var part = [UInt8](repeating: 0, count: limit)
        while true {
            switch socket.receive(into: &part, at: 0) {
            case .moved(let count):
                buffer += part.prefix(count)
                return count > 0
            case .wouldBlock: wait(for: .read)
            case .failed(let error): throw .transport(error)
            }
        }
    }

    func write(_ bytes: [UInt8]) throws(ShimError) {
        var position = 0
        while position < bytes.count {
            switch socket.send(bytes, from: position) {
            case .moved(let count): position += count
            case .wouldBlock: wait(for: .write)
            case .failed(let error): throw .transport(error)
            }
        }
    }

    /// Ends our stream and reads the other to its end, so that what was sent arrives before the connection goes.
    consuming func finish() {
        socket.shutdownWriting()
        var rest: [UInt8] = []
        do {
            while try read(atMost: 1 << 14, into: &rest) { rest = [] }
        } catch {
            // The runner has closed already: all the same here.
        }
    }
}
