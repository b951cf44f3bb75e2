import CSystem
import Glibc

/// A stream socket, of TCP or of the Unix family, that never blocks and closes its descriptor when it goes.
package struct StreamSocket: ~Copyable, Sendable {
    /// The descriptor; it stays this socket's own.
    package let descriptor: Int32

    /// What a transfer came to.
    package enum Transfer: Sendable, Hashable {
        /// So many bytes went over. Zero on reading means that the other side ended its stream.
        case moved(Int)
        /// Nothing can move now.
        case wouldBlock
        /// The connection is broken.
        case failed(SystemError)
    }

    /// Takes the descriptor over.
    package init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    private static func open(_ family: Int32) throws(SystemError) -> StreamSocket {
        // Linux takes both flags with the type, so that no other thread can fork in between.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family, type, Int32(IPPROTO_TCP))
        guard descriptor >= 0 else { throw SystemError("open a socket") }
        return StreamSocket(adopting: descriptor)
    }

    private func set(_ level: Int32, _ option: Int32, to value: Int32) {
        var value = value
        // The options set here exist on every system this file compiles on, and a refusal changes nothing essential.
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The two ends, as the system knows them.
    package var localEndpoint: Endpoint? {
        var address = SocketAddressStorage()
        return address.withMutablePointer { getsockname(descriptor, $0, $1) } == 0 ? address.endpoint : nil
    }

    package var peerEndpoint: Endpoint? {
        var address = SocketAddressStorage()
        return address.withMutablePointer { getpeername(descriptor, $0, $1) } == 0 ? address.endpoint : nil
    }

    /// Switches Nagle's algorithm off: records go out when they are written.
    package func setNoDelay() {
        set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1)
    }
}

// MARK: - Listening

extension StreamSocket {
    /// Binds and listens. Port 0 lets the system choose; ``HostAddress/any`` takes IPv4 and IPv6, and falls back to
    /// IPv4 on a machine without IPv6.
    package static func listen(on endpoint: Endpoint, backlog: Int32) throws(SystemError) -> StreamSocket {
        guard endpoint.address == .any else {
            return try listen(endpoint, backlog: backlog, dualStack: false)
        }
        do {
            return try listen(endpoint, backlog: backlog, dualStack: true)
        } catch  where error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL {
            let fallback = Endpoint(address: .anyIPv4, port: endpoint.port)
            return try listen(fallback, backlog: backlog, dualStack: false)
        }
    }

    private static func listen(
        _ endpoint: Endpoint, backlog: Int32, dualStack: Bool
    ) throws(SystemError) -> StreamSocket {
        let socket = try open(endpoint.address.isIPv4 ? AF_INET : AF_INET6)
        // A restarted server gets its port back although old connections linger in TIME_WAIT.
        socket.set(SOL_SOCKET, SO_REUSEADDR, to: 1)
        if !endpoint.address.isIPv4 { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: dualStack ? 0 : 1) }
        guard SocketAddressStorage(endpoint).withPointer({ bind(socket.descriptor, $0, $1) }) == 0,
            Glibc.listen(socket.descriptor, backlog) == 0
        else { throw SystemError("listen on \(endpoint)") }
        return socket
    }

    /// A connection that came in.
    package struct Accepted: ~Copyable, Sendable {
        package let socket: StreamSocket
        /// `nil` for a client of a Unix socket, and for one that is gone already.
        package let peer: Endpoint?

        package consuming func take() -> StreamSocket { socket }
    }

    /// Takes the next connection from the kernel's queue; `nil` when there is none. A connection that was torn down
    /// while it stood in the queue is passed over.
    package func accept() throws(SystemError) -> Accepted? {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        while true {
            var address = SocketAddressStorage()
            let descriptor = address.withMutablePointer { accept4(self.descriptor, $0, $1, flags) }
            if descriptor >= 0 {
                let socket = StreamSocket(adopting: descriptor)
                return Accepted(socket: socket, peer: address.endpoint)
            }
            switch errno {
            case EAGAIN: return nil
            // accept(2): "already-pending network errors … for reliable operation the application should … treat them
            // like EAGAIN by retrying".
            case EINTR, ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH:
                continue
            default: throw SystemError("accept a connection")
            }
        }
    }
}

// MARK: - Connecting

extension StreamSocket {
    /// Starts to connect. The socket is writable when the attempt is over; ``connectionError`` tells how it ended.
    package static func connect(to endpoint: Endpoint) throws(SystemError) -> StreamSocket {
        let socket = try open(endpoint.address.isIPv4 ? AF_INET : AF_INET6)
        let result = SocketAddressStorage(endpoint).withPointer { Glibc.connect(socket.descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS || errno == EINTR else {
            throw SystemError("connect to \(endpoint)")
        }
        return socket
    }

    /// The error of a finished connection attempt; `nil` when it succeeded.
    package func connectionError(to endpoint: Endpoint) -> SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
            return SystemError("connect to \(endpoint)")
        }
        return code == 0 ? nil : SystemError("connect to \(endpoint)", code: code)
    }
}

// MARK: - Moving bytes

extension StreamSocket {
    /// Reads into the buffer from `offset` on, as much as fits.
    package func receive(into buffer: inout [UInt8], at offset: Int) -> Transfer {
        buffer.withUnsafeMutableBytes { bytes in
            // Rebasing the tail checks the offset.
            let room = UnsafeMutableRawBufferPointer(rebasing: bytes[offset...])
            return transfer("read from the connection") { recv(descriptor, room.baseAddress, room.count, 0) }
        }
    }

    /// Writes what the kernel takes of the bytes from `offset` on.
    package func send(_ bytes: [UInt8], from offset: Int) -> Transfer {
        bytes.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            // Without the flag a connection that the peer has closed would end the process with SIGPIPE.
            return transfer("write to the connection") {
                Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    private func transfer(_ operation: String, _ call: () -> Int) -> Transfer {
        while true {
            let count = call()
            if count >= 0 { return .moved(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(SystemError(operation))
            }
        }
    }

    /// Ends our stream: the peer reads the end after what was sent.
    package func shutdownWriting() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }
}
