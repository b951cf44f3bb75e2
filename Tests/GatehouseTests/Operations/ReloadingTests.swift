import Foundation
import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

/// A source that a test changes.
private final class ScriptedSource: ConfigurationSource {
    private struct State {
        var version = 0
        var alpn: String? = "a"
        var isRestless = false
        var reads = 0
    }

    private struct Broken: Error, CustomStringConvertible {
        let description = "it is broken"
    }

    private let state = Mutex(State())

    var version: String {
        state.withLock { state in
            if state.isRestless { state.version += 1 }
            return "\(state.version)"
        }
    }

    var reads: Int { state.withLock { $0.reads } }

    func configuration() throws -> SSLConfiguration {
        let alpn = state.withLock { state in
            state.reads += 1
            return state.alpn
        }
        guard let alpn else { throw Broken() }
        return try Fixture.server(alpn: [alpn])
    }

    /// `nil` breaks it.
    func set(alpn: String?) {
        state.withLock { state in
            state.alpn = alpn
            state.version += 1
        }
    }

    func setRestless(_ isRestless: Bool) {
        state.withLock { $0.isRestless = isRestless }
    }
}

/// A chain and a key as files.
private struct KeyPair {
    let certificate: SSLCertificate
    let chain: [UInt8]
    let key: [UInt8]

    init(_ name: String) throws {
        key = try Tool("openssl")("genpkey", "-algorithm", "ED25519")
        let now = SystemClock.unixTime
        var template = CertificateTemplate(commonName: name, notBefore: now - 60, notAfter: now + 86_400)
        template.dnsNames = ["localhost"]
        certificate = try template.selfSigned(
            with: PrivateKey(pem: key), serialNumber: SystemRandomness.bytes(16))
        chain = Array(certificate.pem.utf8)
    }

    func write(to folder: TemporaryFolder) throws {
        try folder.write(chain, to: "chain.pem", permissions: 0o644)
        try folder.write(key, to: "key.pem")
    }
}

extension ConfigurationFiles {
    fileprivate init(in folder: TemporaryFolder) {
        self.init()
        credentials = [.init(certificateChain: folder.path("chain.pem"), privateKey: folder.path("key.pem"))]
    }
}

@Suite(.onOwnThreads, .patient) struct ReloadingTests {
    private static let interval = Duration.milliseconds(10)

    /// Records what reloading comes to.
    private func following(_ server: SSLServer) -> Recorder {
        let recorder = Recorder()
        server.configurationReloaded.connect { _ in recorder.add("reloaded") }
        server.configurationReloadFailed.connect { _, failure in recorder.add("failed: \(failure.reason)") }
        return recorder
    }

    private func agrees(_ endpoint: Endpoint, on name: String) async throws -> Bool {
        let client = try await SSLSocket.connected(to: endpoint, Fixture.client(alpn: ["a", "b", "c"]))
        defer { client.perform { $0.abort() } }
        return await client.session?.applicationProtocol == name
    }

    @Test("a changed source is taken, a broken one changes nothing and is told once; stopping ends it")
    func source() async throws {
        let source = ScriptedSource()
        let (server, _, endpoint) = try await SSLServer.listening(threads: 2)
        let recorder = following(server)
        try await server.followConfiguration(from: source, every: Self.interval)
        #expect(try await agrees(endpoint, on: "a"))
        source.set(alpn: "b")
        try await eventually { recorder.all == ["reloaded"] }
        // Each thread takes it when it comes to it.
        for _ in 0..<2 { try await eventually { try await agrees(endpoint, on: "b") } }
        source.set(alpn: nil)
        try await eventually { recorder.all == ["reloaded", "failed: it is broken"] }
        let reads = source.reads
        try await Task.sleep(for: .milliseconds(100))
        #expect(source.reads == reads)
        #expect(await server.sslConfiguration.allowedNextProtocols == ["b"])
        source.set(alpn: "c")
        try await eventually { recorder.all == ["reloaded", "failed: it is broken", "reloaded"] }
        try await eventually { try await agrees(endpoint, on: "c") }
        await server.stopFollowingConfiguration()
        source.set(alpn: "a")
        try await Task.sleep(for: .milliseconds(100))
        #expect(await server.sslConfiguration.allowedNextProtocols == ["c"])
        #expect(recorder.all.count == 3)
        await server.close()
    }

