public import GatehouseCertificates
public import GatehouseCrypto

/// What the handshake agreed on.
public struct NegotiatedSession: Sendable {
    /// The version: TLS 1.3.
    public internal(set) var protocolVersion = ProtocolVersion.tls13
    /// The cipher suite.
    public internal(set) var cipherSuite: CipherSuite
    /// The group of the key agreement.
    public internal(set) var group: NamedGroup?
    /// The scheme that the server signed with.
    public internal(set) var signatureScheme: SignatureScheme?
    /// The scheme that the peer proved its certificate with; `nil` when it showed none in this handshake.
    public internal(set) var peerSignatureScheme: SignatureScheme?
    /// The application protocol (RFC 7301), `nil` when none was negotiated.
    public internal(set) var applicationProtocol: String?
    /// The host name that the client asked for, in lower case, without a trailing dot; `nil` when it named none.
    public internal(set) var serverName: String?
    /// Whether an earlier session was resumed.
    public internal(set) var isResumed = false
    /// The round trips that the handshake took: 1, or 2 with a HelloRetryRequest.
    public internal(set) var roundTrips = 1
    /// What the peer showed of itself.
    var peer = ShownCredential.none
    /// The peer's certificates as it sent them, its own first; empty when it sent none.
    public var peerCertificates: [Certificate] { peer.certificates }
    /// The SHA-256 of the client's own certificate, 32 bytes, when no more than that is kept
    /// (`ClientCertificatePolicy.keepsOnlyFingerprint`).
    public var peerCertificateFingerprint: [UInt8]? { peer.fingerprint }
    /// The peer's public key when it showed one instead of a certificate (RFC 7250).
    public var peerRawPublicKey: RawPublicKey? { peer.rawPublicKey }
    /// The DER of the OCSP response that the peer stapled to its certificate.
    public internal(set) var peerOCSPResponse: [UInt8]?
    /// The signed certificate timestamps that came with the peer's certificate, as a serialized list.
    public internal(set) var peerSignedCertificateTimestamps: [UInt8]?
    /// Whether the peer's certificates, or its raw public key, were verified, in this handshake or in the one that is resumed.
    public internal(set) var isPeerVerified = false
    /// The identity of the external pre-shared key that was used.
    public internal(set) var preSharedKeyIdentity: [UInt8]?
    /// By how many seconds a client's ticket is older by the client's clock than by ours, on a server that resumes its
    /// session: early data is taken only when it is about the same (RFC 9846 §8.3).
    public internal(set) var ticketAgeSkew: Int64?
    /// Whether early data was taken.
    public internal(set) var isEarlyDataAccepted = false

    init(cipherSuite: CipherSuite) {
        self.cipherSuite = cipherSuite
    }
}
