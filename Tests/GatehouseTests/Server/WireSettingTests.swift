import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

/// Settings that show on the wire.
@Suite(.onOwnThreads, .patient) struct WireSettingTests {
    /// What a client's first record says.
    private struct Hello {
        let sessionIDLength: Int
        private(set) var extensions: [Int: [UInt8]] = [:]

        /// - Parameter record: a ClientHello as `SSLSocket` sends it.
        init(_ record: [UInt8]) {
            // The headers of the record and the message, legacy_version and random.
            var rest = record.dropFirst(5 + 4 + 2 + 32)
            func number(_ count: Int) -> Int {
                defer { rest = rest.dropFirst(count) }
                return rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            }
            sessionIDLength = number(1)
            rest = rest.dropFirst(sessionIDLength)
            for size in [2, 1] {
                let length = number(size)
                rest = rest.dropFirst(length)
            }
            _ = number(2)
            while !rest.isEmpty {
                let (type, length) = (number(2), number(2))
                extensions[type] = Array(rest.prefix(length))
                rest = rest.dropFirst(length)
            }
        }

        /// The groups of the key shares.
        var keyShareGroups: [Int] {
            var groups: [Int] = []
            var rest = (extensions[51] ?? []).dropFirst(2)
            while rest.count > 4 {
                let fields = Array(rest.prefix(4)).map(Int.init)
                groups.append(fields[0] << 8 | fields[1])
                rest = rest.dropFirst(4 + (fields[2] << 8 | fields[3]))
            }
            return groups
        }
    }

    private func hello(_ change: (inout SSLConfiguration) -> Void) async throws -> Hello {
        let listener = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 5)
        let address = listener.localEndpoint
        var configuration = try Fixture.client()
        configuration.sendsGREASE = false
        change(&configuration)
        let client = try await SSLSocket.connecting(to: #require(address), configuration)
        let transport = try BlockingClient(accepting: listener)
        let header = try transport.receive(5)
        let hello = Hello(header + (try transport.receive(Int(header[3]) << 8 | Int(header[4]))))
        await client.abort()
        return hello
    }

    @Test("F-02, F-18, F-07 a client's key shares, its middlebox mode, and its offer to authenticate later")
    func clientHello() async throws {
        let groups: [NamedGroup] = [.x25519, .secp256r1, .secp384r1]
        for shares in [nil, [], [.secp384r1], [.secp256r1, .x25519]] as [[NamedGroup]?] {
            let hello = try await hello {
                $0.groups = groups
                $0.keyShareGroups = shares
            }
            let expected = groups.filter { (shares ?? [.x25519]).contains($0) }
            #expect(hello.keyShareGroups == expected.map { Int($0.rawValue) })
            #expect(hello.sessionIDLength == 32 && hello.extensions[49] == nil)
        }
        #expect(try await hello { $0.usesMiddleboxCompatibilityMode = false }.sessionIDLength == 0)
        #expect(try await hello { $0.postHandshakeAuthenticationEnabled = true }.extensions[49] == [])

        // With no share at all the server asks for one.
        var client = try Fixture.client()
        client.keyShareGroups = []
        let attempt = try await Attempt(Fixture.server(), client)
        #expect(attempt.isAccepted)
        #expect(await attempt.client.session?.roundTrips == 2)
        await attempt.end()
    }

    // MARK: Stateless retry

    /// What a server answers a hello with, on a connection of its own that a proxy makes for the client.
    private func answer(_ endpoint: Endpoint, for client: String, _ hello: [UInt8]) throws -> [UInt8] {
        let transport = try BlockingClient(to: endpoint)
        try transport.send(Array("PROXY TCP4 \(client) 192.0.2.9 1000 443\r\n".utf8) + hello)
        let header = try transport.receive(5)
        try #require(header.count == 5)
        return header + (try transport.receive(Int(header[3]) << 8 | Int(header[4])))
    }

    @Test(
        "F-04 a server that retries without state: another connection goes on with the cookie, from the same address only"
    )
    func statelessRetry() async throws {
        var configuration = try Fixture.server()
        configuration.groups = [.secp384r1]
        configuration.statelessRetry = StatelessRetry(keys: TicketKeys())
        let (server, recorder, endpoint) = try await SSLServer.listening(configuration) { server in
            server.trustedProxies = [AddressRange("127.0.0.0/8")].compactMap { $0 }
        }
        var engine = Fixture.engineClient()
        engine.groups = [.x25519, .secp384r1]
        var first: [UInt8] = []
        var client = try ClientConnection(
            engine, serverName: "localhost", now: SystemClock.unixTime, output: &first)
        var retry = try answer(endpoint, for: "192.0.2.1", first)
        var second: [UInt8] = []
        var position = 0
        var span = retry.mutableSpan
        while try client.receive(&span, at: &position, output: &second) != nil {}
        // A change_cipher_spec record, and the hello.
        #expect(second.count > first.count)

        let serverHello = try answer(endpoint, for: "192.0.2.1", second)
        #expect(serverHello[0] == 22 && serverHello[5] == 2)
        for stranger in ["192.0.2.2", "192.0.2.3"] {
            #expect(try answer(endpoint, for: stranger, second) == [21, 3, 3, 0, 2, 2, 47])
        }
        try await eventually { recorder.count("alertSent fatal illegal_parameter") == 2 }
        await server.close()
    }

