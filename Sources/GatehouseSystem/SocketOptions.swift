import CSystem
import Glibc

/// An option of a connection, with the unit of its value. A switch is 0 for off and 1 for on.
public enum SocketOption: Sendable, Hashable, CaseIterable {
    /// A switch: small writes are sent at once and not gathered (`TCP_NODELAY`).
    case lowDelay
    /// A switch: a silent peer is asked whether it is still there (`SO_KEEPALIVE`).
    case keepAlive
    /// After how many seconds of silence the peer is asked (`TCP_KEEPIDLE`).
    case keepAliveIdle
    /// How many seconds lie between two questions (`TCP_KEEPINTVL`).
    case keepAliveInterval
    /// After how many questions without an answer the connection is broken (`TCP_KEEPCNT`).
    case keepAliveCount
    /// The kernel's buffer for what is to be sent, in bytes (`SO_SNDBUF`). Linux doubles what is set.
    case sendBufferSize
    /// The kernel's buffer for what has come, in bytes (`SO_RCVBUF`). Linux doubles what is set.
    case receiveBufferSize
    /// The byte with the class of the traffic in every packet's header (`IP_TOS`, `IPV6_TCLASS`).
    case typeOfService
}

extension SocketOption {
    /// Where the system keeps it. The traffic class depends on the packets that go out: a dual-stack socket has both.
    fileprivate func place(isIPv4: Bool) -> (level: Int32, name: Int32) {
        switch self {
        case .lowDelay: (Int32(IPPROTO_TCP), TCP_NODELAY)
        case .keepAlive: (SOL_SOCKET, SO_KEEPALIVE)
        case .keepAliveIdle: (Int32(IPPROTO_TCP), TCP_KEEPIDLE)
        case .keepAliveInterval: (Int32(IPPROTO_TCP), TCP_KEEPINTVL)
        case .keepAliveCount: (Int32(IPPROTO_TCP), TCP_KEEPCNT)
        case .sendBufferSize: (SOL_SOCKET, SO_SNDBUF)
        case .receiveBufferSize: (SOL_SOCKET, SO_RCVBUF)
        case .typeOfService: isIPv4 ? (Int32(IPPROTO_IP), IP_TOS) : (Int32(IPPROTO_IPV6), IPV6_TCLASS)
        }
    }
}

extension StreamSocket {
    /// Sets an option of a connected socket.
    package func set(_ option: SocketOption, to value: Int) throws(SystemError) {
        guard var value = Int32(exactly: value) else { throw SystemError("set \(option)", code: EINVAL) }
        let place = option.place(isIPv4: isIPv4)
        // All these options are one C int.
        guard setsockopt(descriptor, place.level, place.name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw SystemError("set \(option)")
        }
    }

    /// The value of an option of a connected socket.
    package func value(of option: SocketOption) throws(SystemError) -> Int {
        let place = option.place(isIPv4: isIPv4)
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, place.level, place.name, &value, &length) == 0 else {
            throw SystemError("read \(option)")
        }
        return Int(value)
    }

    private var isIPv4: Bool { peerEndpoint?.address.isIPv4 ?? true }

    /// How many bytes have come that nobody has read from the kernel.
    package var bytesWaiting: Int {
        var count: Int32 = 0
        // FIONREAD writes one C int; where the system refuses it stays 0.
        _ = bytes_waiting(descriptor, &count)
        return Int(max(count, 0))
    }
}
