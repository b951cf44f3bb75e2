import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

@testable import Gatehouse

/// What the settings of a configuration do.
@Suite(.onOwnThreads, .patient) struct SettingTests {
    private static let replayGuard = InMemoryReplayGuard()

    private static func changed() throws -> SSLConfiguration {
        var configuration = try ClientIdentity.server(.verify)
        configuration.asksForCredential = true
        configuration.rejectsUnrecognizedName = true
        configuration.announcesCertificateAuthorities = true
        configuration.ocspStaplingEnabled = true
        configuration.requestsSignedCertificateTimestamps = true
        configuration.ciphers = [.aes256GCMSHA384]
        configuration.groups = [.secp384r1, .x25519]
        configuration.keyShareGroups = [.x25519]
        configuration.announcesGroups = true
        configuration.statelessRetry = StatelessRetry(keys: TicketKeys())
        configuration.usesMiddleboxCompatibilityMode = false
        configuration.oidFilters = [OIDFilter(.keyUsage, values: [1])]
        configuration.signatureSchemes = [.ed25519]
        configuration.allowedNextProtocols = ["a"]
        configuration.continuesWithoutNextProtocol = true
        configuration.sessionTicketCount = 7
        configuration.sessionTicketLifetime = .seconds(77)
        configuration.resumesAcrossNames = true
        configuration.sendsGREASEInTickets = true
        configuration.keepsOnlyFingerprint = true
        configuration.verifiesResumedSessions = true
        configuration.requestedTickets = (3, 4)
        configuration.maximumEarlyDataSize = 777
        configuration.earlyDataAgeTolerance = 20
        configuration.replayGuard = replayGuard
        configuration.offersEarlyData = true
        configuration.preSharedKeys = [
            try PreSharedKey(identity: [1], key: [UInt8](repeating: 1, count: 16), hash: .sha384)
        ]
        configuration.preSharedKeyPolicy = .required
        configuration.revealsUnknownPreSharedKeyIdentity = true
        configuration.dangerouslyAllowsPSKOnlyKeyExchange = true
        configuration.peerCertificateLimit = 5000
        configuration.recordPadding = .full
        configuration.recordSizing = .dynamic
        configuration.recordSizeLimit = 1000
        configuration.sendsGREASE = false
        configuration.shufflesExtensions = false
        configuration.offeredCertificateTypes = [.rawPublicKey, .x509]
        configuration.keyLog = { _ in }
        return configuration
    }

    @Test("G-18, SK-9 every setting of a server's reaches its connections")
    func server() throws {
        let prepared = try PreparedConfiguration(server: Self.changed(), ResumptionResources())
        guard case .server(let engine) = prepared.engine else {
            Issue.record("not a server's")
            return
        }
        #expect(engine.asksForCredential && engine.credentials.count == 1 && engine.rejectsUnrecognizedName)
        #expect(engine.cipherSuites == [.aes256GCMSHA384] && engine.groups == [.secp384r1, .x25519])
        #expect(engine.announcedGroups == engine.groups && engine.statelessRetry != nil)
        #expect(engine.applicationProtocols == ["a"] && engine.continuesWithoutApplicationProtocol)
        #expect(engine.ticketCount == 7 && engine.ticketLifetime == 77)
        #expect(engine.resumesAcrossNames && engine.sendsGREASE)
        #expect(engine.earlyData?.maximumSize == 777 && engine.earlyData?.ageTolerance == 20)
        #expect(engine.earlyData?.replayGuard.id == Self.replayGuard.id)
        #expect(engine.preSharedKeys.count == 1 && engine.asksForPreSharedKey)
        #expect(engine.peerCertificateLimit == 5000)
        #expect(engine.revealsUnknownPreSharedKeyIdentity && engine.allowsPSKOnlyKeyExchange)
        #expect(engine.recordPadding == .full && engine.recordSizing == .dynamic && engine.recordSizeLimit == 1000)
        #expect(engine.collectsKeyLog)
        let policy = engine.clientAuthentication
        #expect(policy.keepsOnlyFingerprint)
        #expect(policy.requirement == .optional && policy.asksAboutMissingCertificate)
        #expect(policy.signatureSchemes == [.ed25519] && policy.oidFilters.map(\.values) == [[1]])
        #expect(policy.certificateAuthorities == [ClientIdentity.authority.subject.der])
        guard case .tickets = engine.resumption, case .required = engine.preSharedKeyPolicy else {
            Issue.record("\(engine.resumption) \(engine.preSharedKeyPolicy)")
            return
        }
    }