    @Test("F-04 clients of a server that retries without state, over TCP and over a Unix socket")
    func statelessRetryOfWholeConnections() async throws {
        var configuration = try Fixture.server()
        configuration.groups = [.secp384r1]
        configuration.statelessRetry = StatelessRetry(keys: TicketKeys())
        let attempt = try await Attempt(configuration, Fixture.client())
        #expect(attempt.isAccepted)
        #expect(await attempt.client.session?.roundTrips == 2)
        await attempt.end()

        let folder = try TemporaryFolder()
        let server = try await SSLServer.patient(configuration)
        try await server.listen(unixSocket: folder.path("socket"))
        let client = try SSLSocket(configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        try await client.connectToUnixSocketEncrypted(folder.path("socket"), peerVerifyName: "localhost")
        #expect(await client.waitForEncrypted(timeout: nil))
        #expect(await client.session?.roundTrips == 2)
        await server.close()
    }

    // MARK: Records

    @Test("F-17 records of a dynamic size are short at first, long later, and short again after a pause")
    func recordSizing() async throws {
        var configuration = try Fixture.server()
        configuration.recordSizing = .dynamic
        configuration.sessionTicketCount = 0
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let transport = try BlockingClient(to: endpoint)
        var client = try EngineClient(on: transport)
        try client.handshake()
        let socket = try #require(await server.next())
        await socket.run { $0.writeBufferSize = 4 << 20 }

        /// The sizes of the records that carry so many bytes.
        func records(_ count: Int) throws -> [Int] {
            var (sizes, left) = ([Int](), count)
            while left > 0 {
                let header = try transport.receive(5)
                let length = Int(header[3]) << 8 | Int(header[4])
                _ = try transport.receive(length)
                sizes.append(5 + length)
                // The content type and the tag.
                left -= length - 17
            }
            return sizes
        }
        let many = (1 << 20) + 200_000
        // They are read while they are written: a pause would make them short.
        socket.perform { socket in
            let taken = socket.write([UInt8](repeating: 1, count: many))
            #expect(taken == many)
        }
        let sizes = try records(many)
        #expect(sizes.first == 1369 && sizes.contains(5 + 16_384 + 17))
        try await Task.sleep(for: .milliseconds(1100))
        await socket.write([UInt8](repeating: 2, count: 5000))
        #expect(try records(5000).prefix(3) == [1369, 1369, 1369])
        await server.close()
    }

    // MARK: What goes under keys

    @Test("F-02, F-06 a server names its groups, and what it wants of certificates")
    func encryptedExtensions() async throws {
        for isSet in [true, false] {
            var configuration = try ClientIdentity.server(.auto)
            configuration.groups = [.secp256r1, .secp384r1]
            if isSet {
                configuration.announcesGroups = true
                configuration.oidFilters = [OIDFilter(.keyUsage, values: [3, 2, 7, 0x80])]
            }
            let (server, _, endpoint) = try await SSLServer.listening(configuration)
            let openssl = try RunningTool(
                Tool("openssl").executable,
                ["s_client", "-connect", "127.0.0.1:\(endpoint.port)", "-tls1_3", "-trace"])
            _ = await openssl.end()
            let trace = openssl.output.replacing("\r", with: "")
            let encrypted = try #require(
                trace.components(from: "EncryptedExtensions, Length", to: "CertificateRequest, Length"))
            #expect(encrypted.contains("secp384r1 (P-384) (24)") == isSet, "\(encrypted)")
            let request = try #require(trace.components(from: "CertificateRequest, Length", to: "Received Record"))
            #expect(request.contains("(48), length=") == isSet, "\(request)")
            await server.close()
        }
        // A client that chooses knows of it.
        let attempted = Recorder()
        let (server, _, endpoint) = try await SSLServer.listening(
            ClientIdentity.server(.auto) { $0.oidFilters = [OIDFilter(.keyUsage, values: [3, 2, 7, 0x80])] })
        let client = try SSLSocket(
            configuration: ClientIdentity.client(nil) { $0.asksForCredential = true }, on: EventLoop(),
            handshakeTimeout: Fixture.patience)
        client.credentialRequired.connect { _, request in
            for filter in request.oidFilters { attempted.add("\(filter.oid) \(filter.values)") }
        }
        try await client.connectToHostEncrypted(
            endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
        #expect(await client.waitForEncrypted(timeout: nil))
        #expect(attempted.all == ["[6, 3, 85, 29, 15] [3, 2, 7, 128]"])
        await server.close()
    }
}

extension String {
    /// What stands behind one text and before the next.
    fileprivate func components(from start: String, to end: String) -> Substring? {
        guard let begin = firstRange(of: start) else { return nil }
        let rest = self[begin.upperBound...]
        return rest[..<(rest.firstRange(of: end)?.lowerBound ?? rest.endIndex)]
    }
}
