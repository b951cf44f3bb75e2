import GatehouseCertificates
import GatehouseTLS

/// A configuration that was found good, with what follows from it. All connections that have it share one.
final class PreparedConfiguration<Engine: Sendable>: Sendable {
    let settings: SSLConfiguration
    let judge: PeerJudge
    /// The same in the engine's terms.
    let engine: Engine

    private init(_ settings: SSLConfiguration, _ judge: PeerJudge, _ engine: Engine) {
        self.settings = settings
        self.judge = judge
        self.engine = engine
    }
}

/// What a server has of its own for resumption, whatever its configuration.
struct ResumptionResources: Sendable {
    var ticketKeys = TicketKeys()
    let replayGuard = InMemoryReplayGuard()
}

extension PreparedConfiguration<ServerConfiguration> {
    /// - Throws: `ConfigurationError` when a server cannot work with these settings.
    convenience init(
        server settings: SSLConfiguration, _ resources: ResumptionResources
    ) throws(ConfigurationError) {
        try settings.validate(as: .server)
        let judge = PeerJudge(
            settings, mode: settings.serverVerifyMode, .clientAuthentication, settings.trustStore ?? .empty)
        self.init(settings, judge, try settings.serverEngine(judge, resources))
    }
}

extension PreparedConfiguration<ClientConfiguration> {
    /// - Throws: `ConfigurationError` when a client cannot work with these settings, or there is nobody to trust.
    convenience init(client settings: SSLConfiguration) throws(ConfigurationError) {
        try settings.validate(as: .client)
        var mode = settings.peerVerifyMode
        if mode == .auto { mode = .verify }
        let judge = PeerJudge(settings, mode: mode, .serverAuthentication, try settings.serverStore(mode))
        self.init(settings, judge, settings.clientEngine(judge))
    }
}

extension SSLConfiguration {
    /// Whom a client trusts to sign for servers.
    fileprivate func serverStore(_ mode: PeerVerifyMode) throws(ConfigurationError) -> TrustStore {
        if let trustStore { return trustStore }
        guard mode != .none else { return .empty }
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
        engine.clientAuthentication = clientCertificatePolicy(judge)
        engine.trustGeneration = judge.fingerprint
        switch sessionResumption {
        case .disabled: engine.resumption = .disabled
        case .automatic: engine.resumption = .tickets(resources.ticketKeys)
        case .tickets(let keys): engine.resumption = .tickets(keys)
        case .store(let store): engine.resumption = .store(store)
        }
        if maximumEarlyDataSize > 0 {
            engine.earlyData = EarlyDataPolicy(
                maximumSize: maximumEarlyDataSize, replayGuard: replayGuard ?? resources.replayGuard)
        }
        return engine
    }

    /// Those that need nothing but this configuration.
    func applyServerSettings(to engine: inout ServerConfiguration) {
        engine.cipherSuites = ciphers
        engine.groups = groups
        engine.applicationProtocols = allowedNextProtocols
        engine.continuesWithoutApplicationProtocol = continuesWithoutNextProtocol
        engine.rejectsUnrecognizedName = rejectsUnrecognizedName
        engine.preSharedKeys = preSharedKeys
        engine.asksForPreSharedKey = true
        engine.preSharedKeyPolicy = requiresPreSharedKey ? .required : .orCertificate
        engine.revealsUnknownPreSharedKeyIdentity = revealsUnknownPreSharedKeyIdentity
        engine.allowsPSKOnlyKeyExchange = dangerouslyAllowsPSKOnlyKeyExchange
        engine.ticketCount = sessionTicketCount
        engine.ticketLifetime = UInt32(clamping: sessionTicketLifetime.components.seconds)
        engine.recordPadding = recordPadding
        engine.recordSizeLimit = recordSizeLimit
        engine.collectsKeyLog = keyLog != nil
    }

    private func clientCertificatePolicy(_ judge: PeerJudge) -> ClientCertificatePolicy {
        var policy: ClientCertificatePolicy
        switch judge.mode {
        case .none: return .none
        case .verify: policy = .required(.asksForVerdict)
        default: policy = missingCertificateIsFatal ? .required(.asksForVerdict) : .optional(.asksForVerdict)
        }
        policy.signatureSchemes = signatureSchemes
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
        engine.signatureSchemes = signatureSchemes
        engine.applicationProtocols = allowedNextProtocols
        engine.requestsOCSPStaple = ocspStaplingEnabled
        engine.requestsSignedCertificateTimestamps = requestsSignedCertificateTimestamps
        engine.sendsGREASE = sendsGREASE
        engine.recordPadding = recordPadding
        engine.recordSizeLimit = recordSizeLimit
        engine.credentials = credentials
        engine.asksForCredential = asksForCredential
        engine.preSharedKeys = preSharedKeys
        engine.allowsPSKOnlyKeyExchange = dangerouslyAllowsPSKOnlyKeyExchange
        if case .disabled = sessionResumption { engine.offersResumption = false }
        engine.verifiesResumedSessions = verifiesResumedSessions
        engine.offersEarlyData = offersEarlyData
        engine.collectsKeyLog = keyLog != nil
    }
}
