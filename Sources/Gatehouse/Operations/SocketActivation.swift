import GatehouseSystem

/// Listening sockets that somebody has opened for this process: systemd, a container's supervisor, or a shell, by the
/// protocol of sd_listen_fds(3). They may have been opened with rights that the process does not have, and they live
/// on while it is restarted: no connection is refused meanwhile.
///
/// ```swift
/// if let socket = SocketActivation.sockets.first(where: { $0.name == "https" }) {
///     try await server.setSocketDescriptor(socket.descriptor)
/// } else {
///     try await server.listen(address: .any, port: 443)
/// }
/// ```
public enum SocketActivation {
    /// A socket that was handed to this process.
    public struct Socket: Sendable, Hashable {
        /// What it was opened for (`FileDescriptorName=` of systemd.socket(5)); `unknown` when nobody said.
        public let name: String
        /// The descriptor. Each is for one server, once.
        public let descriptor: Int32
    }

    /// The sockets for this process, in their order; empty when there are none, or when those that the environment
    /// tells of are for another process. Looking does not use them up.
    public static var sockets: [Socket] {
        sockets(
            process: CurrentProcess.identifier, forProcess: Environment.value(of: "LISTEN_PID"),
            count: Environment.value(of: "LISTEN_FDS"), names: Environment.value(of: "LISTEN_FDNAMES"))
    }

    /// The first descriptor that is handed over (SD_LISTEN_FDS_START).
    private static let first: Int32 = 3

    package static func sockets(
        process: Int32, forProcess: String?, count: String?, names: String?
    ) -> [Socket] {
        guard let forProcess, Int32(forProcess) == process,
            let count = count.flatMap({ Int32($0) }), (1...1024).contains(count)
        else { return [] }
        let names = names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        return (0..<count).map { index in
            let name = names.dropFirst(Int(index)).first ?? ""
            return Socket(name: name.isEmpty ? "unknown" : name, descriptor: first + index)
        }
    }
}
