import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// The scripted half of a conversation.
protocol ScriptedPeer: AnyObject {
    var heard: Heard { get }
    func receive(_ bytes: [UInt8]) throws
    /// A record under the peer's current key.
    func record(_ type: ContentType, _ content: [UInt8], padding: Int) throws -> [UInt8]
}

extension ScriptedPeer {
    func record(_ type: ContentType, _ content: [UInt8]) throws -> [UInt8] {
        try record(type, content, padding: 0)
    }
}

extension ScriptedClient: ScriptedPeer {
    func record(_ type: ContentType, _ content: [UInt8], padding: Int) throws -> [UInt8] {
        try writer.record(type, content, padding: padding)
    }
}

extension ScriptedServer: ScriptedPeer {
    func record(_ type: ContentType, _ content: [UInt8], padding: Int) throws -> [UInt8] {
        try writer.record(type, content, padding: padding)
    }
}

/// What a server waits for when a test does its deed.
enum ServerStage: CaseIterable {
    case clientHello, secondClientHello, credential, clientCertificate, clientCertificateVerify, clientFinished
    case connected

    var isProtected: Bool {
        switch self {
        case .clientHello, .secondClientHello, .credential: false
        case .clientCertificate, .clientCertificateVerify, .clientFinished, .connected: true
        }
    }

    /// Nothing of the client's has opened under its keys yet.
    var allowsPlaintextAlert: Bool { self == .clientCertificate || self == .clientFinished }

    static func configuration() throws -> ServerConfiguration {
        try ServerConfiguration(credentials: [try TestCredentials.p256.get()])
    }

    /// A server brought to this stage by a well-behaved client.
    func start(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> (server: Subject<ServerConnection>, client: ScriptedClient) {
        var configuration = try Self.configuration()
        configuration.groups = [.x25519]
        switch self {
        case .credential: configuration.asksForCredential = true
        case .clientCertificate, .clientCertificateVerify:
            configuration.clientAuthentication = .required(.trustStore(try TestCredentials.trustStore()))
        default: break
        }
        configure(&configuration)
        let server = Subject(ServerConnection(configuration, now: TestCredentials.now))
        let client = try ScriptedClient(offeringShare: self != .secondClientHello)
        guard self != .clientHello else { return (server, client) }
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        switch self {
        case .clientCertificateVerify: try server.receive(try client.say(client.certificate().encoded()))
        case .connected:
            try server.receive(try client.finishedRecord())
            #expect(server.isEstablished)
        default: break
        }
        return (server, client)
    }
}

/// What a client waits for when a test does its deed.
enum ClientStage: CaseIterable {
    case serverHello, secondServerHello, encryptedExtensions, certificate, certificateVerify, verdict, serverFinished
    case connected

    var isProtected: Bool { self != .serverHello && self != .secondServerHello }

    static func configuration() throws -> ClientConfiguration {
        ClientConfiguration(verification: .trustStore(try TestCredentials.trustStore()))
    }

    private var stopsBefore: HandshakeType? {
        switch self {
        case .encryptedExtensions: .encryptedExtensions
        case .certificate: .certificate
        case .certificateVerify: .certificateVerify
        case .verdict, .serverFinished: .finished
        default: nil
        }
    }

    /// A client brought to this stage by a well-behaved server.
    func start(
        _ configure: (inout ClientConfiguration) -> Void = { _ in }
    ) throws -> (client: Subject<ClientConnection>, server: ScriptedServer) {
        var configuration = try Self.configuration()
        configuration.groups = [.x25519, .secp256r1]
        if self == .verdict { configuration.verification = .asksForVerdict }
        configure(&configuration)
        var hello: [UInt8] = []
        let client = Subject(
            try ClientConnection(configuration, serverName: "localhost", now: TestCredentials.now, output: &hello))
        let server = ScriptedServer(credential: try TestCredentials.p256.get())
        try server.receive(hello)
        server.stopsBefore = stopsBefore
        switch self {
        case .serverHello: break
        case .secondServerHello: try client.receive(try server.retry(for: .secp256r1))
        default: try client.receive(try server.flight())
        }
        try server.receive(client.takeOutput())
        if self == .connected { #expect(server.hasVerifiedFinished) }
        return (client, server)
    }
}

/// `bytes` end the connection with just this error, and the peer is told with just this alert; `nil`: it is told
/// nothing.
func expectFailure<Connection: TestedConnection & ~Copyable>(
    of subject: Subject<Connection>, _ peer: any ScriptedPeer, receiving bytes: [UInt8], _ error: TLSError,
    _ alert: AlertDescription?, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(
        subject.failure(receiving: bytes, sourceLocation: sourceLocation) == error, sourceLocation: sourceLocation)
    try peer.receive(subject.takeOutput())
    #expect(peer.heard.alerts == (alert.map { [[2, $0.rawValue]] } ?? []), sourceLocation: sourceLocation)
    #expect((peer.heard.last == .alert) == (alert != nil), sourceLocation: sourceLocation)
}
