import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("External pre-shared keys")
struct PreSharedKeyTests {
    static let key = [UInt8](0..<32)
    static let identity = Array("device".utf8) + [0, 255]

    static func preSharedKey(
        _ hash: HashAlgorithm = .sha256, key: [UInt8] = PreSharedKeyTests.key,
        identity: [UInt8] = PreSharedKeyTests.identity
    ) throws -> PreSharedKey {
        try PreSharedKey(identity: identity, key: key, hash: hash)
    }

    /// Two sides that know the same keys; the server has no certificate.
    static func configurations(
        _ hash: HashAlgorithm = .sha256
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var client = ClientConfiguration(verification: .trustStore(try TestCredentials.trustStore()))
        client.preSharedKeys = [try preSharedKey(hash)]
        return (client, ServerConfiguration.requiringPreSharedKey([try preSharedKey(hash)]))
    }

    @Test(
        "F-08 B-26 psk_dhe_ke with each hash, and an identity with NUL bytes",
        arguments: [HashAlgorithm.sha256, .sha384])
    func withKeyAgreement(hash: HashAlgorithm) throws {
        let (client, server) = try Self.configurations(hash)
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.preSharedKeyIdentity == Self.identity)
            #expect(session.group == .x25519 && !session.isResumed && session.signatureScheme == nil)
            #expect(CipherSuiteParameters(session.cipherSuite)?.hash == hash)
        }
    }

    @Test("F-08 psk_ke: no key agreement, when both sides allow it")
    func withoutKeyAgreement() throws {
        var (client, server) = try Self.configurations()
        client.allowsPSKOnlyKeyExchange = true
        client.groups = [.x448]
        server.groups = [.secp384r1]
        server.allowsPSKOnlyKeyExchange = true
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.preSharedKeyIdentity == Self.identity && session.group == nil)
        }
        server.allowsPSKOnlyKeyExchange = false
        let loopback = try Loopback(client, server)
        #expect(throws: TLSError.self) { try loopback.run() }
    }

    @Test("F-08 F-04 after a HelloRetryRequest the binders cover both hellos")
    func helloRetryRequest() throws {
        var (client, server) = try Self.configurations(.sha384)
        client.groups = [.x25519, .secp256r1]
        server.groups = [.secp256r1]
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.preSharedKeyIdentity == Self.identity && session.roundTrips == 2)
        }
    }

    @Test("F-08 the first of several identities that is known is taken")
    func several() throws {
        var (client, server) = try Self.configurations()
        client.preSharedKeys = [
            try Self.preSharedKey(identity: [1]), try Self.preSharedKey(.sha384, identity: [2]),
            try Self.preSharedKey(identity: [3]),
        ]
        server.preSharedKeys = [
            try Self.preSharedKey(identity: [3]), try Self.preSharedKey(.sha384, identity: [2]),
        ]
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.preSharedKeyIdentity == [2] && session.cipherSuite == .aes256GCMSHA384)
        }
    }

    @Test("F-08 imported keys (RFC 9258) work whatever the suite's hash", arguments: CipherSuite.supported)
    func imported(suite: CipherSuite) throws {
        var (client, server) = try Self.configurations()
        let keys = try PreSharedKey.imported(externalIdentity: [7], context: Array("a and b".utf8), key: Self.key)
        client.preSharedKeys = keys
        client.cipherSuites = [suite]
        server.preSharedKeys = keys
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.cipherSuite == suite && session.preSharedKeyIdentity != nil)
        }
    }

    @Test("F-08 an imported key and the key itself are different keys: decrypt_error")
    func importedAgainstExternal() throws {
        var (client, server) = try Self.configurations()
        let imported = try PreSharedKey.imported(externalIdentity: [7], context: [], key: Self.key)
        client.preSharedKeys = [imported[0]]
        server.preSharedKeys = [try Self.preSharedKey(identity: imported[0].identity)]
        Self.expectFailure(.peerMisbehaved(.wrongBinder), .decryptError, client, server)
    }

    @Test("F-08 B-61 an unknown identity and a wrong key get the same alert: decrypt_error")
    func probing() throws {
        var (client, server) = try Self.configurations()
        client.preSharedKeys = [try Self.preSharedKey(identity: [9])]
        Self.expectFailure(.peerMisbehaved(.wrongBinder), .decryptError, client, server)
        client.preSharedKeys = [try Self.preSharedKey(key: [UInt8](repeating: 1, count: 32))]
        Self.expectFailure(.peerMisbehaved(.wrongBinder), .decryptError, client, server)
        server.revealsUnknownPreSharedKeyIdentity = true
        client.preSharedKeys = [try Self.preSharedKey(identity: [9])]
        Self.expectFailure(
            .peerIncompatible(.unknownPreSharedKeyIdentity), .unknownPSKIdentity, client, server)
    }

    @Test("F-08 G-7 a client without a key where one is required: handshake_failure")
    func required() throws {
        var (client, server) = try Self.configurations()
        client.preSharedKeys = []
        Self.expectFailure(.peerIncompatible(.preSharedKeyRequired), .handshakeFailure, client, server)
        server.preSharedKeys = []
        server.preSharedKeyPolicy = .orCertificate
        #expect(throws: ConfigurationError.noCredentials) { try server.validate() }
    }

    @Test("F-08 G-7 .orCertificate: an unknown identity is ignored, a wrong binder is not")
    func orCertificate() throws {
        var (client, _) = try Self.configurations()
        var (_, server) = try FullHandshakeTests.configurations()
        server.preSharedKeys = [try Self.preSharedKey()]
        client.preSharedKeys = [try Self.preSharedKey(identity: [9])]
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.preSharedKeyIdentity == nil && session.signatureScheme != nil)
        }
        client.preSharedKeys = [try Self.preSharedKey(key: [UInt8](repeating: 1, count: 32))]
        Self.expectFailure(.peerMisbehaved(.wrongBinder), .decryptError, client, server)
    }

    @Test("F-08 a lookup answered later: known, unknown, refused")
    func lookup() throws {
        let (client, _) = try Self.configurations()
        let server = ServerConfiguration.requiringPreSharedKey([])
        for (answer, error) in [
            (Decision.preSharedKey(try Self.preSharedKey()), nil),
            (.preSharedKey(nil), TLSError.peerMisbehaved(.wrongBinder)),
            (.preSharedKey(try Self.preSharedKey(identity: [1])), .peerMisbehaved(.wrongBinder)),
            (.reject(.accessDenied), .refused(.accessDenied)),
        ] {
            let loopback = try Loopback(client, server)
            try loopback.run()
            guard case .needs(.preSharedKey(let identities)) = loopback.serverEvents.last else {
                Issue.record("the server did not ask")
                return
            }
            #expect(identities == [Self.identity])
            #expect(throws: TLSError.misuse(.noSuchDecision)) {
                try loopback.server.resume(with: .accept, output: &loopback.toClient)
            }
            do throws(TLSError) {
                try loopback.server.resume(with: answer, output: &loopback.toClient)
                try loopback.run()
                #expect(error == nil && loopback.isEstablished)
            } catch let thrown {
                #expect(thrown == error)
            }
        }
    }

    @Test("B-21 binders too few, too short, changed in one bit; modes missing; not the last extension")
    func brokenBinders() throws {
        let (_, server) = try Self.configurations()
        let breakings: [(TLSError, (inout OfferedPSKs) -> Void)] = [
            (.peerMisbehaved(.wrongBinderCount), { $0.identities.append($0.identities[0]) }),
            (.peerMisbehaved(.wrongBinder), { $0.binders[0].append(0) }),
            (.peerMisbehaved(.wrongBinder), { $0.binders[0][31] ^= 1 }),
            (.invalidMessage(.vectorLengthOutOfBounds), { $0.binders[0].removeLast() }),
        ]
        for (error, change) in breakings {
            var offer = try Self.offer()
            if var offered = offer.hello.preSharedKeys {
                change(&offered)
                offer.hello.preSharedKeys = offered
            }
            try Self.expectServer(server, answers: offer.hello.encoded(), with: error)
        }
        var offer = try Self.offer()
        offer.hello.extensions.order.removeAll { $0 == .pskKeyExchangeModes }
        try Self.expectServer(
            server, answers: offer.hello.encoded(),
            with: .peerMisbehaved(.missingExtension(.pskKeyExchangeModes)))
        offer = try Self.offer()
        offer.hello.extensions.order.insert(offer.hello.extensions.order.removeLast(), at: 0)
        try Self.expectServer(
            server, answers: offer.hello.encoded(), with: .peerMisbehaved(.preSharedKeyNotLast))
    }

    @Test("F-08 a key under 16 bytes and an empty identity are configuration errors")
    func configurationErrors() {
        #expect(throws: ConfigurationError.preSharedKeyTooShort(bytes: 15, minimum: 16)) {
            try PreSharedKey(identity: [1], key: [UInt8](repeating: 1, count: 15))
        }
        #expect(throws: ConfigurationError.invalidPreSharedKeyIdentity) {
            try PreSharedKey(identity: [], key: Self.key)
        }
    }

    @Test("Bounds: of many identities 8 are looked at, and the binders of the others still end the hello")
    func manyIdentities() throws {
        var (client, server) = try Self.configurations()
        for known in [7, 8] {
            client.preSharedKeys = try (0..<300).map { try Self.preSharedKey(identity: [1, UInt8($0 & 255)]) }
            server.preSharedKeys = [client.preSharedKeys[known]]
            if known < Limits.pskIdentities {
                try FullHandshakeTests.exchange(client, server) { session in
                    #expect(session.preSharedKeyIdentity == [1, UInt8(known)])
                }
            } else {
                Self.expectFailure(.peerMisbehaved(.wrongBinder), .decryptError, client, server)
            }
        }
        // Nor does a HelloRetryRequest between make a difference.
        client.groups = [.x25519, .secp256r1]
        server.groups = [.secp256r1]
        server.preSharedKeys = [client.preSharedKeys[7]]
        try FullHandshakeTests.exchange(client, server) { session in
            #expect(session.preSharedKeyIdentity == [1, 7] && session.roundTrips == 2)
        }
    }

    @Test("B-21 as many binders as identities, also past those that are looked at: illegal_parameter")
    func binderPastTheLimit() throws {
        let (_, server) = try Self.configurations()
        for count in [8, 9] {
            var offer = try Self.offer()
            let identity = try #require(offer.hello.preSharedKeys?.identities.first)
            offer.hello.preSharedKeys = OfferedPSKs(
                identities: Array(repeating: identity, count: count),
                binders: Array(repeating: [UInt8](repeating: 0, count: 32), count: 17 - count))
            try Self.expectServer(server, answers: offer.hello.encoded(), with: .peerMisbehaved(.wrongBinderCount))
        }
    }

    @Test("B-06 a client whose names do not fit a ClientHello does not start")
    func clientHelloTooLarge() throws {
        var (client, _) = try Self.configurations()
        var output: [UInt8] = []
        client.preSharedKeys = try (0..<2).map {
            try Self.preSharedKey(identity: [UInt8](repeating: $0, count: 33_000))
        }
        #expect(throws: ConnectionStartError.failed(.misuse(.clientHelloTooLarge))) {
            _ = try ClientConnection(client, serverName: "localhost", now: TestCredentials.now, output: &output)
        }
        #expect(output.isEmpty)
    }

    private static func offer() throws -> ClientOffer {
        let (configuration, _) = try configurations()
        let client = try ScriptedClient()
        client.hello.extensions.order.append(.pskKeyExchangeModes)
        client.hello.pskKeyExchangeModes = [.pskWithDHE]
        var offer = ClientOffer(
            configuration: configuration, name: nil, hello: client.hello,
            keys: [OfferedKey(try preSharedKey())])
        offer.addPreSharedKeys(after: nil)
        return offer
    }

    private static func expectServer(
        _ configuration: ServerConfiguration, answers hello: [UInt8], with error: TLSError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var record: [UInt8] = []
        var writer = RecordWriter()
        try writer.write(.handshake, hello.span, to: &record)
        var server = ServerConnection(configuration, now: TestCredentials.now)
        var (position, output) = (0, [UInt8]())
        do throws(TLSError) {
            var span = record.mutableSpan
            _ = try server.receive(&span, at: &position, output: &output)
            Issue.record("no error", sourceLocation: sourceLocation)
        } catch let thrown {
            #expect(thrown == error, sourceLocation: sourceLocation)
            #expect(output == [21, 3, 3, 0, 2, 2, error.alert?.rawValue ?? 0], sourceLocation: sourceLocation)
        }
    }

    /// The server fails with this error, and the client gets this alert.
    static func expectFailure(
        _ error: TLSError, _ alert: AlertDescription, _ client: ClientConfiguration, _ server: ServerConfiguration,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            let loopback = try Loopback(client, server)
            #expect(throws: error, sourceLocation: sourceLocation) { try loopback.run() }
            var bytes = loopback.toClient
            #expect(throws: TLSError.alertReceived(Alert(alert)), sourceLocation: sourceLocation) {
                try loopback.deliverToClient(&bytes)
            }
        } catch {
            Issue.record(error, sourceLocation: sourceLocation)
        }
    }
}
