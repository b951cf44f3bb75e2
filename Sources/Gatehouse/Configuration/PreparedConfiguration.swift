import GatehouseCertificates
import GatehouseTLS

/// A configuration that was found good, with what follows from it. All connections that have it share one.
final class PreparedConfiguration: Sendable {
    /// The same in the engine's terms.
    enum Engine: Sendable {
        case server(ServerConfiguration)
        case client(ClientConfiguration)
    }

    let settings: SSLConfiguration
    let judge: PeerJudge
    let engine: Engine
    /// What clients are asked for after the handshake.
    let laterClientAuthentication: ClientCertificatePolicy

    /// - Throws: `ConfigurationError` when a server cannot work with these settings.
    init(server settings: SSLConfiguration, _ resources: ResumptionResources) throws(ConfigurationError) {
        try settings.validate(as: .server)
        let judge = PeerJudge(
            settings, mode: settings.serverVerifyMode, .clientAuthentication, settings.trustStore ?? .empty)
        self.settings = settings
        self.judge = judge
        engine = .server(try settings.serverEngine(judge, resources))
        laterClientAuthentication = settings.clientCertificatePolicy
    }

    /// The same for a server whose own ticket keys are these now.
    init(_ other: PreparedConfiguration, ticketKeys: TicketKeys) {
        settings = other.settings
        judge = other.judge
        laterClientAuthentication = other.laterClientAuthentication
        switch (other.engine, other.settings.sessionResumption) {
        case (.server(var server), .automatic):
            server.resumption = .tickets(ticketKeys)
            engine = .server(server)
        default: engine = other.engine
        }
    }

    /// - Throws: `ConfigurationError` when a client cannot work with these settings, or there is nobody to trust.
    init(client settings: SSLConfiguration) throws(ConfigurationError) {
        try settings.validate(as: .client)
        var mode = settings.peerVerifyMode
        if mode == .auto { mode = .verify }
        let judge = PeerJudge(settings, mode: mode, .serverAuthentication, try settings.serverStore(mode))
        self.settings = settings
        self.judge = judge
        engine = .client(settings.clientEngine(judge))
        laterClientAuthentication = .none
    }
}

extension SSLConfiguration {
    /// Whom a client trusts to sign for servers.
    fileprivate func serverStore(_ mode: PeerVerifyMode) throws(ConfigurationError) -> TrustStore {
        if let trustStore { return trustStore }
        guard mode != .none, acceptedCertificateTypes.contains(.x509) else { return .empty }
        do throws(SystemTrustError) {
            return try TrustStore.system()
        } catch {
            throw .unusableSetting(error.description)
        }
    }

    fileprivate func serverEngine(
        _ judge: PeerJudge, _ resources: ResumptionResources
    ) throws(ConfigurationError) -> ServerConfiguration {
        var engine: ServerConfiguration
        if !credentials.isEmpty {
            engine = try ServerConfiguration(credentials: credentials)
            engine.asksForCredential = asksForCredential
        } else if asksForCredential {
            engine = .askingForCredential()
        } else {
            engine = .requiringPreSharedKey(preSharedKeys)
        }
        applyServerSettings(to: &engine)
        if !postHandshakeAuthenticationEnabled { engine.clientAuthentication = clientCertificatePolicy }
        engine.trustGeneration = judge.fingerprint
        switch sessionResumption {
        case .disabled: engine.resumption = .disabled
        case .automatic: engine.resumption = .tickets(resources.ticketKeys)
        case .tickets(let keys): engine.resumption = .tickets(keys)
        case .store(let store): engine.resumption = .store(store)
        case .asksForTickets: engine.resumption = .asksForTickets
        case .sealer(let sealer): engine.resumption = .sealer(sealer)
        }
        if maximumEarlyDataSize > 0 {
            engine.earlyData = EarlyDataPolicy(
                maximumSize: maximumEarlyDataSize, replayGuard: replayGuard ?? resources.replayGuard)
            engine.earlyData?.ageTolerance = earlyDataAgeTolerance
        }
        return engine
    }

