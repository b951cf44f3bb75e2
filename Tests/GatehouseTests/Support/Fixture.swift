import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// A certificate for localhost, and configurations around it.
enum Fixture {
    /// How long may take what is not about time, longer than any test: a suite that runs whole keeps a machine busy for
    /// minutes, and what a test does next may wait for as long while deadlines go on.
    static let patience = Duration.seconds(3600)

    /// Where nobody listens: ports that are given back may be somebody else's a moment later.
    static let deaf = Endpoint(address: .localHost, port: 1)

    static let credential = credential(for: ["localhost"])
    static let otherCredential = credential(for: ["other.example"])

    /// A fresh self-signed certificate; the test ends here if that fails.
    static func credential(for names: [String]) -> Credential {
        let now = SystemClock.unixTime
        var template = CertificateTemplate(commonName: names[0], notBefore: now - 60, notAfter: now + 86_400)
        template.dnsNames = names
        do {
            let key = try PrivateKey.generate(.p256)
            let certificate = try template.selfSigned(with: key, serialNumber: SystemRandomness.bytes(16))
            return try Credential(chain: [certificate], key: key)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static func server(alpn: [String] = [], _ credential: Credential = credential) throws -> SSLConfiguration {
        var configuration = SSLConfiguration(credentials: [credential])
        configuration.allowedNextProtocols = alpn
        return configuration
    }

    static func client(alpn: [String] = [], _ credential: Credential = credential) throws -> SSLConfiguration {
        var configuration = SSLConfiguration()
        configuration.caCertificates = [credential.chain[0]]
        configuration.allowedNextProtocols = alpn
        return configuration
    }

    /// The configuration of a client that trusts whom it meets.
    static var anyServer: SSLConfiguration {
        var configuration = SSLConfiguration()
        configuration.peerVerifyMode = .none
        configuration.dangerouslyAllowsUnverifiedServers = true
        return configuration
    }

    /// What the engine's client needs for the same.
    static func engineClient() -> ClientConfiguration {
        ClientConfiguration(verification: .trustStore(TrustStore(anchors: [credential.chain[0]])))
    }

    /// The bytes of a good ClientHello.
    static func clientHello() throws -> [UInt8] {
        var output: [UInt8] = []
        _ = try ClientConnection(
            engineClient(), serverName: "localhost", now: SystemClock.unixTime, output: &output)
        return output
    }
}

extension SSLServer {
    /// A server that does not listen yet and whose handshakes may take their time.
    static func patient(_ configuration: SSLConfiguration? = nil, threads: Int = 1) async throws -> SSLServer {
        let server = try SSLServer(configuration: configuration ?? Fixture.server(), threads: threads)
        await server.run { $0.handshakeTimeout = Fixture.patience }
        return server
    }

    /// A server on loopback, listening, with a recorder for its signals.
    static func listening(
        _ configuration: SSLConfiguration? = nil, threads: Int = 1, port: UInt16 = 0,
        _ prepare: @Sendable (isolated SSLServer) -> Void = { _ in }
    ) async throws -> (server: SSLServer, recorder: Recorder, endpoint: Endpoint) {
        let server = try await patient(configuration, threads: threads)
        let recorder = Recorder()
        recorder.follow(server)
        await server.run(prepare)
        try await server.listen(address: .localHost, port: port)
        return (server, recorder, Endpoint(address: .localHost, port: await server.serverPort))
    }

    /// Sends back what each connection sends.
    func echo() {
        pendingConnectionAvailable.connect { server in
            while let socket = server.nextPendingConnection() {
                socket.perform { socket in
                    socket.readyRead.connect { $0.write($0.readAll()) }
                    socket.write(socket.readAll())
                }
            }
        }
    }

    /// Waits for an encrypted connection and takes it.
    func next() async -> SSLSocket? {
        _ = await waitForNewConnection()
        return nextPendingConnection()
    }
}

extension SSLSocket {
    /// A client's socket that is on its way to the endpoint.
    static func connecting(
        to endpoint: Endpoint, _ configuration: SSLConfiguration? = nil, recorder: Recorder? = nil
    ) async throws -> SSLSocket {
        let socket = try SSLSocket(
            configuration: configuration ?? Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        recorder?.follow(socket)
        try await socket.connectToHostEncrypted(
            endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
        return socket
    }

    /// A client's socket with a completed handshake.
    static func connected(
        to endpoint: Endpoint, _ configuration: SSLConfiguration? = nil, recorder: Recorder? = nil
    ) async throws -> SSLSocket {
        let socket = try await connecting(to: endpoint, configuration, recorder: recorder)
        try await eventually {
            guard await socket.error == nil else { throw await HandshakeFailure(reason: socket.errorString) }
            return await socket.isEncrypted
        }
        return socket
    }

    /// Waits for as many decrypted bytes and takes them.
    func receive(_ count: Int) async throws -> [UInt8] {
        try await eventually { await self.bytesAvailable >= count }
        return read(count)
    }
}

struct HandshakeFailure: Error {
    let reason: String
}
