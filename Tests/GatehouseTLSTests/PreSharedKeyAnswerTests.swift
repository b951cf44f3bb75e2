import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// One thing wrong in how a server takes a pre-shared key, and what the client makes of it.
struct PreSharedKeyAnswer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: TLSError
    let alert: AlertDescription
    let change: @Sendable (ScriptedServer) throws -> Void

    init(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (ScriptedServer) throws -> Void
    ) {
        testDescription = name
        self.error = error
        self.alert = alert
        self.change = change
    }

    static let notOffered = TLSError.peerMisbehaved(.preSharedKeyNotOffered)

    static let all: [PreSharedKeyAnswer] = [
        PreSharedKeyAnswer("F-08 an index behind the last key", notOffered, .illegalParameter) {
            $0.preSharedKey?.index = 2
        },
        PreSharedKeyAnswer("F-08 the last index of all", notOffered, .illegalParameter) {
            $0.preSharedKey?.index = .max
        },
        PreSharedKeyAnswer("F-08 a key of another hash than the suite's", notOffered, .illegalParameter) {
            $0.preSharedKey?.index = 1
        },
        PreSharedKeyAnswer("F-08 no key_share, though psk_ke is not offered", notOffered, .illegalParameter) {
            $0.change(ServerHello.self) { $0.remove(.keyShare) }
        },
        PreSharedKeyAnswer(
            "F-08 neither a key nor a key_share", .peerMisbehaved(.missingExtension(.keyShare)), .missingExtension
        ) {
            $0.change(ServerHello.self) {
                $0.remove(.keyShare)
                $0.remove(.preSharedKey)
            }
        },
        PreSharedKeyAnswer("F-08 an index of one byte", .invalidMessage(.truncated), .decodeError) {
            $0.change(ServerHello.self) { $0.extensions.unrecognized[.preSharedKey] = [0] }
        },
        PreSharedKeyAnswer("F-08 an index of three bytes", .invalidMessage(.trailingBytes), .decodeError) {
            $0.change(ServerHello.self) { $0.extensions.unrecognized[.preSharedKey] = [0, 0, 0] }
        },
        PreSharedKeyAnswer("F-08 B-17 a Certificate after all", .unexpected(.certificate), .unexpectedMessage) {
            let message = CertificateMessage(context: [], entries: try TestCredentials.p256.get().shown.entries)
            $0.replace(.finished) { [.message(message.encoded()), .message($0)] }
        },
        PreSharedKeyAnswer(
            "F-08 B-17 a CertificateRequest", .unexpected(.certificateRequest), .unexpectedMessage
        ) {
            var request = CertificateRequest(context: [])
            request.extensions.order = [.signatureAlgorithms]
            request.signatureAlgorithms = [.ed25519]
            let bytes = request.encoded()
            $0.replace(.finished) { [.message(bytes), .message($0)] }
        },
        PreSharedKeyAnswer("F-11 early_data unasked", .unsolicited(.earlyData), .unsupportedExtension) {
            $0.encryptedExtensions.extensions.append(.earlyData, [])
        },
        PreSharedKeyAnswer("F-10 ticket_request unasked", .unsolicited(.ticketRequest), .unsupportedExtension) {
            $0.encryptedExtensions.extensions.append(.ticketRequest, [1])
        },
    ]
}

@Suite("How a server takes a pre-shared key, as the client sees it")
struct PreSharedKeyAnswerTests {
    /// A client that offers a key for SHA-256 and one for SHA-384, and a server that takes the first.
    private static func start() throws -> (client: Subject<ClientConnection>, server: ScriptedServer) {
        let keys = [try PreSharedKeyTests.preSharedKey(), try PreSharedKeyTests.preSharedKey(.sha384, identity: [2])]
        let (client, server) = try ClientStage.serverHello.start { $0.preSharedKeys = keys }
        server.preSharedKey = (0, keys[0].secret)
        return (client, server)
    }

    @Test("F-08 the key that was taken is the client's")
    func good() throws {
        let (client, server) = try Self.start()
        try client.receive(try server.flight())
        try server.receive(client.takeOutput())
        #expect(client.isEstablished && server.hasVerifiedFinished)
        #expect(client.connection.session?.preSharedKeyIdentity == PreSharedKeyTests.identity)
    }

    @Test("One thing wrong with it", arguments: PreSharedKeyAnswer.all)
    func oneChange(row: PreSharedKeyAnswer) throws {
        let (client, server) = try Self.start()
        try row.change(server)
        try expectFailure(of: client, server, receiving: try server.flight(), row.error, row.alert)
    }

    @Test("F-08 F-09 a server that does not know the key that it says it takes: bad_record_mac")
    func unknownKey() throws {
        let (client, server) = try Self.start()
        server.preSharedKey?.secret = SharedSecret(Secret(zeros: 32))
        let error = client.failure(receiving: try server.flight())
        #expect(error == .invalidMessage(.recordNotAuthentic) && error?.alert == .badRecordMAC)
    }

    // MARK: Early data

    /// A client that has offered early data with a session for AES-128 and the protocol "a", and after it a key; the
    /// server takes the session and the early data.
    private static func startEarly() throws -> (client: Subject<ClientConnection>, server: ScriptedServer) {
        var (configuration, servers) = try EarlyDataTests.configurations()
        configuration.groups = [.x25519]
        let session = try EarlyDataTests.session(configuration, servers)
        #expect(session.state.cipherSuite == .aes128GCMSHA256 && session.state.applicationProtocol == "a")
        configuration.applicationProtocols = ["a", "b"]
        configuration.preSharedKeys = [try PreSharedKeyTests.preSharedKey()]
        var hello: [UInt8] = []
        let client = Subject(
            try ClientConnection(
                configuration, serverName: "localhost", session: session, now: TestCredentials.now, output: &hello))
        let server = ScriptedServer(credential: try TestCredentials.p256.get())
        try server.receive(hello)
        server.earlySession = session.state
        server.preSharedKey = (0, session.state.preSharedKey)
        server.encryptedExtensions.extensions.order = [.applicationLayerProtocolNegotiation, .earlyData]
        server.encryptedExtensions.applicationProtocols = [Array("a".utf8)]
        return (client, server)
    }

    @Test("F-11 early data that the server takes with its session")
    func earlyDataTaken() throws {
        let (client, server) = try Self.startEarly()
        try client.receive(try server.flight())
        #expect(client.isEstablished && client.connection.session?.isEarlyDataAccepted == true)
        #expect(client.connection.session?.isResumed == true)
    }

    static let mismatches: [(String, @Sendable (ScriptedServer) throws -> Void)] = [
        ("another key than the first", { $0.preSharedKey = (1, try PreSharedKeyTests.preSharedKey().secret) }),
        ("no key at all", { $0.preSharedKey = nil }),
        ("another suite of the same hash", { $0.suite = .chacha20Poly1305SHA256 }),
        ("another protocol", { $0.encryptedExtensions.applicationProtocols = [Array("b".utf8)] }),
        (
            "no protocol",
            { $0.encryptedExtensions.extensions.order = [.earlyData] }
        ),
    ]

    @Test("F-11 early data that is taken with anything else than its session has: illegal_parameter", arguments: 0..<5)
    func earlyDataMismatch(index: Int) throws {
        let (name, change) = Self.mismatches[index]
        let (client, server) = try Self.startEarly()
        try change(server)
        #expect(client.failure(receiving: try server.flight()) == .peerMisbehaved(.earlyDataMismatch), "\(name)")
        try server.receive(client.takeOutput())
        #expect(server.heard.alerts == [[2, AlertDescription.illegalParameter.rawValue]], "\(name)")
    }
}
