public import GatehouseCertificates
public import GatehouseCrypto
public import GatehouseTLS

/// What servers and clients need to know before their first connection: a value with defaults that are good for most.
///
/// ```swift
/// var configuration = try SSLConfiguration(
///     localCertificateChain: SSLCertificate.certificates(pem: chainFile),
///     privateKey: SSLKey(pem: keyFile))
/// configuration.allowedNextProtocols = ["h2", "http/1.1"]
/// configuration.caCertificates = try SSLCertificate.certificates(pem: clientAuthorities)
/// configuration.peerVerifyMode = .verify
/// try configuration.validate(as: .server)
/// ```
///
/// It is checked by ``validate(as:)``, and again when a server or a socket gets it: what cannot work is refused there,
/// with the reason, and never per connection. A server takes another one at any time; connections keep the one that
/// was set when they were accepted.
public struct SSLConfiguration: Sendable {
    /// Hears of secrets, as lines in the SSLKEYLOGFILE format (RFC 9850), on the loop of the connection. Whoever reads
    /// them can decrypt everything.
    public typealias KeyLog = @Sendable (_ lines: [UInt8]) -> Void

    // MARK: Who we are

    /// The certificates to show, each chain with its key, or public keys alone (RFC 7250). A server shows the first that carries the name asked for and
    /// whose key the client accepts; a client, to a server that asks, the first whose key the server accepts.
    public var credentials: [Credential] = []
    /// Whether each connection asks for a credential with `credentialRequired` instead of choosing from
    /// ``credentials``: on a server for each client, on a client for a server that asks for a certificate.
    public var asksForCredential = false
    /// The types of certificates that a client tells servers it has (RFC 7250), in the order of preference; `nil`, the
    /// default: those of ``credentials``. Set it where ``asksForCredential`` is, if public keys alone are to be shown.
    public var offeredCertificateTypes: [CertificateType]?
    /// Whether a client that asks a server for a name that no credential carries gets an `unrecognized_name` alert,
    /// instead of the first credential.
    public var rejectsUnrecognizedName = false

    // MARK: Whom to trust

    /// Whether the peer is asked for a certificate, and what follows if it is not good.
    public var peerVerifyMode = PeerVerifyMode.auto
    /// How many intermediates may stand between the peer's certificate and a trusted one; 0: as many as
    /// ``verificationPolicy`` allows.
    public var peerVerifyDepth = 0
    /// Whom the peer's chain may end at. `nil`, the default: a client trusts those that the system trusts
    /// (`TrustStore.system()`), a server trusts nobody. The system's authorities certify servers; who sets them for
    /// clients lets everybody in who has ever got a certificate.
    public var trustStore: TrustStore?
    /// Keys of peers that are trusted without a certificate (RFC 7250). If there are any, the peer may show one of
    /// them, and a certificate only if ``trustStore`` is set as well.
    public var trustedPublicKeys: [RawPublicKey] = []
    /// What is demanded of the peer's chain beyond the signatures, revocation included.
    public var verificationPolicy = VerificationPolicy.default
    /// Revocation lists to judge the peer's chain with.
    public var revocationLists: [CertificateRevocationList] = []
    /// Whether a server tells clients the names of the authorities in ``trustStore`` (RFC 9846 §4.3.4), so that they
    /// can choose among their certificates. Anybody who connects reads them.
    public var announcesCertificateAuthorities = false
    /// Extensions that a server wants clients' certificates to have (`oid_filters`, RFC 9846 §4.3.5), so that they can
    /// choose among theirs. What comes is judged by ``verificationPolicy`` alone.
    public var oidFilters: [OIDFilter] = []
    /// Whether a client that has no certificate, when the server asks for one, is turned away at once with a
    /// `certificate_required` alert. Without it, in ``PeerVerifyMode/verify``, the missing certificate is an
    /// ``SSLError`` like others.
    public var missingCertificateIsFatal = false
    /// Whether all that a server keeps of a client's certificates, once they have been judged, is the SHA-256 of its own:
    /// `SSLSocket.peerCertificateFingerprint`. Connections take less memory, tickets are shorter, and
    /// `SSLSocket.peerCertificateChain` is empty; who decides about a certificate has all of them at hand. A session is
    /// resumed only as long as this stays what it was.
    public var keepsOnlyFingerprint = false
    /// Whether clients are authenticated after the handshake (RFC 9846 §4.7.2). A server with it asks nobody in the
    /// handshake, but each client when `SSLSocket.requestClientCertificate(timeout:)` says so. A client with it lets the
    /// server ask at any time, and answers with ``credentials`` or as ``asksForCredential`` says; while somebody decides,
    /// it writes as before and reads nothing.
    public var postHandshakeAuthenticationEnabled = false
    /// Whether problems of the peer's certificate are told one by one with `handshakeInterruptedOnError`, and end the
    /// handshake with their alert unless the slot continues it.
    public var handshakeMustInterruptOnError = false
    /// Whether a client may be set to ``PeerVerifyMode/none`` or ``PeerVerifyMode/query``: whoever sits on the network
    /// can then pose as the server.
    public var dangerouslyAllowsUnverifiedServers = false
    /// Whether a client asks for a stapled OCSP response (RFC 6066 §8). One that comes is checked; a certificate that
    /// promises one must come with it, if asked.
    public var ocspStaplingEnabled = false
    /// Whether a client asks for signed certificate timestamps (RFC 6962 §3.3). They are carried, not checked.
    public var requestsSignedCertificateTimestamps = false

