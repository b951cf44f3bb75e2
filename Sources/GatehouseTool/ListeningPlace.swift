import Gatehouse
import GatehouseSystem

/// Where `serve` listens.
enum ListeningPlace {
    static let options = [
        Option("--address", "A", help: "the address to listen on, or \"any\" (default 127.0.0.1)"),
        Option("--port", "N", help: "the port, 0 for any that is free (default 4433)"),
        Option(
            "--listen", "PLACE",
            help: "unix:PATH, or systemd or systemd:NAME for a socket that was handed over (sd_listen_fds)"),
    ]

    case internet(Endpoint)
    case unix(String)
    case activated(SocketActivation.Socket)

    init(_ options: OptionParser.Result) throws(UsageError) {
        guard let place = options.value("--listen") else {
            let address = try Self.address(options.value("--address") ?? "127.0.0.1")
            let port = UInt16(try options.number("--port", in: 0...65535) ?? 4433)
            self = .internet(Endpoint(address: address, port: port))
            return
        }
        guard !options.has("--address"), !options.has("--port") else {
            throw UsageError("--listen stands in the place of --address and --port")
        }
        let parts = place.split(separator: ":", maxSplits: 1).map(String.init)
        switch parts.first {
        case "unix" where parts.count == 2: self = .unix(parts[1])
        case "systemd":
            let sockets = SocketActivation.sockets
            guard let socket = sockets.first(where: { parts.count == 1 || $0.name == parts[1] }) else {
                throw UsageError("no such socket was handed to this process")
            }
            self = .activated(socket)
        default: throw UsageError("--listen is unix:PATH, systemd or systemd:NAME, not \(place)")
        }
    }

    private static func address(_ text: String) throws(UsageError) -> HostAddress {
        if text == "any" { return .any }
        guard let address = HostAddress(text) else { throw UsageError("\"\(text)\" is no IP address") }
        return address
    }

    func listen(_ server: SSLServer) async throws(UsageError) {
        do {
            switch self {
            case .internet(let endpoint): try await server.listen(address: endpoint.address, port: endpoint.port)
            case .unix(let path): try await server.listen(unixSocket: path)
            case .activated(let socket): try await server.setSocketDescriptor(socket.descriptor)
            }
        } catch {
            throw UsageError("cannot listen on \(self): \(error.reason)")
        }
    }
}

extension ListeningPlace: CustomStringConvertible {
    var description: String {
        switch self {
        case .internet(let endpoint): endpoint.description
        case .unix(let path): "unix:\(path)"
        case .activated(let socket): "descriptor \(socket.descriptor)"
        }
    }
}

extension SSLServer {
    /// Where the server listens, for a person.
    var listeningDescription: String {
        if let serverAddress { return Endpoint(address: serverAddress, port: serverPort).description }
        return "unix:\(serverPath ?? "")"
    }
}
