import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// What both roles' connections have in common.
protocol End: ~Copyable {
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError)
    mutating func takeKeyLog() -> [UInt8]
}

extension ServerConnection: End {}
extension ClientConnection: End {}

/// Connections that get arbitrary bytes.
enum Peers {
    static let now: Int64 = 1_800_000_000

    private struct Identity: Sendable {
        let root: Certificate
        let credential: Credential

        init() throws {
            let rootKey = try PrivateKey.generate(.p256)
            var template = CertificateTemplate(commonName: "root", notBefore: now - 1000, notAfter: now + 1000)
            template.role = .authority(pathLength: nil)
            root = try template.selfSigned(with: rootKey, serialNumber: [1])
            let key = try PrivateKey.generate(.p256)
            var leaf = CertificateTemplate(commonName: "leaf", notBefore: now - 1000, notAfter: now + 1000)
            leaf.dnsNames = ["localhost"]
            let certificate = try leaf.issued(
                for: key.subjectPublicKeyInfo, by: root, issuerKey: rootKey, serialNumber: [2])
            credential = try Credential(chain: [certificate], key: key)
        }
    }

    private static let identity = try! Identity()
    static var root: Certificate { identity.root }
    static var credential: Credential { identity.credential }
    static let preSharedKey = try! PreSharedKey(
        identity: Array("fuzz".utf8), key: [UInt8](repeating: 7, count: 32))
    private static let ticketKeys = TicketKeys()
    private static let replayGuard = InMemoryReplayGuard(capacity: 16)

    static func serverConfiguration() -> ServerConfiguration {
        var configuration = try! ServerConfiguration(credentials: [credential])
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.continuesWithoutApplicationProtocol = true
        configuration.preSharedKeys = [preSharedKey]
        configuration.allowsPSKOnlyKeyExchange = true
        configuration.resumption = .tickets(ticketKeys)
        configuration.earlyData = EarlyDataPolicy(maximumSize: 1000, replayGuard: replayGuard)
        configuration.recordSizeLimit = 16385
        configuration.collectsKeyLog = true
        return configuration
    }

    static func clientConfiguration() -> ClientConfiguration {
        var configuration = ClientConfiguration(verification: .trustStore(TrustStore(anchors: [root])))
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.requestsOCSPStaple = true
        configuration.requestsSignedCertificateTimestamps = true
        configuration.credentials = [credential]
        configuration.recordSizeLimit = 16385
        configuration.offersEarlyData = true
        configuration.collectsKeyLog = true
        return configuration
    }

    static func client(
        _ configuration: ClientConfiguration, _ session: ClientSession? = nil, output: inout [UInt8]
    ) -> ClientConnection {
        try! ClientConnection(
            configuration, serverName: "localhost", session: session, now: now, output: &output)
    }

    /// Hands `bytes` over, takes all events, and makes every decision.
    private static func feed<Connection: End & ~Copyable>(
        _ connection: inout Connection, _ bytes: [UInt8], _ output: inout [UInt8]
    ) throws(TLSError) {
        var buffer = bytes
        var position = 0
        while true {
            let before = position
            var span = buffer.mutableSpan
            let event = try connection.receive(&span, at: &position, output: &output)
            precondition(position >= before && position <= buffer.count, "a position outside of the buffer")
            switch event {
            case nil: return
            case .applicationData(let range), .earlyData(let range):
                precondition(!range.isEmpty && range.upperBound <= position, "data outside of what was consumed")
            case .needs(.peerVerdict): try connection.resume(with: .accept, output: &output)
            case .needs: try connection.resume(with: .reject(.accessDenied), output: &output)
            default: break
            }
        }
    }

    /// Whoever fails says why, or has been told.
    private static func endure(_ output: inout [UInt8], _ body: (inout [UInt8]) throws(TLSError) -> Void) {
        let before = output.count
        do throws(TLSError) {
            try body(&output)
        } catch {
            precondition(error.alert == nil || output.count > before, "no alert for \(error)")
        }
        precondition(output.count < 1 << 20, "an answer of \(output.count) bytes")
    }

    static func runServer(_ bytes: [UInt8]) {
        var server = ServerConnection(serverConfiguration(), now: now)
        var output: [UInt8] = []
        endure(&output) { (output) throws(TLSError) in try feed(&server, bytes, &output) }
    }

