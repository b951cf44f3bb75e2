import GatehouseCertificates
import GatehouseCrypto

/// A session that a client can resume with a later connection to the same server.
///
/// Each is used once: a second connection with the same ticket can be linked to the first (RFC 9846 §C.4).
public struct ClientSession: Sendable {
    let ticket: [UInt8]
    let state: SessionState

    /// The name of the server, as `ClientConnection` was given it.
    public var serverName: String? { state.binding.serverName }
    /// Seconds since 1970: from then on the session is not offered.
    public var expiry: Int64 {
        min(state.issuedAt + Int64(state.lifetime), state.authenticatedAt + Limits.sessionAge, state.authenticationEnds)
    }
    /// How much early data the server would take, in bytes; 0: none.
    public var maximumEarlyDataSize: Int { Int(state.maxEarlyDataSize) }
    /// Whether the server resumes the session also under the other names of its certificate
    /// (draft-ietf-tls-cross-sni-resumption): a connection to one of them can be given it as well.
    public var isResumableAcrossNames: Bool { state.isResumableAcrossNames }

    init(ticket: [UInt8], state: SessionState) {
        self.ticket = ticket
        self.state = state
    }

    /// The session as bytes, to be kept. They are a secret: who has them can pose as this client.
    public func exported() -> [UInt8] {
        var writer = ByteWriter(reserving: 1024)
        writer.writeOpaque(.ticket, ticket)
        writer.write(state.encoded())
        return writer.bytes
    }

    /// A session from what `exported()` gave.
    ///
    /// - Throws: `TLSError.invalidMessage` when the bytes are no session.
    public init(importing bytes: [UInt8]) throws(TLSError) {
        var reader = ByteReader(bytes.span)
        ticket = try reader.readOpaque(.ticket)
        state = try SessionState(decoding: reader.readRest())
    }

    /// Whether the session may be offered.
    func isUsable(at now: Int64, _ configuration: ClientConfiguration, _ name: ReferenceName?) -> Bool {
        guard let parameters = CipherSuiteParameters(state.cipherSuite) else { return false }
        // RFC 9846 §4.7.1: "Clients MUST only resume if the new SNI value is valid for the server certificate presented in
        // the original session, and SHOULD only resume if the SNI value matches the one used in the original session."
        var binding = configuration.binding(name?.sessionName)
        if isResumableAcrossNames, let name, let leaf = state.peer.certificates.first, leaf.isIssued(for: name) {
            binding.serverName = state.binding.serverName
        }
        return state.isUsable(at: now, binding)
            && configuration.verification.allowsResumption(with: state.peer, configuration.acceptedCertificateTypes)
            && configuration.cipherSuites.contains { CipherSuiteParameters($0)?.hash == parameters.hash }
    }
}

/// A pre-shared key as a client offers it.
struct OfferedKey: Sendable {
    let identity: PSKIdentity
    let secret: SharedSecret
    let hash: HashAlgorithm
    let origin: PreSharedKeyOrigin
    /// The session that it resumes; `nil` for an external key.
    let session: ClientSession?

    init(_ key: PreSharedKey) {
        // RFC 9846 §4.3.11: "For identities established externally, an obfuscated_ticket_age of 0 SHOULD be used".
        identity = PSKIdentity(identity: key.identity, obfuscatedTicketAge: 0)
        secret = key.secret
        hash = key.hash
        origin = key.origin
        session = nil
    }

    init?(_ session: ClientSession, now: Int64) {
        guard let parameters = CipherSuiteParameters(session.state.cipherSuite) else { return nil }
        let age = UInt32(truncatingIfNeeded: max(now - session.state.issuedAt, 0) * 1000)
        identity = PSKIdentity(
            identity: session.ticket, obfuscatedTicketAge: age &+ session.state.ticketAgeAdd)
        secret = session.state.preSharedKey
        hash = parameters.hash
        origin = .resumption
        self.session = session
    }
}
