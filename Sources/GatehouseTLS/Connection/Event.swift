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
    /// Early data (RFC 9846 §2.3), decrypted in place: the range of the buffer that was passed to `receive`. It may be
    /// a replay.
    case earlyData(Range<Int>)
    /// The server does not take the early data that was sent: send it again, if that is safe, when the handshake is
    /// complete.
    case earlyDataRejected
    /// A ticket came: a later connection can resume the session.
    case sessionTicket(ClientSession)
    /// The server has asked for a certificate after the handshake (RFC 9846 §4.7.2), in a request with this context, and
    /// got its answer.
    case certificateRequestAnswered(context: [UInt8], didShowCredential: Bool)
    /// The client has answered the request with this context, and `session` says who it is.
    case clientAuthenticated(context: [UInt8])
    /// The client has answered the request with this context, and shows nothing.
    case clientDeclined(context: [UInt8])
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
    /// Whether to trust the peer's certificates, or to let in a client without: answer with `.accept`,
    /// `.acceptDespiteProblems` or `.reject`.
    case peerVerdict(PeerCertificates)
    /// A client offers pre-shared keys by these names, of its choosing: answer with `Decision.preSharedKey`.
    case preSharedKey(identities: [[UInt8]])
    /// Sessions to make tickets of, with keys that are held elsewhere: answer with `Decision.sealedTickets`. They are
    /// secrets; see `TicketSealer`. The handshake is complete when the answer has come.
    case ticketSealing(sessions: [[UInt8]])
    /// What a client offers may be tickets that were sealed elsewhere: answer with `Decision.openedTickets`.
    case ticketOpening(tickets: [[UInt8]])
    /// A signature by the key of a credential that is held elsewhere: answer with `Decision.signature`.
    case signature(SignatureRequest)
    /// The server asks for a certificate: answer with `.clientCredential`.
    case clientCredential(CertificateRequestInfo)
}

/// The answer to a `Need`.
@nonexhaustive
public enum Decision: Sendable {
    /// Serve with this credential.
    case credential(Credential)
    /// Trust the peer.
    case accept
    /// Go on although something is wrong with the peer's certificates: the session is not resumed later.
    case acceptDespiteProblems
    /// Use this pre-shared key, whose identity is among those offered; `nil`: none of them is known.
    case preSharedKey(PreSharedKey?)
    /// The tickets, in the order of the sessions; `nil` in the place of one, and any that is missing at the end: that
    /// session gets none. So does one whose ticket is empty or longer than 4096 bytes.
    case sealedTickets([[UInt8]?])
    /// The sessions, in the order of the tickets; `nil` in the place of one, and any that is missing at the end: that
    /// was no ticket of ours.
    case openedTickets([[UInt8]?])
    /// The signature that was asked for.
    case signature([UInt8])
    /// Show this credential to the server; `nil`: show none.
    case clientCredential(Credential?)
    /// End the handshake with this alert.
    case reject(AlertDescription)
}

extension Need {
    /// What is decided about.
    enum Kind: Sendable {
        case credential, peerVerdict, preSharedKey, ticketSealing, ticketOpening, signature, clientCredential
    }

    var kind: Kind {
        switch self {
        case .credential: .credential
        case .peerVerdict: .peerVerdict
        case .preSharedKey: .preSharedKey
        case .ticketSealing: .ticketSealing
        case .ticketOpening: .ticketOpening
        case .signature: .signature
        case .clientCredential: .clientCredential
        }
    }
}

extension Decision {
    /// Whether it answers a need of this kind.
    func answers(_ kind: Need.Kind) -> Bool {
        switch self {
        case .credential: kind == .credential
        case .accept, .acceptDespiteProblems: kind == .peerVerdict
        case .preSharedKey: kind == .preSharedKey
        case .sealedTickets: kind == .ticketSealing
        case .openedTickets: kind == .ticketOpening
        case .signature: kind == .signature
        case .clientCredential: kind == .clientCredential
        case .reject: true
        }
    }

    /// Whether a verdict about the peer accepts it although something is wrong with its certificates.
    var isDespiteProblems: Bool {
        get throws(TLSError) {
            switch self {
            case .accept: false
            case .acceptDespiteProblems: true
            default: throw .misuse(.noSuchDecision)
            }
        }
    }
}

/// What a client says of itself before a credential is chosen.
public struct ClientHelloInfo: Sendable {
    /// The host name that the client asks for, in lower case, without a trailing dot.
    public let serverName: String?
    /// The signature schemes that it accepts.
    public let signatureSchemes: [SignatureScheme]
    /// The application protocols that it offers.
    public let applicationProtocols: [[UInt8]]
    /// The names of the authorities that it knows, DER-encoded; empty when it does not say.
    public let certificateAuthorities: [[UInt8]]
    /// What it takes from a server, in its order of preference: X.509 certificates unless it says otherwise.
    public let certificateTypes: [CertificateType]
}

/// The peer's certificates, or its raw public key, to be judged.
public struct PeerCertificates: Sendable {
    /// The chain as it came, the peer's own first; empty when the peer shows a raw public key, and for a client that
    /// declined, if the configuration asks about those.
    public let chain: [Certificate]
    /// The peer's key, when it shows one instead of a certificate (RFC 7250). Nothing in it says whose it is.
    public let rawPublicKey: RawPublicKey?
    /// The name that the peer should have; `nil` when none was given.
    public let name: ReferenceName?

    init(_ peer: ShownCredential, name: ReferenceName?) {
        chain = peer.certificates
        rawPublicKey = peer.rawPublicKey
        self.name = name
    }
}

/// What is to be signed with a key that is held elsewhere.
public struct SignatureRequest: Sendable {
    /// The credential whose key is asked for.
    public let credential: Credential
    /// The scheme to sign with.
    public let scheme: SignatureScheme
    /// What to sign: not a digest, the scheme says how it is hashed.
    public let content: [UInt8]
}

/// What a server says of the certificate that it asks for (RFC 9846 §4.4.2).
public struct CertificateRequestInfo: Sendable {
    /// The signature schemes that it accepts.
    public let signatureSchemes: [SignatureScheme]
    /// The names of the authorities that it knows, DER-encoded; empty when it does not say.
    public let certificateAuthorities: [[UInt8]]
    /// Extensions that the certificate should have (RFC 9846 §4.3.5); empty when it does not say. Those that are not
    /// known here do not matter.
    public let oidFilters: [OIDFilter]
    /// What it wants: a credential of another type is not shown.
    public let certificateType: CertificateType
}
