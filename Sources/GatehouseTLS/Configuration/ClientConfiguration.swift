public import GatehouseCrypto

/// What a client needs to know before its first connection.
///
/// ```swift
/// var configuration = ClientConfiguration(verification: .trustStore(anchors))
/// configuration.applicationProtocols = ["h2"]
/// try configuration.validate()
/// ```
public struct ClientConfiguration: Sendable {
    /// How the server's certificate is judged.
    public var verification: PeerVerification
    /// What the server may show, in the order of preference, where the application judges it (`.asksForVerdict`) or any
    /// is taken; `verification` decides otherwise. With raw public keys (RFC 7250) nothing but the key says who the
    /// server is.
    public var acceptedCertificateTypes: [CertificateType] = [.x509]
    /// The cipher suites, in the order of preference.
    public var cipherSuites: [CipherSuite] = CipherSuite.supported
    /// The groups for key agreement, in the order of preference.
    public var groups: [NamedGroup] = NamedGroup.supported
    /// The groups that the first ClientHello has a key share of; `nil`: the first post-quantum one of `groups`, and the
    /// first of the others. A server that wants another group asks for its share, which takes a round trip more, as does
    /// an empty list in any case; every share takes time to make and bytes to send.
    public var keyShareGroups: [NamedGroup]?
    /// The signature schemes that the server may sign the handshake with.
    public var signatureSchemes: [SignatureScheme] = SignatureScheme.supportedInHandshake
    /// The application protocols, in the order of preference (RFC 7301); empty: none are offered.
    public var applicationProtocols: [String] = []
    /// Whether the server is asked for a stapled OCSP response (RFC 6066 §8).
    public var requestsOCSPStaple = false
    /// Whether the server is asked for signed certificate timestamps (RFC 6962 §3.3).
    public var requestsSignedCertificateTimestamps = false
    /// Whether the ClientHello carries values that mean nothing (GREASE, RFC 8701), so that servers keep ignoring what
    /// they do not know.
    public var sendsGREASE = true
    /// Whether the extensions of the ClientHello come in random order, so that servers do not rely on one.
    public var shufflesExtensions = true
    /// How records are padded.
    public var recordPadding = RecordPadding.none
    /// How long records are made.
    public var recordSizing = RecordSizing.full
    /// Whether to look like TLS 1.2 to middleboxes (RFC 9846 §E.4).
    public var usesMiddleboxCompatibilityMode = true
    /// Certificates to show to a server that asks: the first whose key can sign what the server accepts.
    public var credentials: [Credential] = []
    /// Whether a connection pauses for `Need.clientCredential` instead of choosing from `credentials`.
    public var asksForCredential = false
    /// The types of certificates that the server is told we have (RFC 7250), in the order of preference; `nil`: those of
    /// `credentials`. Set it where `asksForCredential` is.
    public var offeredCertificateTypes: [CertificateType]?
    /// Whether the server may ask for a certificate also after the handshake (RFC 9846 §4.7.2).
    public var offersPostHandshakeAuthentication = false
    /// Keys that the server has been given outside the protocol, offered in this order.
    public var preSharedKeys: [PreSharedKey] = []
    /// Whether a pre-shared key may be used without a key agreement (`psk_ke`): whoever learns the key later can then
    /// decrypt what was recorded before.
    public var allowsPSKOnlyKeyExchange = false
    /// Whether tickets are asked for, to resume the session later.
    public var offersResumption = true
    /// Whether the server's certificates are judged again when a session is resumed, and not only where it began.
    public var verifiesResumedSessions = false
    /// How many tickets to ask for, after a full and after a resumed handshake (RFC 9149), 0 to 32; `nil`: the server
    /// decides.
    public var ticketRequest: (afterFullHandshake: UInt8, afterResumption: UInt8)?
    /// Whether data may be sent before the server has answered, when the session allows it (RFC 9846 §2.3). Whoever
    /// sees it can send it again.
    public var offersEarlyData = false
    /// Counts the changes of what decides whom to trust: raise it with each, and sessions from before are not resumed.
    public var trustGeneration: UInt64 = 0
    /// The longest Certificate message, in bytes with its header, that is taken from a server, 100 KiB unless set; a longer one
    /// is answered with `illegal_parameter`.
    public var peerCertificateLimit = Limits.certificateMessage
    /// The longest record, in bytes, that we want to receive (RFC 8449); `nil`: no limit of our own.
    public var recordSizeLimit: Int?
    /// Whether connections collect lines for a key log (RFC 9850); see `ClientConnection.takeKeyLog()`. Whoever reads
    /// them can decrypt everything.
    public var collectsKeyLog = false

    /// A client that judges servers in this way.
    public init(verification: PeerVerification) {
        self.verification = verification
    }

    /// Checks the settings.
    ///
    /// - Throws: `ConfigurationError`, with what is wrong.
    public func validate() throws(ConfigurationError) {
        if let ticketRequest {
            guard max(ticketRequest.afterFullHandshake, ticketRequest.afterResumption) <= Limits.tickets else {
                throw .invalidTicketSettings
            }
        }
        try SharedSettings.check(credentials: credentials)
        try SharedSettings.check(cipherSuites: cipherSuites)
        try SharedSettings.check(groups: groups)
        if let keyShareGroups { try SharedSettings.check(keyShareGroups: keyShareGroups, among: groups) }
        try SharedSettings.check(applicationProtocols: applicationProtocols)
        try SharedSettings.check(recordSizeLimit: recordSizeLimit)
        try SharedSettings.check(peerCertificateLimit: peerCertificateLimit)
        try SharedSettings.check(acceptedCertificateTypes, verification)
        try SharedSettings.check(certificateTypes: certificateTypes.client)
    }
}

extension ClientConfiguration {
    /// RFC 9846 §4.3.8: each share "MUST correspond to a group offered in the "supported_groups" extension and MUST appear
    /// in the same order."
    var offeredShareGroups: [NamedGroup] {
        if let keyShareGroups { return groups.filter(keyShareGroups.contains) }
        let first = [groups.first(where: \.isPostQuantum), groups.first { !$0.isPostQuantum }]
        return groups.filter(first.contains)
    }

    /// What either side may show.
    var certificateTypes: (server: [CertificateType], client: [CertificateType]) {
        var own: [CertificateType] = []
        for credential in credentials where !own.contains(credential.certificateType) {
            own.append(credential.certificateType)
        }
        return (
            server: verification.certificateTypes(acceptedCertificateTypes),
            client: offeredCertificateTypes ?? (own.isEmpty ? [.x509] : own)
        )
    }

    func binding(_ serverName: String?) -> SessionBinding {
        SessionBinding(
            serverName: serverName, verification: verification.sessionTag, trustGeneration: trustGeneration)
    }
}

extension SignatureScheme {
    /// What certificates may be signed with besides what handshakes are.
    static let supportedInCertificatesOnly: [SignatureScheme] = [.rsaPKCS1SHA256, .rsaPKCS1SHA384, .rsaPKCS1SHA512]
}
