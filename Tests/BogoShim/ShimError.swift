import GatehouseSystem
import GatehouseTLS

/// Why the shim does not end well.
enum ShimError: Error {
    /// The runner skips the test.
    case notImplemented(String)
    /// The connection failed, as the test may want it to.
    case tls(TLSError)
    /// What came of the connection is not what the test expects, or a file of the runner's cannot be used.
    case unexpected(String)
    /// The connection to the runner broke.
    case transport(SystemError)

    /// What the runner understands: 89 for "not implemented".
    var exitCode: Int32 {
        switch self {
        case .notImplemented: 89
        case .tls, .unexpected, .transport: 1
        }
    }
}

extension ShimError: CustomStringConvertible {
    /// For a failure of the protocol, the names of the error's cases between colons, innermost last, as `config.json`
    /// maps them to the runner's: `:peerMisbehaved:invalidSignature:`.
    var description: String {
        switch self {
        case .notImplemented(let what): "not implemented: \(what)"
        case .tls(let error): ":" + Self.names(of: error).joined(separator: ":") + ":"
        case .unexpected(let what): what
        case .transport(let error): "\(error)"
        }
    }

    private static func names(of error: Any) -> [String] {
        // Alerts are told by their names; their level says nothing in TLS 1.3.
        if let alert = error as? Alert { return [alert.description.description] }
        if let alert = error as? AlertDescription { return [alert.description] }
        guard let payload = Mirror(reflecting: error).children.first, let name = payload.label else {
            return ["\(error)"]
        }
        return [name] + names(of: payload.value)
    }
}
