import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-19 raw public keys")
struct RawPublicKeyTests {
    static func credential(_ algorithm: KeyAlgorithm = .p256) throws -> Credential {
        try Credential(rawPublicKeyOf: try PrivateKey.generate(algorithm))
    }

    /// A server that shows a key, and a client that trusts it.
    static func configurations(
        _ credential: Credential
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        let key = try #require(credential.rawPublicKey)
        let client = ClientConfiguration(verification: .trustedRawPublicKeys([key]))
        let server = try ServerConfiguration(credentials: [credential])
        try client.validate()
        try server.validate()
        return (client, server)
    }

    @Test(
        "F-19 the server's key is shown, trusted and told",
        arguments: [KeyAlgorithm.p256, .p384, .ed25519, .rsa(bits: 2048)])
    func serverKey(algorithm: KeyAlgorithm) throws {
        let credential = try Self.credential(algorithm)
        let (client, server) = try Self.configurations(credential)
        // Nothing but the key says who the server is: a name is only told.
        for name in ["localhost", nil] {
            let loopback = try Loopback(client, server, serverName: name)
            try loopback.run()
            let session = try #require(loopback.clientSession)
            #expect(loopback.isEstablished && session.isPeerVerified)
            #expect(session.peerRawPublicKey == credential.rawPublicKey && session.peerCertificates.isEmpty)
            #expect(session.peerRawPublicKey?.algorithm == algorithm)
        }
    }

