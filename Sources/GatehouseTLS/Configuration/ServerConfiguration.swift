public import GatehouseCrypto

/// What a server needs to know before its first connection.
///
/// It is a value: a connection keeps the one that it was made with.
///
/// ```swift
/// var configuration = try ServerConfiguration(credentials: [credential])
/// configuration.applicationProtocols = ["h2", "http/1.1"]
/// try configuration.validate()
/// ```
public struct ServerConfiguration: Sendable {
    /// Certificates to choose from: the first that fits the requested name and the client's signature schemes, else
    /// the first that fits the schemes; where several fit, the first from an authority that the client names, if it does.
    public var credentials: [Credential]
    /// Whether each connection pauses for `Need.credential` instead of choosing from `credentials`.
    public var asksForCredential: Bool
    /// The cipher suites, in the order of preference. A client that puts ChaCha20 first gets it when it is listed.
    public var cipherSuites: [CipherSuite] = CipherSuite.supported
    /// The groups for key agreement, in the order of preference.
    public var groups: [NamedGroup] = NamedGroup.supported
    /// The application protocols, in the order of preference (RFC 7301); empty: ALPN is not answered.
    public var applicationProtocols: [String] = []
    /// Whether a client whose protocols are all unknown goes on without one, instead of getting a
    /// `no_application_protocol` alert.
    public var continuesWithoutApplicationProtocol = false
    /// Whether a client that asks for a name that no credential has gets an `unrecognized_name` alert, instead of the
    /// first credential.
    public var rejectsUnrecognizedName = false
    /// Whether clients are asked for certificates.
    public var clientAuthentication = ClientCertificatePolicy.none
    /// Counts the changes of what decides whom to trust: raise it with each, and sessions from before are not resumed.
    public var trustGeneration: UInt64 = 0
    /// Keys that clients have been given outside the protocol.
    public var preSharedKeys: [PreSharedKey] = []
    /// Whether a connection pauses for `Need.preSharedKey` when a client offers keys that are not in `preSharedKeys`.
    public var asksForPreSharedKey = false
    /// Whether a client without a known pre-shared key is served with a certificate.
    public var preSharedKeyPolicy = PreSharedKeyPolicy.orCertificate
    /// Whether a client whose pre-shared key is unknown, but required, is told so by an `unknown_psk_identity` alert.
    /// Whoever probes then learns which identities exist.
    public var revealsUnknownPreSharedKeyIdentity = false
    /// Whether a pre-shared key may be used without a key agreement (`psk_ke`): whoever learns the key later can then
    /// decrypt what was recorded before.
    public var allowsPSKOnlyKeyExchange = false
    /// How HelloRetryRequests are sent without keeping state; `nil`: what is needed stays in the connection, and no
    /// cookie is sent.
    public var statelessRetry: StatelessRetry?
    /// How clients come back without a full handshake.
    public var resumption = ServerResumption.disabled
    /// How many tickets a client gets after a handshake, 0 to 32; it may ask for fewer or more, up to this number
    /// (RFC 9149).
    public var ticketCount = 2
    /// How long a ticket is good, in seconds, at most 7 days.
    public var ticketLifetime: UInt32 = 86_400
    /// Whether a session is resumed also under another server name than it began with, and clients are told so
    /// (draft-ietf-tls-cross-sni-resumption). Every certificate must then be good for every name, and what a name is
    /// asked for must not depend on who came first under another.
    public var resumesAcrossNames = false
    /// Whether tickets carry an extension that means nothing (GREASE, RFC 8701), so that clients keep ignoring what they
    /// do not know.
    public var sendsGREASE = false
    /// Whether and how early data is taken; `nil`: not at all.
    public var earlyData: EarlyDataPolicy?
    /// How records are padded.
    public var recordPadding = RecordPadding.none
    /// How long records are made.
    public var recordSizing = RecordSizing.full
    /// The longest Certificate message, in bytes with its header, that is taken from a client, 100 KiB unless set; a longer one
    /// is answered with `illegal_parameter`.
    public var peerCertificateLimit = Limits.certificateMessage
    /// The longest record, in bytes, that we want to receive (RFC 8449); `nil`: no limit of our own.
    public var recordSizeLimit: Int?
    /// Groups to name in EncryptedExtensions for the client's next connection (RFC 9846 §4.3.7); empty: none.
    public var announcedGroups: [NamedGroup] = []
    /// Whether connections collect lines for a key log (RFC 9850); see `ServerConnection.takeKeyLog()`. Whoever reads
    /// them can decrypt everything.
    public var collectsKeyLog = false

    /// A server that chooses among `credentials`.
    ///
    /// - Throws: `ConfigurationError.noCredentials` when the list is empty.
    public init(credentials: [Credential]) throws(ConfigurationError) {
        guard !credentials.isEmpty else { throw .noCredentials }
        self.credentials = credentials
        asksForCredential = false
    }

    private init() {
        credentials = []
        asksForCredential = true
    }

    /// A server whose connections each ask for a credential (`Need.credential`) when the ClientHello has come.
    public static func askingForCredential() -> ServerConfiguration {
        ServerConfiguration()
    }

    /// A server without certificates: only clients with a pre-shared key get in.
    public static func requiringPreSharedKey(_ keys: [PreSharedKey]) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.asksForCredential = false
        configuration.preSharedKeys = keys
        configuration.asksForPreSharedKey = keys.isEmpty
        configuration.preSharedKeyPolicy = .required
        return configuration
    }

    /// Checks the settings.
    ///
    /// - Throws: `ConfigurationError`, with what is wrong.
    public func validate() throws(ConfigurationError) {
        guard asksForCredential || !credentials.isEmpty || requiresPreSharedKey else { throw .noCredentials }
        guard (0...Limits.tickets).contains(ticketCount), ticketLifetime <= UInt32(Limits.sessionAge) else {
            throw .invalidTicketSettings
        }
        guard statelessRetry?.lifetime ?? 1 > 0 else {
            throw .unusableSetting("the lifetime of the cookies for stateless retries is not at least a second")
        }
        try SharedSettings.check(credentials: credentials)
        try SharedSettings.check(cipherSuites: cipherSuites)
        try SharedSettings.check(groups: groups)
        if !announcedGroups.isEmpty { try SharedSettings.check(groups: announcedGroups) }
        try SharedSettings.check(applicationProtocols: applicationProtocols)
        try SharedSettings.check(recordSizeLimit: recordSizeLimit)
        try SharedSettings.check(peerCertificateLimit: peerCertificateLimit)
        try clientAuthentication.validate()
    }
}

extension ServerConfiguration {
    /// Whether any pre-shared key of a client could be known.
    var usesPreSharedKeys: Bool {
        if case .disabled = resumption { return requiresPreSharedKey || asksForPreSharedKey || !preSharedKeys.isEmpty }
        return true
    }

    var requiresPreSharedKey: Bool {
        if case .required = preSharedKeyPolicy { true } else { false }
    }

    /// How much early data is skipped when it is not taken, in bytes of ciphertext.
    var skippedEarlyDataLimit: Int {
        max(Limits.skippedEarlyData, Int(earlyData?.maximumSize ?? 0))
    }

    func binding(_ serverName: String?) -> SessionBinding {
        SessionBinding(
            serverName: resumesAcrossNames ? nil : serverName, verification: clientAuthentication.sessionTag,
            trustGeneration: trustGeneration)
    }
}
