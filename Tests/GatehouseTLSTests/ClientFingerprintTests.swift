import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Of a client's certificates only the fingerprint is kept")
struct ClientFingerprintTests {
    private static func configurations() throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        server.resumption = .tickets(TicketKeys())
        server.clientAuthentication.keepsOnlyFingerprint = true
        client.ticketRequest = (1, 1)
        return (client, server)
    }

    private static func fingerprint(_ client: ClientConfiguration) -> [UInt8]? {
        client.credentials.first?.chain.first.map { Hasher.hash(.sha256, $0.der.span) }
    }

    @Test("F-06 F-09 the session has it, also when it is resumed, and its ticket is shorter")
    func fingerprint() throws {
        let (client, configured) = try Self.configurations()
        var server = configured
        let loopback = try ResumptionTests.connect(client, server)
        let session = try #require(loopback.serverSession)
        #expect(session.peerCertificates.isEmpty && session.isPeerVerified)
        #expect(session.peerCertificateFingerprint == Self.fingerprint(client))
        let short = try #require(loopback.sessions.first)

        let resumed = try ResumptionTests.connect(client, server, short)
        #expect(resumed.isResumed == true)
        let later = try #require(resumed.serverSession)
        #expect(later.peerCertificates.isEmpty && later.isPeerVerified)
        #expect(later.peerCertificateFingerprint == Self.fingerprint(client))

        server.clientAuthentication.keepsOnlyFingerprint = false
        let whole = try ResumptionTests.connect(client, server)
        #expect(whole.serverSession?.peerCertificates == client.credentials[0].chain)
        #expect(whole.serverSession?.peerCertificateFingerprint == nil)
        let long = try #require(whole.sessions.first).ticket.count
        #expect(short.ticket.count < long)
    }

    @Test(
        "B-23 a session is not resumed when the setting has changed since, in either direction",
        arguments: [true, false])
    func changedSetting(before: Bool) throws {
        let (client, configured) = try Self.configurations()
        var server = configured
        server.clientAuthentication.keepsOnlyFingerprint = before
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        server.clientAuthentication.keepsOnlyFingerprint = !before
        let loopback = try ResumptionTests.connect(client, server, session)
        #expect(try loopback.sentIdentities == 1 && loopback.isResumed == false)
    }

    @Test("F-06 the application judges the whole chain")
    func verdict() throws {
        let (client, configured) = try Self.configurations()
        var server = configured
        server.clientAuthentication = .required(.asksForVerdict)
        server.clientAuthentication.keepsOnlyFingerprint = true
        let chain = client.credentials[0].chain
        let loopback = try Loopback(client, server)
        loopback.serverDecision = { need in
            guard case .peerVerdict(let peer) = need else { return nil }
            return peer.chain == chain ? .accept : .reject(.badCertificate)
        }
        try loopback.run()
        #expect(loopback.isEstablished)
        #expect(loopback.serverSession?.peerCertificateFingerprint == Self.fingerprint(client))
    }

    @Test("F-06 where nobody showed anything there is no fingerprint, and a raw public key stays")
    func nothingToReduce() throws {
        #expect(ShownCredential.none.reducedToFingerprint == .none)
        let key = try Credential(rawPublicKeyOf: PrivateKey.generate(.p256)).shown
        #expect(key.reducedToFingerprint == key && key.fingerprint == nil)
        let kept = ShownCredential.fingerprint([1])
        #expect(kept.reducedToFingerprint == kept && kept.entries.isEmpty && kept.validUntil == .max)
        #expect(throws: CryptoError.invalidKey) { try kept.publicKey() }
    }
}
