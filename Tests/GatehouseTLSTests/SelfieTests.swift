import Testing

@testable import GatehouseTLS

@Suite("A party that could be made to talk to itself")
struct SelfieTests {
    static let (alpha, beta, gamma) = (Array("alpha".utf8), Array("beta".utf8), Array("gamma".utf8))

    /// A party of a group that shares one key.
    struct Party {
        let name: [UInt8]

        private static func keys(client: [UInt8], server: [UInt8]) throws -> [PreSharedKey] {
            try PreSharedKey.imported(
                externalIdentity: [7], client: client, server: server, key: PreSharedKeyTests.key)
        }

        func connecting(to server: [UInt8]) throws -> ClientConfiguration {
            var (client, _) = try PreSharedKeyTests.configurations()
            client.preSharedKeys = try Self.keys(client: name, server: server)
            return client
        }

        func serving(_ client: [UInt8]) throws -> ServerConfiguration {
            ServerConfiguration.requiringPreSharedKey(try Self.keys(client: client, server: name))
        }
    }

    @Test("B-60 with keys for each direction both parties connect both ways", arguments: CipherSuite.supported)
    func bothWays(suite: CipherSuite) throws {
        for (one, other) in [(Self.alpha, Self.beta), (Self.beta, Self.alpha)] {
            var client = try Party(name: one).connecting(to: other)
            client.cipherSuites = [suite]
            try FullHandshakeTests.exchange(client, try Party(name: other).serving(one)) { session in
                #expect(session.preSharedKeyIdentity != nil)
            }
        }
    }

    @Test("B-60 a hello that is turned round to its sender, or to a third party, is refused: decrypt_error")
    func turnedRound() throws {
        let client = try Party(name: Self.alpha).connecting(to: Self.beta)
        for server in [
            try Party(name: Self.alpha).serving(Self.beta), try Party(name: Self.gamma).serving(Self.alpha),
            try Party(name: Self.beta).serving(Self.gamma),
        ] {
            PreSharedKeyTests.expectFailure(.peerMisbehaved(.wrongBinder), .decryptError, client, server)
        }
    }

    @Test("B-60 names are told apart where one ends and the other begins, and are at most 255 bytes")
    func names() throws {
        func identities(_ client: String, _ server: String) throws -> [[UInt8]] {
            try PreSharedKey.imported(
                externalIdentity: [7], client: Array(client.utf8), server: Array(server.utf8),
                key: PreSharedKeyTests.key
            ).map(\.identity)
        }
        #expect(try Set(identities("ab", "c") + identities("a", "bc") + identities("c", "ab")).count == 6)
        _ = try identities(String(repeating: "a", count: 255), "")
        #expect(throws: ConfigurationError.invalidPreSharedKeyIdentity) {
            try identities("", String(repeating: "a", count: 256))
        }
    }

    @Test("B-60 what a connection said itself is no answer to it: unexpected_message")
    func reflected() throws {
        let (client, _) = try PreSharedKeyTests.configurations()
        var hello: [UInt8] = []
        let subject = Subject(
            try ClientConnection(client, serverName: "localhost", now: TestCredentials.now, output: &hello))
        let error = subject.failure(receiving: hello)
        #expect(error == .unexpected(.clientHello) && error?.alert == .unexpectedMessage)

        let (server, peer) = try ServerStage.clientHello.start()
        try server.receive(try peer.helloRecords())
        let flight = server.takeOutput()
        let answer = server.failure(receiving: flight)
        #expect(answer?.alert == .unexpectedMessage)
    }
}
