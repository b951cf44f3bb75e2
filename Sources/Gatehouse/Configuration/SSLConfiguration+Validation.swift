import GatehouseCertificates
import GatehouseCrypto
public import GatehouseTLS

extension SSLConfiguration {
    /// Checks the settings, alone and against each other.
    ///
    /// - Parameter role: what it is to be used for; `nil`: only what no role allows is refused.
    /// - Throws: `ConfigurationError`, with what is wrong.
    public func validate(as role: Role? = nil) throws(ConfigurationError) {
        try validateValues()
        switch role {
        case .server: try validateServer()
        case .client: try validateClient()
        case nil: break
        }
    }

    private func validateValues() throws(ConfigurationError) {
        guard (0...255).contains(peerVerifyDepth) else {
            throw .unusableSetting("peerVerifyDepth is \(peerVerifyDepth), not 0 to 255")
        }
        guard (.zero ... .seconds(Int(UInt32.max))).contains(sessionTicketLifetime) else {
            throw .invalidTicketSettings
        }
        guard earlyDataAgeTolerance >= 0 else { throw .unusableSetting("earlyDataAgeTolerance is negative") }
        guard !signatureSchemes.isEmpty else { throw .unusableSetting("no signature scheme is configured") }
        let supported = SignatureScheme.supportedInHandshake + SignatureScheme.supportedFromClientsWhenListed
        for scheme in signatureSchemes where !supported.contains(scheme) {
            throw .unusableSetting("the signature scheme \(scheme) is not supported")
        }
        for (index, key) in preSharedKeys.enumerated() {
            guard !preSharedKeys[..<index].contains(where: { $0.identity == key.identity && $0.hash == key.hash })
            else { throw .unusableSetting("two pre-shared keys have the same identity") }
            guard ciphers.contains(where: { CipherSuiteParameters($0)?.hash == key.hash }) else {
                throw .unusableSetting("no cipher suite of ciphers has the hash of a pre-shared key")
            }
        }
        // The engine checks the rest, in either role's terms.
        var client = ClientConfiguration(verification: .asksForVerdict)
        applyClientSettings(to: &client)
        try client.validate()
        var server = ServerConfiguration.askingForCredential()
        applyServerSettings(to: &server)
        try server.validate()
    }

    private func validateServer() throws(ConfigurationError) {
        guard !credentials.isEmpty || asksForCredential || requiresPreSharedKey else { throw .noCredentials }
        let mode = serverVerifyMode
        if missingCertificateIsFatal && mode == .none {
            throw .unusableSetting("missingCertificateIsFatal is set, but peerVerifyMode asks nobody for a certificate")
        }
        if postHandshakeAuthenticationEnabled {
            guard mode != .none else {
                throw .unusableSetting(
                    "postHandshakeAuthenticationEnabled is set, but peerVerifyMode asks nobody for a certificate")
            }
            // RFC 7250 §4.2: what a client may show instead is agreed on in the handshake, where it is not asked.
            guard acceptedCertificateTypes.contains(.x509) else {
                throw .unusableSetting("postHandshakeAuthenticationEnabled is set, but only public keys are trusted")
            }
        }
        try clientCertificatePolicy.validate()
        if !oidFilters.isEmpty && mode == .none {
            throw .unusableSetting("oidFilters are set, but peerVerifyMode asks nobody for a certificate")
        }
        if announcesCertificateAuthorities {
            guard let trustStore, mode != .none else {
                throw .unusableSetting("announcesCertificateAuthorities is set, but there are no authorities to name")
            }
            guard trustStore.authorityNames.reduce(0, { $0 + $1.count + 2 }) <= Self.longestExtension else {
                throw .unusableSetting("the names of the certificate authorities do not fit into a message")
            }
        }
        if mode != .none && verificationPolicy.revocation == .required && revocationLists.isEmpty {
            throw .unusableSetting("verificationPolicy requires revocation lists, and there are none")
        }
        if maximumEarlyDataSize > 0, case .disabled = sessionResumption {
            throw .unusableSetting("maximumEarlyDataSize is set, but early data needs sessionResumption")
        }
        if keepsOnlyFingerprint && (mode == .none || !acceptedCertificateTypes.contains(.x509)) {
            throw .unusableSetting("keepsOnlyFingerprint is set, but no client can show a certificate")
        }
        if resumesAcrossNames { try validateResumptionAcrossNames() }
    }

    private func validateResumptionAcrossNames() throws(ConfigurationError) {
        if case .disabled = sessionResumption {
            throw .unusableSetting("resumesAcrossNames is set, but sessionResumption is disabled")
        }
        // Who resumes under a name is not shown a certificate again: the one of before has to be good for it too.
        let names = credentials.compactMap(\.chain.first).map { Set($0.subjectAlternativeNames) }
        guard Set(names).count <= 1 else {
            throw .unusableSetting("resumesAcrossNames is set, but the credentials carry different names")
        }
    }

    private func validateClient() throws(ConfigurationError) {
        switch peerVerifyMode {
        case .none, .query:
            guard dangerouslyAllowsUnverifiedServers else {
                throw .unusableSetting(
                    "a client with this peerVerifyMode would trust anybody: dangerouslyAllowsUnverifiedServers is not set"
                )
            }
        case .verify, .auto: break
        }
        if verificationPolicy.revocation == .required && revocationLists.isEmpty && !ocspStaplingEnabled {
            throw .unusableSetting(
                "verificationPolicy requires revocation lists or ocspStaplingEnabled, and there is neither")
        }
        if offersEarlyData, case .disabled = sessionResumption {
            throw .unusableSetting("offersEarlyData is set, but early data needs sessionResumption")
        }
    }

    /// What fits into an extension next to its own length, in bytes.
    private static let longestExtension = 0xFFFF - 2
}

extension SSLConfiguration {
    var requiresPreSharedKey: Bool {
        switch preSharedKeyPolicy {
        case .required: true
        case .orCertificate: false
        case nil: credentials.isEmpty && !asksForCredential && !preSharedKeys.isEmpty
        }
    }

    /// What the peer may show.
    var acceptedCertificateTypes: [CertificateType] {
        if trustedPublicKeys.isEmpty { return [.x509] }
        return trustStore == nil ? [.rawPublicKey] : [.rawPublicKey, .x509]
    }

    /// What ``PeerVerifyMode/auto`` means here.
    var serverVerifyMode: PeerVerifyMode {
        switch peerVerifyMode {
        case .auto where trustStore == nil && trustedPublicKeys.isEmpty: .none
        default: peerVerifyMode
        }
    }
}

extension TrustStore {
    /// The DER of the subjects of its certificates.
    var authorityNames: [[UInt8]] { certificates.map(\.subject.der) }
}
