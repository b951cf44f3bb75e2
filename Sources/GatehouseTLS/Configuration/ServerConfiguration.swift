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
    /// the first that fits the schemes.
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

    /// Checks the settings.
    ///
    /// - Throws: `ConfigurationError`, with what is wrong.
    public func validate() throws(ConfigurationError) {
        guard asksForCredential || !credentials.isEmpty else { throw .noCredentials }
        try SharedSettings.check(cipherSuites: cipherSuites)
        try SharedSettings.check(groups: groups)
        try SharedSettings.check(applicationProtocols: applicationProtocols)
        try SharedSettings.check(recordSizeLimit: recordSizeLimit)
    }
}