    @Test("what changes from look to look is not read before it stands still")
    func restless() async throws {
        let source = ScriptedSource()
        let server = try await SSLServer.patient()
        let recorder = following(server)
        try await server.followConfiguration(from: source, every: Self.interval)
        source.setRestless(true)
        try await Task.sleep(for: .milliseconds(200))
        #expect(source.reads == 1)
        source.setRestless(false)
        try await eventually { recorder.all == ["reloaded"] }
        #expect(source.reads == 2)
    }

    @Test("a source that is broken from the start is refused and changes nothing; following does not keep a server")
    func brokenFromTheStart() async throws {
        let gone = WeakReference<SSLServer>()
        do {
            let server = try await SSLServer.patient(Fixture.server(alpn: ["x"]))
            gone.object = server
            let source = ScriptedSource()
            source.set(alpn: nil)
            await #expect(throws: SocketFailure.self) { try await server.followConfiguration(from: source) }
            #expect(await server.sslConfiguration.allowedNextProtocols == ["x"])
            source.set(alpn: "a")
            try await server.followConfiguration(from: source, every: Self.interval)
        }
        try await eventually { gone.object == nil }
    }

    @Test(
        "files replaced in one step or rewritten in place: new connections get the new certificate, none is dropped",
        arguments: [true, false])
    func files(byRenaming: Bool) async throws {
        let folder = try TemporaryFolder()
        let pairs = [try KeyPair("first"), try KeyPair("second"), try KeyPair("third")]
        try pairs[0].write(to: folder)
        let server = try await SSLServer.patient(threads: 2)
        await server.run { $0.echo() }
        let recorder = following(server)
        try await server.followConfiguration(from: ConfigurationFiles(in: folder), every: Self.interval)
        try await server.listen(address: .localHost)
        let endpoint = Endpoint(address: .localHost, port: await server.serverPort)
        var configuration = SSLConfiguration()
        configuration.caCertificates = pairs.map(\.certificate)
        let trusting = configuration
        @Sendable func shown() async throws -> SSLCertificate? {
            let client = try await SSLSocket.connected(to: endpoint, trusting)
            defer { client.perform { $0.abort() } }
            return await client.session?.peerCertificates.first
        }
        let early = try await SSLSocket.connected(to: endpoint, trusting)
        #expect(try await shown()?.der == pairs[0].certificate.der)
        for (index, pair) in pairs.enumerated().dropFirst() {
            if byRenaming {
                try folder.replace("chain.pem", with: pair.chain)
                try folder.replace("key.pem", with: pair.key)
            } else {
                try pair.write(to: folder)
            }
            try await eventually { recorder.count("reloaded") >= index }
            try await eventually { try await shown()?.der == pair.certificate.der }
        }
        await early.write([1, 2, 3])
        #expect(try await early.receive(3) == [1, 2, 3])
        await early.abort()
        await server.close()
    }

