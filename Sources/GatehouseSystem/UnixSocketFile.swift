import CSystem
import Glibc

/// The file that a listening Unix socket stands in: it outlives the socket, so somebody has to remove it.
package struct UnixSocketFile: Sendable, Hashable {
    /// The longest path that fits into an address (unix(7)), in bytes.
    package static let maximumPathLength = 107

    package let path: String
    private let device: UInt64
    private let inode: UInt64

    /// The socket that stands at the path now; `nil` if there is none.
    package init?(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// Removes the file if it is still the same: another process may have put its own in the place.
    package func remove() {
        guard UnixSocketFile(at: path) == self else { return }
        _ = unlink(path)
    }
}

// MARK: - Listening and connecting

extension StreamSocket {
    /// Listens at a path. A socket that stands there and that nobody listens on any more is replaced.
    ///
    /// - Parameter permissions: who may connect: writing is what counts (unix(7)). There is no moment at which others
    ///   may.
    package static func listen(
        unixPath path: String, permissions: UInt32, backlog: Int32
    ) throws(SystemError) -> StreamSocket {
        let socket = try open(unixPath: path, operation: "listen on \(path)")
        // The kernel makes the file with the socket's own permissions, less those of the umask: first the narrower of
        // both, then exactly what was asked for.
        guard fchmod(socket.descriptor, permissions) == 0 else { throw SystemError("listen on \(path)") }
        try socket.bind(toUnixPath: path)
        guard chmod(path, permissions) == 0, Glibc.listen(socket.descriptor, backlog) == 0 else {
            let error = SystemError("listen on \(path)")
            _ = unlink(path)
            throw error
        }
        return socket
    }

    private func bind(toUnixPath path: String) throws(SystemError) {
        let address = SocketAddressStorage(unixPath: path)
        if address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 { return }
        guard errno == EADDRINUSE, let abandoned = UnixSocketFile(at: path), Self.isAbandoned(path) else {
            throw SystemError("listen on \(path)")
        }
        abandoned.remove()
        guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw SystemError("listen on \(path)")
        }
    }

    /// Whether nobody listens on the socket at the path.
    private static func isAbandoned(_ path: String) -> Bool {
        do {
            _ = try connect(toUnixPath: path)
            return false
        } catch {
            return error.isConnectionRefused
        }
    }

    /// Connects to whoever listens at a path. That takes no time: it succeeds or fails at once.
    package static func connect(toUnixPath path: String) throws(SystemError) -> StreamSocket {
        let socket = try open(unixPath: path, operation: "connect to \(path)")
        let result = SocketAddressStorage(unixPath: path).withPointer { Glibc.connect(socket.descriptor, $0, $1) }
        guard result == 0 else { throw SystemError("connect to \(path)") }
        return socket
    }

    private static func open(unixPath path: String, operation: String) throws(SystemError) -> StreamSocket {
        let bytes = path.utf8
        guard !bytes.isEmpty, bytes.count <= UnixSocketFile.maximumPathLength, !bytes.contains(0) else {
            throw SystemError(operation, code: ENAMETOOLONG)
        }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SystemError("open a socket") }
        return StreamSocket(adopting: descriptor)
    }
}

extension SocketAddressStorage {
    /// The address of a Unix socket; a path that is too long is cut.
    init(unixPath path: String) {
        self.init()
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // The last byte stays zero.
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8.prefix(room.count - 1))
        }
        store(address)
    }

    /// The path of a Unix socket; `nil` for other families and for sockets without one.
    var unixPath: String? {
        guard Int32(storage.ss_family) == AF_UNIX else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            // Behind the family stands the path, up to a zero byte or the end.
            let path = bytes.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
            return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
        }
    }
}
