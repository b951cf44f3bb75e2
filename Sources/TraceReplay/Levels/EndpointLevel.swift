import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

extension TraceSet {
    /// A server with the trace's random, private key, ticket and signature gets the client's records.
    func checkServer(_ trace: Trace, _ report: inout LevelReport) throws {
        var replay = try Replay(
            random: trace.published(.server, .serverHello).random,
            newSessionTicket: trace.message(.server, .newSessionTicket)?.bytes)
        replay.privateKeys = [trace.group: try trace.published(.serverPrivateKey)]
        replay.cookie = trace.message(.server, .helloRetryRequest)?.cookie
        let configuration = try serverConfiguration(trace, &report)
        var server = EndpointReplay(ServerConnection(configuration, now: 0, replay: replay), .server, trace)
        try server.run(&report)
    }

    /// A client with the trace's ClientHello, private keys, session and signature gets the server's records.
    func checkClient(_ trace: Trace, _ report: inout LevelReport) throws {
        let hellos = trace.messages.filter { $0.kind == .clientHello }
        var replay = try Replay(
            clientHello: trace.published(.client, .clientHello).bytes, second: hellos.dropFirst().first?.bytes)
        replay.privateKeys = [trace.group: try trace.published(.clientPrivateKey)]
        var configuration = ClientConfiguration(verification: .asksForVerdict)
        configuration.groups = [trace.group]
        if let privateKey = trace.values[.clientFirstHelloPrivateKey] {
            replay.privateKeys[.x25519] = privateKey
            configuration.groups.insert(.x25519, at: 0)
        }
        configuration.recordSizeLimit = Published.recordSizeLimit
        configuration.credentials = try trace.credential(.client).map { [$0] } ?? []
        configuration.offersEarlyData = true
        configuration.collectsKeyLog = true
        var output: [UInt8] = []
        let connection = try ClientConnection(
            configuration, serverName: Published.serverName, session: trace.session(replay, configuration), now: 0,
            replay: replay, output: &output)
        var client = EndpointReplay(connection, .client, trace, output: output)
        try client.run(&report)
    }

    private func serverConfiguration(_ trace: Trace, _ report: inout LevelReport) throws -> ServerConfiguration {
        var configuration = ServerConfiguration.askingForCredential()
        if let credential = try trace.credential(.server) {
            configuration = try ServerConfiguration(credentials: [credential])
            let key = try credential.chain.first?.publicKey()
            if case .rsa = key?.algorithm, let key, try !PrivateKey(der: rsaPrivateKey).isPair(of: key) {
                report.fail("the RSA key is not that of the server's certificate")
            }
        }
        configuration.groups = [trace.group]
        configuration.announcedGroups = trace.scenario.announcedGroups
        configuration.recordSizeLimit = Published.recordSizeLimit
        configuration.collectsKeyLog = true
        configuration.earlyData = EarlyDataPolicy(
            maximumSize: Published.maximumEarlyDataSize, replayGuard: InMemoryReplayGuard(capacity: 1))
        configuration.resumption = .store(SessionStore(capacity: 1))
        configuration.ticketCount = trace.message(.server, .newSessionTicket) == nil ? 0 : 1
        configuration.ticketLifetime = Published.ticketLifetime
        if trace.message(.server, .certificateRequest) != nil {
            configuration.clientAuthentication = .required(.asksForVerdict)
            configuration.clientAuthentication.signatureSchemes = Published.signatureSchemes
        }
        if let session = try trace.clientsSession() {
            configuration.resumption = .store(SessionStore(replaying: session, configuration))
        }
        return configuration
    }
}

extension Trace {
    /// The certificate of one side, with its key held elsewhere: the signature is published. `nil` when it shows none.
    fileprivate func credential(_ side: Sender) throws -> Credential? {
        guard let certificate = message(side, .certificate) else { return nil }
        return try Credential(
            chain: [Certificate(der: certificate.certificate)],
            signatureSchemes: [published(side, .certificateVerify).signatureScheme])
    }

    /// The session that the client resumes; `nil` when it resumes none.
    fileprivate func session(_ replay: Replay, _ configuration: ClientConfiguration) throws -> ClientSession? {
        guard scenario == .resumed0RTT else { return nil }
        return replay.session(
            preSharedKey: try published(.preSharedKey), cipherSuite: cipherSuite, serverName: Published.serverName,
            maximumEarlyDataSize: Published.maximumEarlyDataSize, configuration)
    }

    /// The same, as the server knows it.
    fileprivate func clientsSession() throws -> ClientSession? {
        let replay = try Replay(clientHello: published(.client, .clientHello).bytes, second: nil)
        return try session(replay, ClientConfiguration(verification: .asksForVerdict))
    }
}

extension Scenario {
    /// The groups of the server's EncryptedExtensions: curves, and the five finite fields of RFC 7919.
    fileprivate var announcedGroups: [NamedGroup] {
        switch self {
        case .helloRetryRequest: [.secp256r1, .secp384r1, .x25519]
        default:
            [.x25519, .secp256r1, .secp384r1, .secp521r1] + (0x0100...0x0104).map { NamedGroup(rawValue: $0) }
        }
    }
}

/// How both sides of all traces are configured.
private enum Published {
    static let serverName = "server"
    /// That of a full TLSInnerPlaintext (RFC 8449 §4).
    static let recordSizeLimit = 16385
    /// In seconds.
    static let ticketLifetime: UInt32 = 30
    static let maximumEarlyDataSize: UInt32 = 1024
    /// What the server's CertificateRequest accepts: ECDSA, RSA-PSS, PKCS #1 and DSA.
    static let signatureSchemes: [SignatureScheme] = [
        0x0403, 0x0503, 0x0603, 0x0203, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, 0x0402, 0x0502, 0x0602,
        0x0202,
    ].map { SignatureScheme(rawValue: $0) }
}
