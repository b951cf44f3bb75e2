import GatehouseCrypto

/// A ClientHello that is being answered, and what went before it.
struct ClientHelloInProgress: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    let message: ReceivedMessage
    let hello: ClientHello
    let negotiation: ServerNegotiation
    /// What the cookie of a stateless HelloRetryRequest is bound to.
    let peerAddress: [UInt8]
    let retry: HelloRetry?

    init(
        _ message: ReceivedMessage, _ hello: ClientHello, _ configuration: ServerConfiguration,
        peerAddress: [UInt8] = [], retry: HelloRetry?
    ) throws(TLSError) {
        self.configuration = configuration
        self.message = message
        self.hello = hello
        self.peerAddress = peerAddress
        self.retry = retry
        negotiation = try ServerNegotiation(hello, configuration, fixed: retry?.parameters)
    }

    /// Takes the first pre-shared key that can be used, if the client offers any, and goes on.
    consuming func selectPreSharedKey(_ core: inout ConnectionCore) throws(TLSError) -> ServerHandshake {
        guard let offered = hello.preSharedKeys else { return try proceed(with: nil, &core) }
        // RFC 9846 §4.3.9: "If clients offer "pre_shared_key" without a "psk_key_exchange_modes" extension, servers
        // MUST abort the handshake."
        guard hello.pskKeyExchangeModes != nil else {
            throw .peerMisbehaved(.missingExtension(.pskKeyExchangeModes))
        }
        // §4.3.11: binders are "one for each value in the identities list and in the same order".
        guard offered.binderCount == offered.identityCount else { throw .peerMisbehaved(.wrongBinderCount) }
        guard configuration.usesPreSharedKeys, keyExchange() != nil else { return try proceed(with: nil, &core) }
        if case .asksForTickets = configuration.resumption, !foreignIdentities.isEmpty {
            core.tell(.needs(.ticketOpening(tickets: foreignIdentities)))
            return .openingTickets(OpeningTickets(paused: PausedClientHello(self)))
        }
        return try selectPreSharedKey([:], &core)
    }

    /// The identities that are not those of configured keys.
    var foreignIdentities: [[UInt8]] {
        let identities = hello.preSharedKeys?.identities ?? []
        return identities.filter { identity in !configuration.preSharedKeys.contains { isUsable($0, for: identity) } }
            .map(\.identity)
    }

    /// Goes on when the tickets have been opened, as far as that is done elsewhere.
    consuming func selectPreSharedKey(
        _ opened: [[UInt8]: SessionState], _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard let offered = hello.preSharedKeys else { return try proceed(with: nil, &core) }
        var foreign: [[UInt8]] = []
        for (index, identity) in offered.identities.enumerated() {
            if let session = opened[identity.identity] ?? openTicket(identity.identity), isUsable(session, at: core.now)
            {
                return try accept(.session(session, identity), at: index, offered, &core)
            } else if let key = configuration.preSharedKeys.first(where: { isUsable($0, for: identity) }) {
                return try accept(.external(key), at: index, offered, &core)
            } else if !SealedTicket.isOurs(identity.identity), !SessionStore.isOurs(identity.identity) {
                foreign.append(identity.identity)
            }
        }
        guard configuration.asksForPreSharedKey, !foreign.isEmpty else {
            return try proceedWithoutPreSharedKey(offered, &core)
        }
        core.tell(.needs(.preSharedKey(identities: foreign)))
        return .choosingPreSharedKey(
            ChoosingPreSharedKey(paused: PausedClientHello(self)))
    }

    private func openTicket(_ ticket: [UInt8]) -> SessionState? {
        switch configuration.resumption {
        case .disabled, .asksForTickets: nil
        case .tickets(let keys): SealedTicket.open(ticket, keys)
        case .store(let store): store.session(for: ticket)
        case .sealer(let sealer): sealer.open(ticket).flatMap { try? SessionState(decoding: $0) }
        }
    }

    private func isUsable(_ session: SessionState, at now: Int64) -> Bool {
        guard let parameters = CipherSuiteParameters(session.cipherSuite) else { return false }
        return negotiation.cipherSuites.contains { $0.hash == parameters.hash }
            && session.isUsable(at: now, configuration.binding(negotiation.serverName))
            && configuration.clientAuthentication.allowsResumption(with: session.peer)
    }

    func isUsable(_ key: PreSharedKey, for identity: PSKIdentity) -> Bool {
        key.identity == identity.identity && negotiation.cipherSuites.contains { $0.hash == key.hash }
    }

    /// Goes on with a key that was found, once its binder has been checked.
    consuming func accept(
        _ source: SelectedPreSharedKey.Source, at index: Int, _ offered: OfferedPSKs, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let selected = SelectedPreSharedKey(source: source, index: index)
        let expected = binder(selected.secret, selected.origin, selected.hash, offered)
        let agreed = try PreSharedKeyBinder.verify(offered.binders[index], against: expected)
        guard useUp(source) else { return try proceedWithoutPreSharedKey(offered, &core) }
        return try proceed(with: selected, proof: agreed, &core)
    }

    /// A stored session is given out once, when it is really used: a HelloRetryRequest does not use it yet.
    private func useUp(_ source: SelectedPreSharedKey.Source) -> Bool {
        guard case .session(_, let identity) = source, case .store(let store) = configuration.resumption else {
            return true
        }
        if case .retry = keyExchange() { return true }
        return store.use(identity.identity)
    }

    /// None of the offered keys is known.
    ///
    /// RFC 9846 §4.3.11: "If no acceptable PSKs are found, the server SHOULD perform a non-PSK handshake if possible."
    /// Where it is not, whoever probes learns nothing: an unknown identity costs the same HMAC and ends with the same
    /// alert as a wrong binder (RFC 9257 §6.1.2).
    consuming func proceedWithoutPreSharedKey(
        _ offered: OfferedPSKs, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard configuration.requiresPreSharedKey else { return try proceed(with: nil, &core) }
        guard !configuration.revealsUnknownPreSharedKeyIdentity else {
            throw .peerIncompatible(.unknownPreSharedKeyIdentity)
        }
        let nobodys = SharedSecret(Secret(zeros: PreSharedKey.minimumKeyLength))
        _ = binder(nobodys, .external, negotiation.cipherSuites[0].hash, offered)
        throw .peerMisbehaved(.wrongBinder)
    }

    private func binder(
        _ key: SharedSecret, _ origin: PreSharedKeyOrigin, _ hash: HashAlgorithm, _ offered: OfferedPSKs
    ) -> [UInt8] {
        PreSharedKeyBinder.binder(
            key, origin, hash, after: retry?.transcript, message.bytes.dropLast(offered.bindersLength))
    }
}

/// A pre-shared key that the server has found among those offered.
struct SelectedPreSharedKey: Sendable {
    enum Source: Sendable {
        case external(PreSharedKey)
        case session(SessionState, PSKIdentity)
    }

    let source: Source
    let index: Int

    var secret: SharedSecret {
        switch source {
        case .external(let key): key.secret
        case .session(let session, _): session.preSharedKey
        }
    }

    var hash: HashAlgorithm {
        switch source {
        case .external(let key): key.hash
        case .session(let session, _): CipherSuiteParameters(session.cipherSuite)?.hash ?? .sha256
        }
    }

    var origin: PreSharedKeyOrigin {
        switch source {
        case .external(let key): key.origin
        case .session: .resumption
        }
    }

    var session: SessionState? {
        switch source {
        case .external: nil
        case .session(let session, _): session
        }
    }
}