    @Test("F-19 both sides show keys")
    func bothSides() throws {
        let (server, client) = (try Self.credential(), try Self.credential(.ed25519))
        var (clientConfiguration, serverConfiguration) = try Self.configurations(server)
        clientConfiguration.credentials = [try TestCredentials.server(.p256), client]
        serverConfiguration.clientAuthentication = .required(.trustedRawPublicKeys([try #require(client.rawPublicKey)]))
        let loopback = try Loopback(clientConfiguration, serverConfiguration)
        try loopback.run()
        #expect(loopback.isEstablished && loopback.serverSession?.isPeerVerified == true)
        #expect(loopback.serverSession?.peerRawPublicKey == client.rawPublicKey)
        // Any other key is refused, and so is none.
        let other = try Self.credential(.ed25519)
        clientConfiguration.credentials = [other]
        let problem = try Self.rejection { try Loopback(clientConfiguration, serverConfiguration).run() }
        #expect(problem == .untrustedPublicKey)
        clientConfiguration.credentials = []
        clientConfiguration.offeredCertificateTypes = [.rawPublicKey]
        PreSharedKeyTests.expectFailure(
            .peerIncompatible(.clientCertificateRequired), .certificateRequired, clientConfiguration,
            serverConfiguration)
    }

    private static func rejection(_ body: () throws -> Void) throws -> CertificateProblem.Code? {
        let error = #expect(throws: TLSError.self) { try body() }
        guard case .certificate(let rejected) = error else { return nil }
        #expect(error?.alert == .certificateUnknown)
        return rejected.problems.first?.code
    }

    @Test("B-18 a key that is not trusted is refused: another one, and the same one in another encoding")
    func untrustedKey() throws {
        let credential = try Self.credential()
        var (client, server) = try Self.configurations(try Self.credential())
        server.credentials = [credential]
        #expect(try Self.rejection { try Loopback(client, server).run() } == .untrustedPublicKey)
        // Each byte counts.
        var der = try #require(credential.rawPublicKey).der
        der[der.count - 1] ^= 1
        client.verification = .trustedRawPublicKeys([try RawPublicKey(der: der)])
        #expect(try Self.rejection { try Loopback(client, server).run() } == .untrustedPublicKey)
    }

    @Test("F-19 the application judges the key")
    func verdict() throws {
        let credential = try Self.credential()
        var (client, server) = try Self.configurations(credential)
        client.verification = .asksForVerdict
        client.acceptedCertificateTypes = [.rawPublicKey]
        client.credentials = [credential]
        server.clientAuthentication = .required(.asksForVerdict)
        server.clientAuthentication.acceptedCertificateTypes = [.rawPublicKey, .x509]
        for isTrusted in [true, false] {
            let loopback = try Loopback(client, server)
            try loopback.run()
            guard case .needs(.peerVerdict(let peer)) = loopback.clientEvents.last else {
                Issue.record("the client did not ask")
                return
            }
            #expect(peer.rawPublicKey == credential.rawPublicKey && peer.chain.isEmpty)
            guard isTrusted else {
                #expect(throws: TLSError.refused(.badCertificate)) {
                    try loopback.client.resume(with: .reject(.badCertificate), output: &loopback.toServer)
                }
                continue
            }
            try loopback.client.resume(with: .accept, output: &loopback.toServer)
            try loopback.run()
            guard case .needs(.peerVerdict(let peer)) = loopback.serverEvents.last else {
                Issue.record("the server did not ask")
                return
            }
            #expect(peer.rawPublicKey == credential.rawPublicKey && peer.name == nil)
            try loopback.server.resume(with: .accept, output: &loopback.toClient)
            try loopback.run()
            #expect(loopback.isEstablished)
        }
    }

    @Test("F-19 keys held elsewhere sign later")
    func externalKey() throws {
        let key = try PrivateKey.generate(.p256)
        let shown = try RawPublicKey(der: key.subjectPublicKeyInfo)
        let credential = try Credential(rawPublicKey: shown, signatureSchemes: [.ed25519, .ecdsaSecp256r1SHA256])
        let (client, server) = try Self.configurations(credential)
        let loopback = try Loopback(client, server)
        try loopback.run()
        guard case .needs(.signature(let request)) = loopback.serverEvents.last else {
            Issue.record("the server did not ask")
            return
        }
        #expect(request.credential.rawPublicKey == shown && request.scheme == .ecdsaSecp256r1SHA256)
        let signature = try key.sign(request.content.span, scheme: request.scheme)
        try loopback.server.resume(with: .signature(signature), output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.isEstablished)
        #expect(throws: ConfigurationError.keyDoesNotMatchCertificate) {
            try Credential(rawPublicKey: shown, signatureSchemes: [.ed25519])
        }
    }

    @Test("F-19 off by default: neither extension is sent, and a client that does not offer it gets certificates")
    func offByDefault() throws {
        let hello = try HelloShapeTests.hello { _ in }
        #expect(hello.clientCertificateTypes == nil && hello.serverCertificateTypes == nil)
        #expect(!hello.extensions.contains(.clientCertificateType))
        #expect(!hello.extensions.contains(.serverCertificateType))
        var (client, server) = try FullHandshakeTests.configurations()
        server.credentials.insert(try Self.credential(), at: 0)
        let loopback = try Loopback(client, server)
        try loopback.run()
        #expect(loopback.isEstablished && loopback.clientSession?.peerCertificates.count == 1)
        // It says nothing else, so it takes certificates only.
        server.credentials.removeLast(server.credentials.count - 1)
        PreSharedKeyTests.expectFailure(.peerIncompatible(.certificateRequired), .handshakeFailure, client, server)
        client.credentials = [try TestCredentials.server(.p256)]
        (_, server) = try FullHandshakeTests.configurations()
        server.clientAuthentication = .required(.trustedRawPublicKeys([try #require(Self.credential().rawPublicKey)]))
        PreSharedKeyTests.expectFailure(
            .peerIncompatible(.noCommonCertificateType), .unsupportedCertificate, client, server)
    }

    @Test("F-19 the first credential that the client takes is shown, and with none in common nothing is")
    func choice() throws {
        let (certificate, key) = (try TestCredentials.p256.get(), try Self.credential(.ed25519))
        var client = ClientConfiguration(verification: .asksForVerdict)
        for (types, credentials, shown) in [
            ([CertificateType.rawPublicKey, .x509], [certificate, key], CertificateType.x509),
            ([.x509, .rawPublicKey], [key, certificate], .rawPublicKey),
            ([.rawPublicKey], [certificate, key], .rawPublicKey), ([.x509], [key, certificate], .x509),
        ] {
            client.acceptedCertificateTypes = types
            let server = try ServerConfiguration(credentials: credentials)
            let loopback = try Loopback(client, server)
            try loopback.run()
            guard case .needs(.peerVerdict(let peer)) = loopback.clientEvents.last else {
                Issue.record("the client did not ask")
                return
            }
            #expect((peer.rawPublicKey == nil ? .x509 : .rawPublicKey) == shown)
        }
        client.acceptedCertificateTypes = [.rawPublicKey]
        PreSharedKeyTests.expectFailure(
            .peerIncompatible(.noCommonCertificateType), .unsupportedCertificate, client,
            try ServerConfiguration(credentials: [certificate]))
        // Also when the application chooses.
        let loopback = try Loopback(client, .askingForCredential())
        try loopback.run()
        guard case .needs(.credential(let info)) = loopback.serverEvents.last else {
            Issue.record("the server did not ask")
            return
        }
        #expect(info.certificateTypes == [.rawPublicKey])
        #expect(throws: TLSError.peerIncompatible(.noCommonCertificateType)) {
            try loopback.server.resume(with: .credential(certificate), output: &loopback.toClient)
        }
    }

    @Test("F-19 a client shows what it is asked for, and nothing else")
    func clientChoice() throws {
        let (certificate, key) = (try TestCredentials.p256.get(), try Self.credential(.ed25519))
        var (client, server) = try FullHandshakeTests.configurations()
        client.asksForCredential = true
        client.offeredCertificateTypes = [.rawPublicKey, .x509]
        server.clientAuthentication = .optional(.asksForVerdict)
        for type in [CertificateType.rawPublicKey, .x509] {
            server.clientAuthentication.acceptedCertificateTypes = [type]
            for credential in [certificate, key] {
                let loopback = try Loopback(client, server)
                try loopback.run()
                guard case .needs(.clientCredential(let info)) = loopback.clientEvents.last else {
                    Issue.record("the client did not ask")
                    return
                }
                #expect(info.certificateType == type)
                try loopback.client.resume(with: .clientCredential(credential), output: &loopback.toServer)
                try loopback.run()
                let fits = credential.certificateType == type
                let asked = loopback.serverEvents.contains { if case .needs(.peerVerdict) = $0 { true } else { false } }
                #expect(asked == fits && loopback.isEstablished == !fits)
            }
        }
    }

    @Test("F-19 F-09 a session remembers the key, and ends when the key is not trusted any more")
    func resumption() throws {
        let (credential, own) = (try Self.credential(), try Self.credential())
        var (client, server) = try Self.configurations(credential)
        client.credentials = [own]
        server.clientAuthentication = .required(.trustedRawPublicKeys([try #require(own.rawPublicKey)]))
        server.resumption = .tickets(TicketKeys())
        let first = try #require(try ResumptionTests.connect(client, server).sessions.first)
        let session = try ClientSession(importing: first.exported())
        let resumed = try ResumptionTests.connect(client, server, session)
        #expect(resumed.isResumed == true && resumed.clientSession?.isPeerVerified == true)
        #expect(resumed.clientSession?.peerRawPublicKey == credential.rawPublicKey)
        #expect(resumed.serverSession?.peerRawPublicKey == own.rawPublicKey)

        // The client trusts another key from now on: it does not offer the session.
        let other = try Self.credential()
        var changed = client
        changed.verification = .trustedRawPublicKeys([try #require(other.rawPublicKey)])
        var otherServer = server
        otherServer.credentials = [other]
        #expect(try ResumptionTests.connect(changed, otherServer, session).isResumed == false)
        // And now the server does: it does not take the ticket.
        let next = try #require(resumed.sessions.first)
        server.clientAuthentication = .required(.trustedRawPublicKeys([try #require(other.rawPublicKey)]))
        client.credentials = [other]
        #expect(try ResumptionTests.connect(client, server, next).isResumed == false)
        // An application that takes certificates only does not get the key back by a ticket.
        client.verification = .asksForVerdict
        client.acceptedCertificateTypes = [.rawPublicKey]
        var state = next.state
        state.binding = client.binding("localhost")
        let judged = ClientSession(ticket: next.ticket, state: state)
        let name = ReferenceName(host: "localhost")
        #expect(judged.isUsable(at: TestCredentials.now, client, name))
        client.acceptedCertificateTypes = [.x509]
        #expect(!judged.isUsable(at: TestCredentials.now, client, name))
    }

    @Test("F-19 settings that cannot work")
    func settings() throws {
        var (client, server) = try Self.configurations(try Self.credential())
        client.verification = .trustedRawPublicKeys([])
        #expect(throws: ConfigurationError.noTrustedPublicKeys) { try client.validate() }
        client.verification = .asksForVerdict
        for types in [[], [CertificateType.x509, .x509], [CertificateType(rawValue: 1)]] {
            client.acceptedCertificateTypes = types
            #expect(throws: ConfigurationError.invalidCertificateTypes) { try client.validate() }
        }
        client.acceptedCertificateTypes = [.x509]
        client.offeredCertificateTypes = []
        #expect(throws: ConfigurationError.invalidCertificateTypes) { try client.validate() }
        server.clientAuthentication = .optional(.trustedRawPublicKeys([]))
        #expect(throws: ConfigurationError.noTrustedPublicKeys) { try server.validate() }
        let base64 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        let pem = "-----BEGIN PUBLIC KEY-----\n\(base64)\n-----END PUBLIC KEY-----\n"
        #expect(try RawPublicKey(pem: Array(pem.utf8)).algorithm == .ed25519)
        #expect(throws: CertificateError.self) { try RawPublicKey(pem: Array("no key".utf8)) }
    }
}
