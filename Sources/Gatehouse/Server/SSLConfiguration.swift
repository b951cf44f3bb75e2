public import GatehouseCertificates
public import GatehouseCrypto
public import GatehouseTLS

/// A certificate (RFC 5280).
public typealias SSLCertificate = Certificate
/// A private key.
public typealias SSLKey = PrivateKey
/// A cipher suite.
public typealias SSLCipher = CipherSuite

/// What a server or a client needs to know before its first connection: a value, checked when it is made.
///
/// ```swift
/// let configuration = try SSLConfiguration(
///     localCertificateChain: SSLCertificate.certificates(pem: chainFile),
///     privateKey: SSLKey(pem: keyFile),
///     allowedNextProtocols: ["h2", "http/1.1"])
/// ```
public struct SSLConfiguration: Sendable {
    /// Hears of secrets, as lines in the SSLKEYLOGFILE format (RFC 9850), on the loop of the connection. Whoever reads
    /// them can decrypt everything.
    public typealias KeyLog = @Sendable (_ lines: [UInt8]) -> Void

    enum Role: Sendable {
        case server(ServerConfiguration)
        case client(ClientConfiguration)
    }

    let role: Role
    /// Where secrets are told; `nil`, the default, for nowhere.
    public let keyLog: KeyLog?

    /// A server's configuration with one certificate.
    ///
    /// - Parameters:
    ///   - localCertificateChain: the certificates, the server's own first.
    ///   - privateKey: the key of the first certificate.
    ///   - allowedNextProtocols: the application protocols (RFC 7301) in the server's order, which wins. Empty: none
    ///     is negotiated.
    ///   - ciphers: the cipher suites in the server's order.
    ///   - groups: the groups for key agreement in the server's order.
    ///   - keyLog: where secrets are told.
    /// - Throws: `ConfigurationError`, with what is wrong.
    public init(
        localCertificateChain: [SSLCertificate], privateKey: SSLKey, allowedNextProtocols: [String] = [],
        ciphers: [SSLCipher] = SSLCipher.supported, groups: [NamedGroup] = NamedGroup.supported,
        keyLog: KeyLog? = nil
    ) throws(ConfigurationError) {
        try self.init(
            credentials: [Credential(chain: localCertificateChain, key: privateKey)],
            allowedNextProtocols: allowedNextProtocols, ciphers: ciphers, groups: groups, keyLog: keyLog)
    }

    /// A server's configuration with several certificates: each connection gets the first that carries the name asked
    /// for and whose key the client accepts.
    ///
    /// - Throws: `ConfigurationError`, with what is wrong.
    public init(
        credentials: [Credential], allowedNextProtocols: [String] = [],
        ciphers: [SSLCipher] = SSLCipher.supported, groups: [NamedGroup] = NamedGroup.supported,
        keyLog: KeyLog? = nil
    ) throws(ConfigurationError) {
        var server = try ServerConfiguration(credentials: credentials)
        server.applicationProtocols = allowedNextProtocols
        server.cipherSuites = ciphers
        server.groups = groups
        server.collectsKeyLog = keyLog != nil
        try server.validate()
        role = .server(server)
        self.keyLog = keyLog
    }

    /// A client's configuration.
    ///
    /// - Parameters:
    ///   - verification: how the server's certificate is judged.
    ///   - allowedNextProtocols: the application protocols to offer, in the order of preference.
    ///   - ciphers: the cipher suites in the order of preference.
    ///   - groups: the groups in the order of preference; a key share is sent for the first.
    ///   - keyLog: where secrets are told.
    /// - Throws: `ConfigurationError`, with what is wrong.
    public init(
        verification: PeerVerification, allowedNextProtocols: [String] = [],
        ciphers: [SSLCipher] = SSLCipher.supported, groups: [NamedGroup] = NamedGroup.supported,
        keyLog: KeyLog? = nil
    ) throws(ConfigurationError) {
        var client = ClientConfiguration(verification: verification)
        client.applicationProtocols = allowedNextProtocols
        client.cipherSuites = ciphers
        client.groups = groups
        client.collectsKeyLog = keyLog != nil
        try client.validate()
        role = .client(client)
        self.keyLog = keyLog
    }
}

extension SSLConfiguration {
    func serverConfiguration() throws(SocketFailure) -> ServerConfiguration {
        guard case .server(let configuration) = role else {
            throw SocketFailure(.sslInvalidUserData, "a server needs a certificate and its private key")
        }
        return configuration
    }

    func clientConfiguration() throws(SocketFailure) -> ClientConfiguration {
        guard case .client(let configuration) = role else {
            throw SocketFailure(.sslInvalidUserData, "a client's socket needs a client's configuration")
        }
        return configuration
    }
}
