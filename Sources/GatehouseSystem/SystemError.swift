import Glibc

/// A call to the operating system that failed: what was tried, and the system's error number with its text.
public struct SystemError: Error, Sendable, Hashable {
    /// What was tried, as a person would say it: `open /etc/key.pem`.
    public let operation: String
    /// The system's `errno`.
    public let code: Int32

    package init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    /// The system's text for the error number, such as `No such file or directory`.
    public var reason: String {
        // The pointer is never null, and the C library keeps the text alive until this thread's next call.
        String(cString: strerror(code))
    }
}

extension SystemError: CustomStringConvertible {
    /// One line for a person: `cannot open /etc/key.pem: No such file or directory`.
    public var description: String { "cannot \(operation): \(reason)" }
}

extension SystemError {
    /// The process or the system has no descriptors or no memory left; waiting may help.
    package var isResourceShortage: Bool {
        [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(code)
    }

    /// The other side tore the connection down.
    package var isReset: Bool {
        [ECONNRESET, EPIPE, ENOTCONN].contains(code)
    }

    /// The address is taken by another listener.
    package var isAddressInUse: Bool { code == EADDRINUSE }

    /// The address does not belong to this machine.
    package var isAddressUnavailable: Bool { code == EADDRNOTAVAIL }

    /// Permission was refused, for example for a port below 1024.
    package var isAccessRefused: Bool { code == EACCES || code == EPERM }

    /// The system does not know the address family or refuses the arguments.
    package var isInvalid: Bool { [EINVAL, EAFNOSUPPORT, EBADF, ENOTSOCK, EOPNOTSUPP, ENOPROTOOPT].contains(code) }

    /// Nobody listens there.
    package var isConnectionRefused: Bool { code == ECONNREFUSED }

    /// There is no file at the path.
    package var isAbsent: Bool { code == ENOENT }

    /// The connection attempt was given up by the system.
    package var isTimeout: Bool { code == ETIMEDOUT }
}