    @Test("a key that does not fit yet, half a file, no file: the earlier pair stays until the new one is whole")
    func halfWritten() async throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try KeyPair("first"), try KeyPair("second"))
        try first.write(to: folder)
        let server = try await SSLServer.patient()
        let recorder = following(server)
        try await server.followConfiguration(from: ConfigurationFiles(in: folder), every: Self.interval)
        func shown() async -> [UInt8]? { await server.sslConfiguration.localCertificate?.der }
        try folder.replace("chain.pem", with: second.chain)
        try await eventually { recorder.all.count == 1 }
        #expect(recorder.all.last?.contains("does not belong") == true)
        try folder.replace("chain.pem", with: second.chain.prefix(100))
        try await eventually { recorder.all.count == 2 }
        try folder.replace("chain.pem", with: [])
        try await eventually { recorder.all.count == 3 }
        #expect(unlink(folder.path("key.pem")) == 0)
        try await eventually { recorder.all.count == 4 }
        #expect(recorder.all.allSatisfy { $0.hasPrefix("failed: ") && $0.contains(folder.path("")) })
        #expect(await shown() == first.certificate.der)
        try second.write(to: folder)
        try await eventually { recorder.all.last == "reloaded" }
        #expect(await shown() == second.certificate.der)
    }

    @Test("keys that everybody can read are refused, unless that is allowed")
    func readableSecrets() throws {
        let folder = try TemporaryFolder()
        try KeyPair("localhost").write(to: folder)
        try folder.write(SystemRandomness.bytes(48), to: "ticket.key")
        var files = ConfigurationFiles(in: folder)
        files.ticketKeys = [folder.path("ticket.key")]
        _ = try files.configuration()
        for name in ["key.pem", "ticket.key"] {
            for permissions in [0o604, 0o602, 0o666] {
                #expect(chmod(folder.path(name), mode_t(permissions)) == 0)
                let failure = #expect(throws: SocketFailure.self) { try files.configuration() }
                #expect(failure?.error == .sslInvalidUserData)
                #expect(failure?.reason == "others can read \(folder.path(name)), or write to it: chmod o-rw")
                files.dangerouslyAllowsReadableSecrets = true
                _ = try files.configuration()
                files.dangerouslyAllowsReadableSecrets = false
            }
            // The group is the administrator's business.
            #expect(chmod(folder.path(name), 0o640) == 0)
            _ = try files.configuration()
        }
    }

    @Test("ticket key files of nginx: 48 or 80 bytes, each name once")
    func ticketKeyLengths() throws {
        let folder = try TemporaryFolder()
        var files = ConfigurationFiles(base: try Fixture.server())
        files.ticketKeys = [folder.path("a")]
        for count in [0, 1, 16, 32, 47, 49, 64, 79, 81, 96, 128, 160] {
            try folder.write(SystemRandomness.bytes(count), to: "a")
            let failure = #expect(throws: SocketFailure.self) { try files.configuration() }
            #expect(failure?.reason.contains("48 or 80 bytes, this file \(count)") == true)
        }
        try folder.write(SystemRandomness.bytes(16) + [UInt8](repeating: 0, count: 32), to: "a")
        #expect(throws: SocketFailure.self) { try files.configuration() }
        let name = SystemRandomness.bytes(16)
        try folder.write(name + SystemRandomness.bytes(32), to: "a")
        try folder.write(name + SystemRandomness.bytes(64), to: "b")
        _ = try files.configuration()
        files.ticketKeys.append(folder.path("b"))
        #expect(throws: SocketFailure.self) { try files.configuration() }
        files.ticketKeys = [folder.path("b"), folder.path("none")]
        #expect(throws: SocketFailure.self) { try files.configuration() }
    }

    /// Connects with openssl, which offers the session in the file and keeps the one that it gets there.
    private func comesBack(_ endpoint: Endpoint, _ session: String) throws -> Bool {
        let known = FileManager.default.fileExists(atPath: session) ? ["-sess_in", session] : []
        let output = try Tool("openssl").output(
            of: ["s_client", "-connect", endpoint.description, "-servername", "localhost", "-ign_eof"]
                + ["-sess_out", session] + known)
        return String(decoding: output, as: UTF8.self).contains("Reused, TLSv1.3")
    }

    @Test("G-6 two servers with the same ticket keys resume each other's sessions, while the keys rotate")
    func rotation() async throws {
        let (folder, keys) = (try TemporaryFolder(), try TicketKeyFiles())
        try KeyPair("localhost").write(to: folder)
        try keys.use("a", "b")
        var files = ConfigurationFiles(in: folder)
        files.ticketKeys = keys.paths
        var servers: [(server: SSLServer, endpoint: Endpoint, recorder: Recorder)] = []
        for _ in 0..<2 {
            let server = try await SSLServer.patient()
            server.pendingConnectionAvailable.connect { server in
                while let socket = server.nextPendingConnection() {
                    socket.perform { socket in
                        socket.write([10])
                        socket.disconnectFromHost()
                    }
                }
            }
            let recorder = following(server)
            try await server.followConfiguration(from: files, every: Self.interval)
            try await server.listen(address: .localHost)
            servers.append((server, Endpoint(address: .localHost, port: await server.serverPort), recorder))
        }
        let session = folder.path("session")
        #expect(try !comesBack(servers[0].endpoint, session))
        #expect(try comesBack(servers[1].endpoint, session))
        // The new key seals, the earlier one still opens.
        for (round, pair) in [("b", "a"), ("c", "b")].enumerated() {
            try keys.use(pair.0, pair.1)
            for (_, _, recorder) in servers { try await eventually { recorder.count("reloaded") > round } }
            #expect(try comesBack(servers[round].endpoint, session))
            #expect(try comesBack(servers[1 - round].endpoint, session))
        }
        // A ticket of c is nobody's any more.
        try keys.use("a", "b")
        for (_, _, recorder) in servers { try await eventually { recorder.all.count == 3 } }
        #expect(try !comesBack(servers[0].endpoint, session))
        #expect(await servers[0].server.statistics.resumed + servers[1].server.statistics.resumed == 5)
        for (server, _, recorder) in servers {
            #expect(recorder.all.allSatisfy { $0 == "reloaded" })
            await server.close()
        }
    }
}
