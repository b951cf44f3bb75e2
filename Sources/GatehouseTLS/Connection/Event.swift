public import GatehouseCertificates
public import GatehouseCrypto

/// What happened on a connection.
@nonexhaustive
public enum Event: Sendable {
    /// A decision is due: the connection waits for `resume(with:output:)`.
    case needs(Need)
    /// The handshake is complete: application data can be sent.
    case handshakeComplete
    /// Application data, decrypted in place: the range of the buffer that was passed to `receive`.
    case applicationData(Range<Int>)
    /// A warning alert that ends nothing (`user_canceled`).
    case alertReceived(Alert)
    /// The peer will send no more (RFC 9846 §6.1). Ours can still be sent.
    case closeNotify
}

/// A decision that a connection waits for.
@nonexhaustive
public enum Need: Sendable {
    /// A server needs a credential for this client: answer with `Decision.credential`.
    case credential(ClientHelloInfo)
    /// A client needs to know whether to trust the server's certificates: answer with `.accept` or `.reject`.
    case peerVerdict(PeerCertificates)
}

/// The answer to a `Need`.
@nonexhaustive
public enum Decision: Sendable {
    /// Serve with this credential.
    case credential(Credential)
    /// Trust the peer.
    case accept
    /// End the handshake with this alert.
    case reject(AlertDescription)
}

/// What a client says of itself before a credential is chosen.
public struct ClientHelloInfo: Sendable {
    /// The host name that the client asks for, in lower case, without a trailing dot.
    public let serverName: String?
    /// The signature schemes that it accepts.
    public let signatureSchemes: [SignatureScheme]
    /// The application protocols that it offers.
    public let applicationProtocols: [[UInt8]]
}

/// The peer's certificates, to be judged.
public struct PeerCertificates: Sendable {
    /// The chain as it came, the peer's own first.
    public let chain: [Certificate]
    /// The name that the peer should have; `nil` when none was given.
    public let name: ReferenceName?
}
