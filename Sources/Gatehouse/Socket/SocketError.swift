package import GatehouseSystem
import GatehouseTLS

/// What went wrong with a socket or a server.
public enum SocketError: Sendable, Hashable {
    /// Nobody listens at the address.
    case connectionRefused
    /// The peer ended the connection: before the handshake was complete, or without `close_notify`.
    case remoteHostClosed
    /// The host's name has no address.
    case hostNotFound
    /// Permission was refused, for example for a port below 1024.
    case socketAccess
    /// No descriptors or no memory are left, or the connection had to make room for others.
    case socketResource
    /// The handshake, connecting, or an answer took too long.
    case socketTimeout
    /// The network failed.
    case network
    /// Another server listens there.
    case addressInUse
    /// The address does not belong to this machine.
    case socketAddressNotAvailable
    /// The system does not support what was asked.
    case unsupportedSocketOperation
    /// The operation does not fit the object's state.
    case operation
    /// The handshake failed, or a client's authentication after it: an alert was sent or received, or the peer's
    /// certificate was refused.
    case sslHandshakeFailed
    /// A record error after the handshake.
    case sslInternal
    /// The local certificate, key or settings cannot be used.
    case sslInvalidUserData
    /// A trusted proxy has not said who its client is, or not as the PROXY protocol wants it.
    case proxyProtocol
    /// The client's first byte was not that of a TLS handshake.
    case notTLS
}

extension SocketError {
    /// What a failed call of the system means.
    init(_ error: SystemError) {
        self =
            if error.isResourceShortage {
                .socketResource
            } else if error.isReset {
                .remoteHostClosed
            } else if error.isAddressInUse {
                .addressInUse
            } else if error.isAddressUnavailable {
                .socketAddressNotAvailable
            } else if error.isAccessRefused {
                .socketAccess
            } else if error.isConnectionRefused {
                .connectionRefused
            } else if error.isTimeout {
                .socketTimeout
            } else {
                .network
            }
    }
}

/// A ``SocketError`` with its reason, as it is thrown.
public struct SocketFailure: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public let error: SocketError
    /// Why, as one line for a person.
    public let reason: String
    /// How the connection ended, if that is the reason.
    public let ending: Ending?

    init(_ error: SocketError, _ reason: String, ending: Ending? = nil) {
        self.error = error
        self.reason = reason
        self.ending = ending
    }

    init(_ error: SystemError) {
        self.init(SocketError(error), error.description)
    }

    init(_ error: ConfigurationError) {
        self.init(.sslInvalidUserData, error.description)
    }

    /// What listening failed with. The commonest reasons have a text of their own.
    package init(listening error: SystemError) {
        let code: SocketError = error.isInvalid ? .unsupportedSocketOperation : SocketError(error)
        let reason =
            switch code {
            case .addressInUse: "The bound address is already in use"
            case .socketAddressNotAvailable: "The address is not available"
            case .socketAccess: "The address is protected"
            default: error.description
            }
        self.init(code, reason)
    }

    /// The reason.
    public var description: String { reason }
}

/// Where a socket stands.
public enum SocketState: Sendable, Hashable {
    /// Not connected, or not any more.
    case unconnected
    /// The host's name is being looked up.
    case hostLookup
    /// The TCP connection is being made.
    case connecting
    /// The TCP connection stands; ``SSLSocket/isEncrypted`` tells whether the handshake is complete.
    case connected
    /// What is left to write is being written, then the connection ends.
    case closing
}

/// Whether a connection speaks TLS, and in which role.
public enum SSLMode: Sendable, Hashable {
    /// Nothing of TLS has been sent or received.
    case unencrypted
    /// TLS, as the client.
    case sslClient
    /// TLS, as the server.
    case sslServer
}

/// How a connection ended.
public enum Ending: Sendable, Hashable {
    /// The peer said that it would send no more: nothing was lost (RFC 9846 §6.1).
    case closeNotify
    /// The peer's stream ended without `close_notify`: data may be missing.
    case truncated
    /// The connection was torn down.
    case reset
    /// We ended it.
    case local
    /// An error ended it, on either side: ``SSLSocket/errorOccurred`` came before.
    case failed
}
