import Gatehouse
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct ProxyProtocolTests {
    private static let client = Endpoint(address: HostAddress("192.0.2.1") ?? .any, port: 56324)

    private static func server(
        trusting ranges: [String] = ["127.0.0.0/8"]
    ) async throws -> (server: SSLServer, recorder: Recorder, endpoint: Endpoint) {
        try await SSLServer.listening { server in
            server.trustedProxies = ranges.compactMap { AddressRange($0) }
            server.echo()
        }
    }

    @Test(
        "G-14 a trusted proxy's client is the peer, however the header is cut, v1 and v2",
        arguments: [ProxyBytes.v1, ProxyBytes.v2(), ProxyBytes.v2WithChecksum()])
    func trusted(_ header: [UInt8]) async throws {
        let (server, recorder, endpoint) = try await Self.server()
        let peers = Recorder()
        server.startedEncryptionHandshake.connect { _, socket in peers.add("\(socket.peerEndpoint ?? endpoint)") }
        let hello = try Fixture.clientHello()
        for cut in 0...header.count {
            let transport = try BlockingClient(to: endpoint)
            try transport.send(Array(header[..<cut]))
            try transport.send(Array(header[cut...]))
            var client = try EngineClient(on: transport)
            try client.handshake()
            try client.sendAndClose([1])
            #expect(try client.readToEnd())
            #expect(client.received == [1])
        }
        // All in one segment with the ClientHello, and byte by byte.
        let together = try BlockingClient(to: endpoint)
        try together.send(header + hello)
        #expect(try together.receive(1) == [22])
        let dripping = try BlockingClient(to: endpoint)
        for byte in header + hello { try dripping.send([byte]) }
        #expect(try dripping.receive(1) == [22])
        #expect(peers.count(Self.client.description) == header.count + 3)
        #expect(peers.all.count == header.count + 3)
        #expect(recorder.all.count { $0.hasPrefix("error") } == 0)
        await server.close()
    }

    @Test("what the proxy said stays readable beside the transport's address")
    func addresses() async throws {
        let (server, _, endpoint) = try await SSLServer.listening { server in
            server.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
        }
        let transport = try BlockingClient(to: endpoint)
        try transport.send(ProxyBytes.v2())
        var client = try EngineClient(on: transport)
        try client.handshake()
        let socket = try #require(await server.next())
        #expect(socket.peerEndpoint == Self.client)
        #expect(socket.peerAddress == Self.client.address)
        #expect(socket.peerPort == 56324)
        #expect(socket.transportPeerEndpoint == transport.endpoint)
        #expect(socket.localEndpoint == endpoint)
        #expect(socket.proxyHeader?.source == Self.client)
        #expect(socket.proxyHeader?.destination?.description == "198.51.100.2:443")
        // LOCAL: the proxy speaks for itself.
        let other = try BlockingClient(to: endpoint)
        try other.send(ProxyBytes.v2(0x20, 0, []))
        var local = try EngineClient(on: other)
        try local.handshake()
        let localSocket = try #require(await server.next())
        #expect(localSocket.peerEndpoint == other.endpoint)
        #expect(localSocket.transportPeerEndpoint == other.endpoint)
        #expect(localSocket.proxyHeader?.source == nil)
        // Without a proxy there is nothing of all this.
        await server.run { $0.trustedProxies = [] }
        let direct = try await SSLSocket.connected(to: endpoint)
        let directSocket = try #require(await server.next())
        #expect(directSocket.proxyHeader == nil)
        #expect(directSocket.transportPeerEndpoint == direct.localEndpoint)
        await server.close()
    }

    @Test("a header that is missing, malformed or too long ends the connection, counted by its own name")
    func refused() async throws {
        let (server, recorder, endpoint) = try await Self.server()
        let inputs = [
            try Fixture.clientHello(), Array("PROXY NONSENSE\r\n".utf8),
            Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 120, count: 200), ProxyBytes.v2(0x25),
            ProxyBytes.signature + [0x21, 0x11, 0xFF, 0xFF], Array("GET / HTTP/1.1\r\n\r\n".utf8),
            ProxyBytes.v2(0x21, 0x11, [1, 2, 3]),
        ]
        for input in inputs {
            let client = try BlockingClient(to: endpoint)
            try client.send(input)
            #expect((try? client.receiveAll())?.isEmpty != false)
        }
        try await eventually { await server.statistics.open == 0 }
        #expect(await server.statistics.failures == [.proxyProtocol: inputs.count])
        #expect(recorder.count("error proxyProtocol") == inputs.count)
        #expect(recorder.count("started") == 0)
        // Behind a good header the first byte still has to be TLS.
        let plain = try BlockingClient(to: endpoint)
        try plain.send(ProxyBytes.v1 + Array("GET".utf8))
        #expect((try? plain.receiveAll())?.isEmpty != false)
        try await eventually { await server.statistics.failures[.notTLS] == 1 }
        await server.close()
    }

    @Test("G-14 a header from anybody else is no TLS, and a client without one is served")
    func untrusted() async throws {
        let (server, recorder, endpoint) = try await Self.server(trusting: ["192.0.2.0/24", "::1"])
        for header in [ProxyBytes.v1, ProxyBytes.v2()] {
            let liar = try BlockingClient(to: endpoint)
            try liar.send(header)
            #expect((try? liar.receiveAll())?.isEmpty != false)
        }
        try await eventually { recorder.count("error notTLS") == 2 }
        let client = try await SSLSocket.connected(to: endpoint)
        await client.abort()
        await server.close()
    }

    @Test("SV-5 the header comes within the handshake's deadline, or not at all")
    func deadline() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { server in
            server.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
            server.handshakeTimeout = .milliseconds(100)
        }
        let silent = try BlockingClient(to: endpoint)
        let half = try BlockingClient(to: endpoint)
        try half.send(Array(ProxyBytes.v2().dropLast(3)))
        #expect(try silent.receiveAll().isEmpty)
        #expect(try half.receiveAll().isEmpty)
        try await eventually { recorder.count("error socketTimeout") == 2 }
        await server.close()
    }

    @Test("a proxy at a Unix socket is trusted as soon as any is")
    func unixSocket() async throws {
        let folder = try TemporaryFolder()
        let server = try await SSLServer.patient()
        await server.run { $0.trustedProxies = [AddressRange("192.0.2.1")].compactMap { $0 } }
        try await server.listen(unixSocket: folder.path("tls"))
        let transport = try BlockingClient(toUnixSocket: folder.path("tls"))
        try transport.send(ProxyBytes.v1)
        var client = try EngineClient(on: transport)
        try client.handshake()
        #expect(await server.next()?.peerEndpoint == Self.client)
        await server.close()
    }
}