    // MARK: What is negotiated

    /// The cipher suites in the order of preference. The server's order wins, except that a client that puts ChaCha20
    /// first gets it.
    public var ciphers: [SSLCipher] = SSLCipher.supported
    /// The groups for key agreement in the order of preference. The server's order wins.
    public var groups: [NamedGroup] = NamedGroup.supported
    /// The groups that a client sends a key share for at once; `nil`, the default: for the first hybrid one of ``groups``
    /// and the first of the others. A server that wants another group asks for its share, which takes a round trip more,
    /// as does an empty list in any case; every share takes time to make and bytes to send.
    public var keyShareGroups: [NamedGroup]?
    /// Whether a server tells clients its ``groups``, so that they send the right key share next time (RFC 9846 §4.3.7).
    public var announcesGroups = false
    /// How a server asks for another key share without keeping anything of the client's first hello (RFC 9846 §4.3.2):
    /// a cookie, bound to the client's address, carries it. `nil`, the default: the connection keeps what is needed.
    public var statelessRetry: StatelessRetry?
    /// The signature schemes that the peer may sign the handshake with. Those of `supportedFromClientsWhenListed` count on
    /// servers only.
    public var signatureSchemes: [SignatureScheme] = SignatureScheme.supportedInHandshake
    /// The application protocols (RFC 7301) in the order of preference; the server's order wins. Empty: none is
    /// negotiated.
    public var allowedNextProtocols: [String] = []
    /// Whether a server goes on without an application protocol when it has none in common with the client, instead of
    /// sending a `no_application_protocol` alert.
    public var continuesWithoutNextProtocol = false

    // MARK: Coming back

    /// How clients come back without a full handshake.
    public var sessionResumption = SSLSessionResumption.automatic
    /// How many tickets a server gives a client after a handshake, 0 to 32.
    public var sessionTicketCount = 2
    /// How long a server's tickets are good, at most 7 days.
    public var sessionTicketLifetime = Duration.seconds(86_400)
    /// Whether a server lets clients resume a session also under another name than it began with, and tells them so
    /// (draft-ietf-tls-cross-sni-resumption). The certificates of all ``credentials`` have to carry the same names then,
    /// and what a client may do must not depend on the name that it has asked for first.
    public var resumesAcrossNames = false
    /// Whether a server's tickets carry an extension that means nothing (GREASE, RFC 8701 §4.1), so that clients keep
    /// ignoring what they do not know.
    public var sendsGREASEInTickets = false
    /// How many tickets a client asks for, after a full and after a resumed handshake (RFC 9149), 0 to 32; `nil`: the
    /// server decides.
    public var requestedTickets: (afterFullHandshake: UInt8, afterResumption: UInt8)?
    /// The session that a client offers to resume; `SSLSocket.newSessionTicketReceived` gives them. Use each for one
    /// connection: two with the same ticket can be linked (RFC 9846 §C.4).
    public var sessionTicket: SSLSession?
    /// Whether a client judges the server's certificates again when a session is resumed, and not only where it began.
    public var verifiesResumedSessions = false
    /// How much early data (RFC 9846 §2.3) a server takes, in bytes; 0, the default: none. Anybody who saw early data
    /// can send it again, elsewhere or later, and it is not forward secret: only what may be repeated belongs there.
    /// It never comes through `read`, see `SSLSocket.readEarlyData()`.
    public var maximumEarlyDataSize: UInt32 = 0
    /// By how many seconds a client's idea of its ticket's age may differ from the server's for early data to be taken.
    public var earlyDataAgeTolerance = 10
    /// What remembers the tickets whose early data a server has taken; `nil`, the default: a guard in the server's
    /// memory, shared by its threads. Servers that share ticket keys share a guard too.
    public var replayGuard: (any ReplayGuard)?
    /// Whether a client may send early data when its session allows it, see `SSLSocket.writeEarlyData(_:)`.
    public var offersEarlyData = false

