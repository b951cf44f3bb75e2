import GatehouseCrypto
import GatehouseSystem
import Testing

@testable import GatehouseTLS

@Suite("What a server holds for a client that nobody knows")
struct MemoryBoundTests {
    /// How many bytes each of many servers holds when it has taken these records and asks for something.
    ///
    /// - Parameter flights: after each but the last, the server is told that no pre-shared key is known.
    static func held(
        _ configuration: ServerConfiguration, after flights: [[UInt8]], needs: Int = 1
    ) throws -> Int {
        let count = 32
        // The first one also pays for what is made once per process.
        let first = try server(configuration, after: flights, needs)
        var servers: [Subject<ServerConnection>] = []
        servers.reserveCapacity(count)
        let before = HeapUsage.bytes
        for _ in 0..<count { servers.append(try server(configuration, after: flights, needs)) }
        let after = HeapUsage.bytes
        return withExtendedLifetime((first, servers)) { (after - before) / count }
    }

    private static func server(
        _ configuration: ServerConfiguration, after flights: [[UInt8]], _ expectedNeeds: Int
    ) throws -> Subject<ServerConnection> {
        var server = ServerConnection(configuration, now: TestCredentials.now)
        var output: [UInt8] = []
        for (index, flight) in flights.enumerated() {
            var (bytes, position, needs) = (flight, 0, 0)
            var span = bytes.mutableSpan
            while let event = try server.receive(&span, at: &position, output: &output) {
                if case .needs = event { needs += 1 }
            }
            try #require(position == flight.count && needs == expectedNeeds)
            if index < flights.count - 1 { try server.resume(with: .preSharedKey(nil), output: &output) }
        }
        return Subject(server)
    }

    /// Fills the hello up to 64 KiB with identities of `count` bytes.
    static func offerKeys(_ hello: inout ClientHello, identityLength count: Int) {
        hello.pskKeyExchangeModes = [.pskWithDHE]
        hello.extensions.order += [.pskKeyExchangeModes, .preSharedKey]
        // Each takes its length, its age and a binder besides.
        let each = count + 2 + 4 + 33
        let number = (Limits.handshakeMessage - 400) / each
        hello.preSharedKeys = OfferedPSKs(
            identities: (0..<number).map { index in
                var identity = [UInt8](repeating: 1, count: count)
                identity[0] = UInt8(truncatingIfNeeded: index)
                return PSKIdentity(identity: identity, obfuscatedTicketAge: 0)
            },
            binders: (0..<number).map { _ in [UInt8](repeating: 2, count: 32) })
    }

    /// The most that a peer may make a server hold before it is known, in bytes.
    static let bound = 128 * 1024

    @Test("Bounds: a pause for a pre-shared key holds no more than 128 KiB, whatever is offered")
    func preSharedKeys() async {
        await #expect(processExitsWith: .success) {
            var configuration = try ServerStage.configuration()
            configuration.asksForPreSharedKey = true
            for length in [1, 100, 1000, 8000] {
                let client = try ScriptedClient { Self.offerKeys(&$0, identityLength: length) }
                #expect(try Self.held(configuration, after: [client.helloRecords()]) < Self.bound)
            }
        }
    }

    @Test("Bounds: nor does a pause for a credential, with 64 KiB of anything")
    func credentials() async {
        await #expect(processExitsWith: .success) {
            let configuration = ServerConfiguration.askingForCredential()
            for change in Self.largeHellos {
                let client = try ScriptedClient(change)
                #expect(client.helloBytes.count > 60_000)
                #expect(try Self.held(configuration, after: [client.helloRecords()]) < Self.bound)
            }
        }
    }

    @Test("Bounds: nor do two hellos of 64 KiB around a HelloRetryRequest")
    func retries() async {
        await #expect(processExitsWith: .success) {
            var configuration = try ServerStage.configuration()
            configuration.groups = [.x25519]
            configuration.asksForPreSharedKey = true
            for length in [1, 100, 1000, 8000] {
                let client = try ScriptedClient(offeringShare: false) { Self.offerKeys(&$0, identityLength: length) }
                let first = try client.helloRecords()
                let second = try client.secondHelloRecords(group: .x25519)
                #expect(try Self.held(configuration, after: [first, second]) < Self.bound)
            }
        }
    }

    @Test(
        "Bounds: nothing is left of connections that have ended, with a client's certificate", arguments: [false, true])
    func ended(keepsOnlyFingerprint: Bool) async {
        await #expect(processExitsWith: .success) { [keepsOnlyFingerprint] in
            var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
            server.clientAuthentication.keepsOnlyFingerprint = keepsOnlyFingerprint
            client.offersPostHandshakeAuthentication = true
            let connect = { [client, server] in
                let loopback = try Loopback(client, server)
                try loopback.run()
                for _ in 0..<2 {
                    _ = try loopback.server.requestClientCertificate(
                        server.clientAuthentication, output: &loopback.toClient)
                    try loopback.run()
                }
                try #require(loopback.serverSession?.isPeerVerified == true)
            }
            for _ in 0..<10 { try connect() }
            let before = HeapUsage.bytes
            for _ in 0..<50 { try connect() }
            // A certificate takes more than this.
            #expect(HeapUsage.bytes - before < 50 * 256)
        }
    }

    /// Hellos of nearly 64 KiB, each full of something else.
    static let largeHellos: [@Sendable (inout ClientHello) -> Void] = [
        { $0.append(.unknown, [UInt8](repeating: 0, count: 65_000)) },
        { $0.extensions.order += ExtensionType.sixteenThousand },
        { hello in
            hello.keyShares? += (0..<128).map {
                KeyShareEntry(group: NamedGroup(rawValue: 0x6000 + $0), keyExchange: [UInt8](repeating: 1, count: 500))
            }
            hello.supportedGroups? += (0..<128).map { NamedGroup(rawValue: 0x6000 + $0) }
        },
        { hello in
            hello.applicationProtocols = (0..<500).map { _ in [UInt8](repeating: 1, count: 127) }
            hello.extensions.order.append(.applicationLayerProtocolNegotiation)
        },
        { hello in
            hello.certificateAuthorities = (0..<128).map { _ in [UInt8](repeating: 1, count: 500) }
            hello.extensions.order.append(.certificateAuthorities)
        },
        { hello in
            hello.statusRequest = CertificateStatusRequest(
                responderIDs: (0..<13_000).map { [UInt8($0 & 255), 1, 2] }, requestExtensions: [])
            hello.extensions.order.append(.statusRequest)
        },
    ]
}
