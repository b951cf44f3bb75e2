public import GatehouseCrypto
public import GatehouseTLS
import Synchronization

/// The answer that a paused connection waits for. The first one counts, from whatever thread it comes; when nobody
/// holds the right to answer any more, none will come.
final class PendingAnswer<Answer: Sendable>: Sendable {
    private let deliver: Mutex<(@Sendable (Answer?) -> Void)?>

    /// - Parameter deliver: called once, on whatever thread; with `nil` when nobody has answered.
    init(_ deliver: @escaping @Sendable (Answer?) -> Void) {
        self.deliver = Mutex(deliver)
    }

    func give(_ answer: Answer?) {
        let deliver = deliver.withLock { deliver in
            defer { deliver = nil }
            return deliver
        }
        deliver?(answer)
    }

    deinit {
        give(nil)
    }
}

/// What is wrong with the peer's certificate, and the right to decide about it.
///
/// Decide in the slot, or keep the value and decide later, from any thread, before the handshake's time is over:
///
/// ```swift
/// server.sslErrors.connect { server, socket, decision in
///     Task { await directory.knows(decision.errors) ? decision.ignore() : decision.reject() }
/// }
/// ```
///
/// The first answer counts. When nobody has answered and nobody keeps the value, ``SSLSocket/ignoreSSLErrors()`` and its
/// like decide, and otherwise ``PeerVerifyMode``: only ``PeerVerifyMode/query`` goes on.
public struct SSLErrorsDecision: Sendable {
    /// Every problem that was found, in the order in which OpenSSL's callers know them.
    public let errors: [SSLError]
    /// What the peer has shown, its own certificate first; empty when it has shown none, or a raw public key.
    public let peerCertificateChain: [SSLCertificate]
    let answer: PendingAnswer<Bool>

    /// Goes on in spite of all of them. The peer then counts as not verified, and the session is not resumed later.
    public func ignore() { answer.give(true) }

    /// Ends the handshake, with the alert that fits the first error.
    public func reject() { answer.give(false) }
}

/// One problem of the peer's certificate that interrupts the handshake, and the right to decide about it.
///
/// The first answer counts. When nobody has answered and nobody keeps the value, the handshake ends, unless
/// ``SSLSocket/continueInterruptedHandshake()`` was called.
public struct HandshakeInterruption: Sendable {
    /// The problem.
    public let error: SSLError
    /// What the peer has shown, its own certificate first; empty when it has shown none, or a raw public key.
    public let peerCertificateChain: [SSLCertificate]
    let answer: PendingAnswer<Bool>

    /// Goes on to the next problem, and to `sslErrors` after the last one, where they have to be ignored as well.
    public func proceed() { answer.give(true) }

    /// Ends the handshake, with the alert that fits the problem.
    public func reject() { answer.give(false) }
}

/// A client offers a pre-shared key by this name, and the server has none: the right to supply it.
///
/// The first answer counts. When nobody has answered and nobody keeps the value, the key is not known, and
/// ``SSLConfiguration/preSharedKeyPolicy`` says what that means.
public struct PreSharedKeyAuthenticator: Sendable {
    enum Answer: Sendable {
        case key(PreSharedKey)
        case reject
    }

    /// What the client calls the key: bytes of any value, of the client's choosing.
    public let identity: [UInt8]
    let answer: PendingAnswer<Answer>

    /// Supplies the key.
    ///
    /// - Parameters:
    ///   - preSharedKey: at least 16 bytes, from a random generator.
    ///   - hash: the hash that it was agreed with (RFC 9846 §4.3.11); only cipher suites with this hash can use it.
    /// - Throws: `ConfigurationError` when the key is too short.
    public func supply(_ preSharedKey: [UInt8], hash: HashAlgorithm = .sha256) throws(ConfigurationError) {
        answer.give(.key(try PreSharedKey(identity: identity, key: preSharedKey, hash: hash)))
    }

    /// Ends the handshake, whatever the policy: as an unknown key does where one is required.
    public func reject() { answer.give(.reject) }
}

/// A connection needs a credential, and the right to choose it.
///
/// The first answer counts. When nobody has answered and nobody keeps the value, a server's handshake ends, and a client
/// goes on without a certificate.
public struct CredentialRequest: Sendable {
    /// The host name that a client asks for, in lower case, without a trailing dot; `nil` when it names none, and on a
    /// client.
    public let serverName: String?
    /// The signature schemes that the peer accepts.
    public let signatureSchemes: [SignatureScheme]
    /// The application protocols that a client offers; empty on a client.
    public let applicationProtocols: [[UInt8]]
    /// The names of the authorities that the peer knows, DER-encoded; empty when it does not say.
    public let certificateAuthorities: [[UInt8]]
    /// Extensions that a server wants the certificate to have; empty when it does not say, and on a server.
    public let oidFilters: [OIDFilter]
    let answer: PendingAnswer<Credential>

    /// Shows this credential.
    public func use(_ credential: Credential) { answer.give(credential) }
}

/// A connection needs a signature by a key that is held elsewhere, and the right to give it.
///
/// The first answer counts. When nobody has answered and nobody keeps the value, the handshake ends with an
/// `internal_error` alert.
public struct PendingSignature: Sendable {
    /// What to sign, how, and with whose key.
    public let request: SignatureRequest
    let answer: PendingAnswer<[UInt8]>

    /// Gives the signature.
    public func supply(_ signature: [UInt8]) { answer.give(signature) }
}

/// A client is to get tickets, and the right to make them.
///
/// The first answer counts. When nobody has answered and nobody keeps the value, the client gets none.
public struct TicketSealing: Sendable {
    /// What each ticket has to carry: some hundred bytes, more with a client's certificates. They are a secret: who has
    /// them can pose as the client, and read what it sends early.
    public let sessions: [[UInt8]]
    let answer: PendingAnswer<[[UInt8]?]>

    /// Gives the tickets, in the order of the sessions: each 1 to 4096 bytes, which keep the session secret and show any
    /// change. `nil` in the place of one, and any that is missing at the end: for that session there is none.
    public func supply(_ tickets: [[UInt8]?]) { answer.give(tickets) }
}

/// A client offers what may be tickets, and the right to open them.
///
/// The first answer counts. When nobody has answered and nobody keeps the value, none of them is a ticket, and a full
/// handshake follows.
public struct TicketOpening: Sendable {
    /// What the client offers, whatever it is.
    public let tickets: [[UInt8]]
    let answer: PendingAnswer<[[UInt8]?]>

    /// Gives the sessions, in the order of the tickets. `nil` in the place of one, and any that is missing at the end:
    /// that was no ticket of ours.
    public func supply(_ sessions: [[UInt8]?]) { answer.give(sessions) }
}
