import GatehouseSystem

/// A listening socket, shared by the acceptors of all loops. It closes when the last of them lets go.
final class Listener: Sendable {
    let socket: StreamSocket
    /// Where it listens; `nil` for a Unix socket.
    let endpoint: Endpoint?
    /// Where a Unix socket listens.
    let path: String?
    /// The file of a Unix socket that goes with the listener.
    private let file: UnixSocketFile?

    /// - Parameter ownsFile: whether the file of a Unix socket goes when listening ends.
    init(_ socket: consuming StreamSocket, ownsFile: Bool) {
        endpoint = socket.listeningEndpoint
        path = socket.unixPath
        file = ownsFile ? path.flatMap { UnixSocketFile(at: $0) } : nil
        self.socket = socket
    }

    var ownsFile: Bool { file != nil }

    /// Nobody listens any more: the file of a Unix socket would only mislead clients.
    func removeFile() {
        file?.remove()
    }
}
