import Glibc

// MARK: - Descriptors that others have opened

extension StreamSocket {
    /// Takes over a descriptor that listens already, and sees to it that it neither blocks nor is inherited. When it
    /// is none of that kind, it stays the caller's.
    package static func adoptListener(_ descriptor: Int32) throws(SystemError) -> StreamSocket {
        let operation = "listen on descriptor \(descriptor)"
        guard try option(descriptor, SOL_SOCKET, SO_ACCEPTCONN, operation) != 0,
            try option(descriptor, SOL_SOCKET, SO_TYPE, operation) == Int32(SOCK_STREAM.rawValue)
        else { throw SystemError(operation, code: EINVAL) }
        try prepare(descriptor, operation)
        return StreamSocket(adopting: descriptor)
    }

    /// Takes over a descriptor that is connected already, and sees to it that it neither blocks nor is inherited. When
    /// it is none of that kind, it stays the caller's.
    package static func adoptConnection(_ descriptor: Int32) throws(SystemError) -> Accepted {
        let operation = "serve descriptor \(descriptor)"
        guard try option(descriptor, SOL_SOCKET, SO_TYPE, operation) == Int32(SOCK_STREAM.rawValue) else {
            throw SystemError(operation, code: EINVAL)
        }
        var address = SocketAddressStorage()
        guard address.withMutablePointer({ getpeername(descriptor, $0, $1) }) == 0 else {
            throw SystemError(operation)
        }
        try prepare(descriptor, operation)
        return Accepted(socket: StreamSocket(adopting: descriptor), peer: address.endpoint)
    }

    private static func option(
        _ descriptor: Int32, _ level: Int32, _ name: Int32, _ operation: String
    ) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, level, name, &value, &length) == 0 else { throw SystemError(operation) }
        return value
    }

    private static func prepare(_ descriptor: Int32, _ operation: String) throws(SystemError) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw SystemError(operation) }
    }

    /// Where a listening socket is bound; `nil` for a Unix socket. The IPv6 wildcard that takes IPv4 too reads as
    /// ``HostAddress/any``.
    package var listeningEndpoint: Endpoint? {
        guard let endpoint = localEndpoint, endpoint.address == .anyIPv6 else { return localEndpoint }
        let isIPv6Only = try? Self.option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, "look at a socket")
        return isIPv6Only == 0 ? Endpoint(address: .any, port: endpoint.port) : endpoint
    }

    /// The path that a Unix socket is bound to; `nil` for other sockets.
    package var unixPath: String? {
        var address = SocketAddressStorage()
        return address.withMutablePointer { getsockname(descriptor, $0, $1) } == 0 ? address.unixPath : nil
    }
}

/// This process, as others know it.
package enum CurrentProcess {
    /// Its number.
    package static var identifier: Int32 { getpid() }
}