    // MARK: Pre-shared keys

    /// Keys that both sides have been given outside the protocol. A client offers them in this order; a server that
    /// lacks one asks for it with `preSharedKeyAuthenticationRequired`.
    public var preSharedKeys: [PreSharedKey] = []
    /// Whether a server turns clients away that have no known pre-shared key. `nil`, the default: it does if it has no
    /// certificate. A server that has neither certificates nor ``preSharedKeys`` has to be set to `.required`.
    public var preSharedKeyPolicy: PreSharedKeyPolicy?
    /// Whether a server tells a client with an unknown identity so, by `unknown_psk_identity`. Whoever probes then
    /// learns which identities exist.
    public var revealsUnknownPreSharedKeyIdentity = false
    /// Whether a pre-shared key may be used without a key agreement (`psk_ke`): whoever learns the key later can then
    /// decrypt what was recorded before.
    public var dangerouslyAllowsPSKOnlyKeyExchange = false

    /// The longest Certificate message, in bytes, that is taken from a peer, 100 KiB unless set; a longer one ends the
    /// handshake with `illegal_parameter`.
    public var peerCertificateLimit = Limits.certificateMessage

    // MARK: Records

    /// How records are padded, to hide how long their content is.
    public var recordPadding = RecordPadding.none
    /// How long records are made. With `.dynamic` they are short again when nothing was written for a second.
    public var recordSizing = RecordSizing.full
    /// The longest record, in bytes, that we want to receive (RFC 8449), 64 to 16385; `nil`: no limit of our own.
    public var recordSizeLimit: Int?
    /// Whether a client's hello carries values that mean nothing (GREASE, RFC 8701), so that servers keep ignoring what
    /// they do not know.
    public var sendsGREASE = true
    /// Whether the extensions of a client's hello come in random order, so that servers do not rely on one.
    public var shufflesExtensions = true
    /// Whether a client looks like one of TLS 1.2 to machines on the way that know nothing else (RFC 9846 §E.4).
    public var usesMiddleboxCompatibilityMode = true
    /// Where secrets are told; `nil`, the default, for nowhere.
    public var keyLog: KeyLog?

    /// Good verdicts about peers' chains, shared by all copies: what was decided counts only for the same chain, name,
    /// policy, trust store and evidence.
    let verdicts = VerdictCache()

    /// A configuration without certificates of its own: a client that trusts whom the system trusts.
    public init() {}

    /// A configuration with these certificates to show.
    public init(credentials: [Credential]) {
        self.credentials = credentials
    }

    /// A configuration with one certificate to show.
    ///
    /// - Parameters:
    ///   - localCertificateChain: the certificates, our own first.
    ///   - privateKey: the key of the first certificate.
    ///   - allowedNextProtocols: the application protocols (RFC 7301) in the order of preference.
    /// - Throws: `ConfigurationError` when the chain is empty or the key is not that of its first certificate.
    public init(
        localCertificateChain: [SSLCertificate], privateKey: SSLKey, allowedNextProtocols: [String] = []
    ) throws(ConfigurationError) {
        credentials = [try Credential(chain: localCertificateChain, key: privateKey)]
        self.allowedNextProtocols = allowedNextProtocols
    }
}

extension SSLConfiguration {
    /// The chain of the first of ``credentials``, our own certificate first; empty if there is none.
    public var localCertificateChain: [SSLCertificate] { credentials.first?.chain ?? [] }

    /// The first certificate of ``localCertificateChain``.
    public var localCertificate: SSLCertificate? { localCertificateChain.first }

    /// The key of the first of ``credentials``; `nil` if there is none or it is held elsewhere.
    public var privateKey: SSLKey? { credentials.first?.key }

    /// The certificates in ``trustStore``. Setting them replaces the store: only these are trusted from then on. To
    /// trust the system's as well, set `try TrustStore.system().certificates + more`.
    public var caCertificates: [SSLCertificate] {
        get { trustStore?.certificates ?? [] }
        set { trustStore = TrustStore(anchors: newValue) }
    }
}