    /// What a server says to `hello`.
    static func answer(to hello: [UInt8], _ configuration: ServerConfiguration) -> [UInt8] {
        var server = ServerConnection(configuration, now: now)
        var output: [UInt8] = []
        endure(&output) { (output) throws(TLSError) in try feed(&server, hello, &output) }
        return output
    }

    /// A session of a good handshake.
    static func session() -> ClientSession? {
        var (toServer, toClient) = ([UInt8](), [UInt8]())
        var client = client(clientConfiguration(), output: &toServer)
        var server = ServerConnection(serverConfiguration(), now: now)
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, toServer, &output) }
        toServer = []
        endure(&toServer) { (output) throws(TLSError) in try feed(&client, toClient, &output) }
        toClient = []
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, toServer, &output) }
        var position = 0
        var session: ClientSession?
        var span = toClient.mutableSpan
        while let event = try? client.receive(&span, at: &position, output: &toServer) {
            if case .sessionTicket(let new) = event { session = new }
        }
        return session
    }

    /// Nothing that a server would have to say again: what it answers to one such client fits another.
    static func plainClientConfiguration() -> ClientConfiguration {
        var configuration = clientConfiguration()
        configuration.usesMiddleboxCompatibilityMode = false
        return configuration
    }

    static func runClient(_ bytes: [UInt8]) {
        var output: [UInt8] = []
        var client = client(plainClientConfiguration(), output: &output)
        endure(&output) { (output) throws(TLSError) in try feed(&client, bytes, &output) }
    }

    static func runServerFlight(_ bytes: [UInt8]) {
        var (toServer, toClient) = ([UInt8](), [UInt8]())
        var client = client(clientConfiguration(), output: &toServer)
        var server = ServerConnection(serverConfiguration(), now: now)
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, toServer, &output) }
        let (serverHello, _) = Script.split(toClient)
        var sealer = Script(server.takeKeyLog(), "SERVER_HANDSHAKE_TRAFFIC_SECRET")
        endure(&toServer) { (output) throws(TLSError) in
            try feed(&client, serverHello, &output)
            try feed(&client, sealer.records(bytes), &output)
        }
    }

    static func runClientFlight(_ bytes: [UInt8]) {
        var (toServer, toClient) = ([UInt8](), [UInt8]())
        var configuration = serverConfiguration()
        configuration.clientAuthentication = .required(.trustStore(TrustStore(anchors: [root])))
        _ = client(clientConfiguration(), output: &toServer)
        var server = ServerConnection(configuration, now: now)
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, toServer, &output) }
        var sealer = Script(server.takeKeyLog(), "CLIENT_HANDSHAKE_TRAFFIC_SECRET")
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, sealer.records(bytes), &output) }
    }

    static func runConnected(_ bytes: [UInt8]) {
        var configuration = clientConfiguration()
        configuration.preSharedKeys = [preSharedKey]
        var (toServer, toClient) = ([UInt8](), [UInt8]())
        var client = client(configuration, output: &toServer)
        var serverSide = serverConfiguration()
        serverSide.ticketCount = 0
        var server = ServerConnection(serverSide, now: now)
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, toServer, &output) }
        toServer = []
        endure(&toServer) { (output) throws(TLSError) in try feed(&client, toClient, &output) }
        toClient = []
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, toServer, &output) }
        precondition(client.isEstablished && server.isEstablished, "a good handshake has failed")
        let log = server.takeKeyLog()
        var fromClient = Script(log, "CLIENT_TRAFFIC_SECRET_0")
        var fromServer = Script(log, "SERVER_TRAFFIC_SECRET_0")
        endure(&toClient) { (output) throws(TLSError) in try feed(&server, fromClient.records(bytes), &output) }
        endure(&toServer) { (output) throws(TLSError) in try feed(&client, fromServer.records(bytes), &output) }
        // A connection that has failed says so again, and sends nothing.
        try? server.send([1, 2, 3].span, output: &toClient)
        client.close(output: &toServer)
    }

    static func runSessions(_ bytes: [UInt8]) {
        guard let session = try? ClientSession(importing: bytes) else { return }
        let exported = session.exported()
        precondition((try? ClientSession(importing: exported))?.exported() == exported, "another session comes out")
        _ = (session.expiry, session.serverName, session.maximumEarlyDataSize)
        var output: [UInt8] = []
        guard
            var client = try? ClientConnection(
                clientConfiguration(), serverName: "localhost", session: session, now: now, output: &output)
        else { return }
        if client.earlyDataLimit > 0 { try? client.sendEarlyData([1].span, output: &output) }
        runServer(output)
    }
}
