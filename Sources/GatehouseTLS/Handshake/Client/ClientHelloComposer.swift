import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem

/// Writes the ClientHello (RFC 9846 §4.2.2).
struct ClientHelloComposer {
    let configuration: ClientConfiguration
    let name: ReferenceName?
    let session: ClientSession?

    private var hostName: String? {
        if case .dns(let hostName) = name { hostName } else { nil }
    }

    func start(_ core: inout ConnectionCore) throws(TLSError) -> AwaitingServerHello {
        let shares = try OfferedShares(configuration.offeredShareGroups, core)
        let keys = offeredKeys(at: core.now)
        let earlySession = earlyDataSession(keys)
        let hello =
            core.replay?.clientHello(with: shares.entries)
            ?? compose(random: core.helloRandom(), shares.entries, sendsEarlyData: earlySession != nil)
        var offer = ClientOffer(configuration: configuration, name: name, hello: hello, keys: keys)
        offer.addPreSharedKeys(after: nil)
        guard offer.helloBytes.count <= Limits.handshakeMessage else { throw .misuse(.clientHelloTooLarge) }
        guard !offer.isHelloOutOfBounds else { throw .tooLongToSend(.clientHello) }
        // RFC 9846 §5.1: legacy_record_version "MAY also be 0x0301 for compatibility purposes" in an initial
        // ClientHello.
        try core.send(offer.helloBytes, version: ProtocolVersion(rawValue: 0x0301))
        core.reader.allowsChangeCipherSpec = true
        if let earlySession { try offer.beginEarlyData(earlySession, &core) }
        return AwaitingServerHello(offer: offer, shares: shares)
    }

    /// The session first: early data can go with the first key only.
    private func offeredKeys(at now: Int64) -> [OfferedKey] {
        var keys: [OfferedKey] = []
        if let session, session.isUsable(at: now, configuration, name),
            let key = OfferedKey(session, now: now)
        {
            keys.append(key)
        }
        return keys + configuration.preSharedKeys.map(OfferedKey.init)
    }

    private func earlyDataSession(_ keys: [OfferedKey]) -> ClientSession? {
        guard configuration.offersEarlyData, let session = keys.first?.session, session.state.maxEarlyDataSize > 0,
            configuration.cipherSuites.contains(session.state.cipherSuite)
        else { return nil }
        // RFC 9846 §4.3.10: the protocol of the original connection must still be on offer.
        if let name = session.state.applicationProtocol, !configuration.applicationProtocols.contains(name) {
            return nil
        }
        return session
    }

    private func compose(random: [UInt8], _ shares: [KeyShareEntry], sendsEarlyData: Bool) -> ClientHello {
        // §E.4: "The client always provides a non-empty session ID in the ClientHello", when it wants to look like an
        // older client to middleboxes.
        let sessionIDLength = configuration.usesMiddleboxCompatibilityMode ? 32 : 0
        var hello = ClientHello(
            random: random, legacySessionID: SystemRandomness.bytes(sessionIDLength),
            cipherSuites: configuration.cipherSuites)
        if let hostName {
            hello.extensions.order.append(.serverName)
            hello.serverName = Array(hostName.utf8)
        }
        hello.extensions.order += [.supportedGroups, .signatureAlgorithms]
        hello.supportedGroups = configuration.groups
        // RFC 9963 §3: "Clients MUST NOT advertise these values in the signature_algorithms extension of the ClientHello."
        let schemes = configuration.signatureSchemes.filter {
            !SignatureScheme.supportedFromClientsWhenListed.contains($0)
        }
        hello.signatureAlgorithms =
            schemes + SignatureScheme.supportedInCertificatesOnly.filter { !schemes.contains($0) }
        if !configuration.applicationProtocols.isEmpty {
            hello.extensions.order.append(.applicationLayerProtocolNegotiation)
            hello.applicationProtocols = configuration.applicationProtocols.map { Array($0.utf8) }
        }
        if let limit = configuration.recordSizeLimit {
            hello.extensions.order.append(.recordSizeLimit)
            hello.recordSizeLimit = UInt16(clamping: limit)
        }
        if configuration.offersResumption || !configuration.preSharedKeys.isEmpty {
            hello.extensions.order.append(.pskKeyExchangeModes)
            hello.pskKeyExchangeModes =
                configuration.allowsPSKOnlyKeyExchange ? [.pskWithDHE, .pskOnly] : [.pskWithDHE]
        }
        if let request = configuration.ticketRequest {
            hello.extensions.order.append(.ticketRequest)
            hello.ticketRequest = TicketRequest(
                newSessionCount: request.afterFullHandshake, resumptionCount: request.afterResumption)
        }
        if configuration.requestsOCSPStaple {
            hello.extensions.order.append(.statusRequest)
            hello.statusRequest = CertificateStatusRequest()
        }
        if configuration.requestsSignedCertificateTimestamps {
            hello.extensions.order.append(.signedCertificateTimestamp)
        }
        // RFC 7250 §4.1: a client that has or takes nothing "other than the default X.509 type" leaves the extension out.
        let types = configuration.certificateTypes
        if types.client != [.x509] {
            hello.extensions.order.append(.clientCertificateType)
            hello.clientCertificateTypes = types.client
        }
        if types.server != [.x509] {
            hello.extensions.order.append(.serverCertificateType)
            hello.serverCertificateTypes = types.server
        }
        if configuration.offersPostHandshakeAuthentication { hello.extensions.order.append(.postHandshakeAuth) }
        hello.extensions.order += [.supportedVersions, .keyShare]
        hello.supportedVersions = [.tls13]
        hello.keyShares = shares
        if sendsEarlyData { hello.extensions.order.append(.earlyData) }
        var randomness = BufferedRandomness()
        if configuration.sendsGREASE { GREASE.add(to: &hello, &randomness) }
        if configuration.shufflesExtensions { hello.extensions.order.shuffle(using: &randomness) }
        return hello
    }
}

extension ReferenceName {
    /// What a session remembers of the server's name.
    var sessionName: String { description }
}