    @Test("G-18, SK-9 every setting of a client's reaches its connections")
    func client() throws {
        let prepared = try PreparedConfiguration(client: Self.changed())
        guard case .client(let engine) = prepared.engine else {
            Issue.record("not a client's")
            return
        }
        #expect(engine.asksForCredential && engine.credentials.count == 1)
        #expect(engine.requestsOCSPStaple && engine.requestsSignedCertificateTimestamps)
        #expect(engine.cipherSuites == [.aes256GCMSHA384] && engine.groups == [.secp384r1, .x25519])
        #expect(engine.keyShareGroups == [.x25519] && !engine.usesMiddleboxCompatibilityMode)
        #expect(engine.signatureSchemes == [.ed25519] && engine.applicationProtocols == ["a"])
        #expect(engine.offersResumption && engine.verifiesResumedSessions && engine.offersEarlyData)
        #expect(engine.ticketRequest?.afterFullHandshake == 3 && engine.ticketRequest?.afterResumption == 4)
        #expect(engine.preSharedKeys.count == 1 && engine.allowsPSKOnlyKeyExchange)
        #expect(engine.recordPadding == .full && engine.recordSizing == .dynamic && engine.recordSizeLimit == 1000)
        #expect(engine.peerCertificateLimit == 5000)
        #expect(!engine.shufflesExtensions && engine.offeredCertificateTypes == [.rawPublicKey, .x509])
        #expect(!engine.sendsGREASE && engine.collectsKeyLog)
    }

    @Test("SK-9, SK-10, 6.3-47, 6.3-49 a socket tells what it goes by and what came of it; a fresh one has no errors")
    func onSocket() async throws {
        let attempt = try await Attempt(Fixture.server(alpn: ["a", "b"]), Fixture.client(alpn: ["b", "a"]))
        let socket = try #require(await attempt.socket())
        for side in [socket, attempt.client] {
            #expect(await side.nextNegotiatedProtocol == "a")
            #expect(await side.error == nil)
            #expect(await side.errorString.isEmpty)
            #expect(await side.sslHandshakeErrors.isEmpty)
        }
        #expect(await socket.sslConfiguration.allowedNextProtocols == ["a", "b"])
        #expect(await attempt.client.sslConfiguration.allowedNextProtocols == ["b", "a"])
        #expect(await socket.sslConfiguration.localCertificate == Fixture.credential.chain[0])
        #expect(await attempt.client.sslConfiguration.caCertificates == [Fixture.credential.chain[0]])
        await attempt.end()
    }

    @Test("6.3-30 the client sees the server's chain in its order")
    func chain() async throws {
        var client = SSLConfiguration()
        client.caCertificates = [ClientIdentity.authority]
        let attempt = try await Attempt(SSLConfiguration(credentials: [ClientIdentity.localhostChained]), client)
        #expect(attempt.isAccepted)
        #expect(ClientIdentity.localhostChained.chain.count == 2)
        #expect(await attempt.client.peerCertificateChain == ClientIdentity.localhostChained.chain)
        await attempt.end()
    }

    @Test("6.3-54 of the key agreement both ends tell the group; the server's ephemeral key is nobody's to see")
    func keyAgreement() async throws {
        var configuration = try Fixture.server()
        configuration.groups = [.secp256r1]
        let attempt = try await Attempt(configuration, Fixture.client())
        let socket = try #require(await attempt.socket())
        for side in [socket, attempt.client] { #expect(await side.session?.group == .secp256r1) }
        await attempt.end()
    }

    @Test("SK-5 names and sizes of suites, keys and certificates")
    func values() throws {
        #expect(SSLCipher.supported.map(\.usedBits) == [128, 256, 256])
        #expect(
            SSLCipher.supported.map(\.encryptionMethod) == ["AESGCM(128)", "AESGCM(256)", "CHACHA20/POLY1305(256)"])
        for suite in SSLCipher.supported { #expect(SSLCipher(name: suite.name) == suite) }
        #expect(SSLCipher(name: "TLS_RSA_WITH_NULL_MD5") == nil)
        #expect(SSLCipher(rawValue: 1).usedBits == 0 && SSLCipher(rawValue: 1).encryptionMethod.isEmpty)
        for (algorithm, length) in [
            (KeyAlgorithm.rsa(bits: 2048), 2048), (.p256, 256), (.p384, 384), (.p521, 521), (.ed25519, 256),
            (.ed448, 456),
        ] {
            #expect(try SSLKey.generate(algorithm).length == length)
        }
        #expect(Fixture.credential.chain[0].digest().count == 32)
        #expect(Fixture.credential.chain[0].digest(.sha512) != Fixture.otherCredential.chain[0].digest(.sha512))
    }

    @Test("4.1 the numbers of errors are those of QSslError, and two are equal for the same certificate only")
    func errors() {
        #expect(SSLError.Code.selfSignedCertificate.rawValue == 9)
        #expect(SSLError.Code.noPeerCertificate.rawValue == 21)
        #expect(SSLError.Code.ocspStatusUnknown.rawValue == 36)
        #expect(SSLError.Code.unspecifiedError.rawValue == -1)
        let certificate = Fixture.credential.chain[0]
        let error = SSLError(.certificateExpired, certificate: certificate)
        #expect(error == SSLError(.certificateExpired, certificate: certificate))
        #expect(error != SSLError(.certificateExpired))
        #expect(error != SSLError(.certificateNotYetValid, certificate: certificate))
        #expect(error != SSLError(.certificateExpired, certificate: Fixture.otherCredential.chain[0]))
        #expect(Set([error, error]).count == 1)
    }
}
