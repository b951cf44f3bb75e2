import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem

/// Writes the ClientHello (RFC 9846 §4.2.2).
struct ClientHelloComposer {
    let configuration: ClientConfiguration
    let name: ReferenceName?

    func start(_ core: inout ConnectionCore) throws(TLSError) -> AwaitingServerHello {
        guard let group = configuration.groups.first else { throw .crypto(.unsupportedGroup) }
        let key = try core.ephemeralKey(group)
        let hello = compose(random: core.helloRandom(), share: key.publicKey, group)
        let bytes = hello.encoded()
        // RFC 9846 §5.1: legacy_record_version "MAY also be 0x0301 for compatibility purposes" in an initial
        // ClientHello.
        try core.send(bytes, version: ProtocolVersion(rawValue: 0x0301))
        core.reader.allowsChangeCipherSpec = true
        return AwaitingServerHello(
            offer: ClientOffer(configuration: configuration, name: name, hello: hello, helloBytes: bytes), key: key)
    }

    private func compose(random: [UInt8], share: [UInt8], _ group: NamedGroup) -> ClientHello {
        // §E.4: "The client always provides a non-empty session ID in the ClientHello", when it wants to look like an
        // older client to middleboxes.
        let sessionID =
            configuration.usesMiddleboxCompatibilityMode
            ? SystemRandomness.bytes(VectorBounds.legacySessionID.ceiling) : []
        var hello = ClientHello(
            random: random, legacySessionID: sessionID, cipherSuites: configuration.cipherSuites)
        if case .dns(let hostName) = name {
            hello.extensions.order.append(.serverName)
            hello.serverName = Array(hostName.utf8)
        }
        hello.extensions.order += [.supportedGroups, .signatureAlgorithms]
        hello.supportedGroups = configuration.groups
        hello.signatureAlgorithms = configuration.signatureSchemes + SignatureScheme.supportedInCertificatesOnly
        if !configuration.applicationProtocols.isEmpty {
            hello.extensions.order.append(.applicationLayerProtocolNegotiation)
            hello.applicationProtocols = configuration.applicationProtocols.map { Array($0.utf8) }
        }
        if let limit = configuration.recordSizeLimit {
            hello.extensions.order.append(.recordSizeLimit)
            hello.recordSizeLimit = UInt16(limit)
        }
        hello.extensions.order += [.supportedVersions, .keyShare]
        hello.supportedVersions = [.tls13]
        hello.keyShares = [KeyShareEntry(group: group, keyExchange: share)]
        return hello
    }
}