    /// Those that need nothing but this configuration.
    func applyServerSettings(to engine: inout ServerConfiguration) {
        engine.cipherSuites = ciphers
        engine.groups = groups
        if announcesGroups { engine.announcedGroups = groups }
        engine.statelessRetry = statelessRetry
        engine.applicationProtocols = allowedNextProtocols
        engine.continuesWithoutApplicationProtocol = continuesWithoutNextProtocol
        engine.rejectsUnrecognizedName = rejectsUnrecognizedName
        engine.preSharedKeys = preSharedKeys
        engine.asksForPreSharedKey = true
        engine.preSharedKeyPolicy = requiresPreSharedKey ? .required : .orCertificate
        engine.revealsUnknownPreSharedKeyIdentity = revealsUnknownPreSharedKeyIdentity
        engine.allowsPSKOnlyKeyExchange = dangerouslyAllowsPSKOnlyKeyExchange
        engine.ticketCount = sessionTicketCount
        engine.resumesAcrossNames = resumesAcrossNames
        engine.sendsGREASE = sendsGREASEInTickets
        engine.ticketLifetime = UInt32(clamping: sessionTicketLifetime.components.seconds)
        engine.peerCertificateLimit = peerCertificateLimit
        engine.recordPadding = recordPadding
        engine.recordSizing = recordSizing
        engine.recordSizeLimit = recordSizeLimit
        engine.collectsKeyLog = keyLog != nil
    }

    /// What a server asks clients for, in the handshake or after it.
    var clientCertificatePolicy: ClientCertificatePolicy {
        let mode = serverVerifyMode
        guard mode != .none else { return .none }
        var policy =
            missingCertificateIsFatal
            ? ClientCertificatePolicy.required(.asksForVerdict) : .optional(.asksForVerdict)
        policy.asksAboutMissingCertificate = mode == .verify && !missingCertificateIsFatal
        policy.keepsOnlyFingerprint = keepsOnlyFingerprint
        policy.acceptedCertificateTypes = acceptedCertificateTypes
        policy.signatureSchemes = signatureSchemes
        policy.oidFilters = oidFilters
        if announcesCertificateAuthorities { policy.certificateAuthorities = trustStore?.authorityNames ?? [] }
        return policy
    }

    fileprivate func clientEngine(_ judge: PeerJudge) -> ClientConfiguration {
        var engine = ClientConfiguration(
            verification: judge.mode == .none ? .dangerouslyAcceptAnyCertificate : .asksForVerdict)
        applyClientSettings(to: &engine)
        engine.trustGeneration = judge.fingerprint
        return engine
    }

    /// Those that need nothing but this configuration.
    func applyClientSettings(to engine: inout ClientConfiguration) {
        engine.cipherSuites = ciphers
        engine.groups = groups
        engine.keyShareGroups = keyShareGroups
        engine.usesMiddleboxCompatibilityMode = usesMiddleboxCompatibilityMode
        engine.acceptedCertificateTypes = acceptedCertificateTypes
        engine.signatureSchemes = signatureSchemes
        engine.applicationProtocols = allowedNextProtocols
        engine.requestsOCSPStaple = ocspStaplingEnabled
        engine.requestsSignedCertificateTimestamps = requestsSignedCertificateTimestamps
        engine.sendsGREASE = sendsGREASE
        engine.shufflesExtensions = shufflesExtensions
        engine.offeredCertificateTypes = offeredCertificateTypes
        engine.peerCertificateLimit = peerCertificateLimit
        engine.recordPadding = recordPadding
        engine.recordSizing = recordSizing
        engine.recordSizeLimit = recordSizeLimit
        engine.credentials = credentials
        engine.asksForCredential = asksForCredential
        engine.offersPostHandshakeAuthentication = postHandshakeAuthenticationEnabled
        engine.preSharedKeys = preSharedKeys
        engine.allowsPSKOnlyKeyExchange = dangerouslyAllowsPSKOnlyKeyExchange
        if case .disabled = sessionResumption { engine.offersResumption = false }
        engine.ticketRequest = requestedTickets
        engine.verifiesResumedSessions = verifiesResumedSessions
        engine.offersEarlyData = offersEarlyData
        engine.collectsKeyLog = keyLog != nil
    }
}
