import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// OCSP responses that a server staples to its certificate, from the one end to the other. For 6.3-43: no certificates are
/// distrusted by a list that is built in; those that are revoked are.
@Suite(.onOwnThreads, .patient) struct StapleTests {
    fileprivate static let certificate = ClientIdentity.localhost.chain[0]

    private static func server(_ staple: [UInt8]) -> SSLConfiguration {
        var credential = ClientIdentity.localhost
        credential.ocspResponse = staple
        return SSLConfiguration(credentials: [credential])
    }

    private static func client(_ change: (inout SSLConfiguration) -> Void = { _ in }) -> SSLConfiguration {
        var configuration = SSLConfiguration()
        configuration.caCertificates = [ClientIdentity.authority]
        configuration.ocspStaplingEnabled = true
        change(&configuration)
        return configuration
    }

    @Test("F-14 a good response: the client sees the answer, and the server is verified")
    func good() async throws {
        let staple = try ClientIdentity.responder.response(about: Self.certificate, .good)
        // Also where a status is required: without a response, the same server is not let in.
        for change in [{ _ in }, { $0.verificationPolicy.revocation = .required }] as [(inout SSLConfiguration) -> Void]
        {
            let attempt = try await Attempt(Self.server(staple), Self.client(change))
            #expect(attempt.events == ["newConnection", "started", "pending"])
            #expect(await attempt.client.isPeerVerified)
            #expect(await attempt.client.sslHandshakeErrors.isEmpty)
            let answers = await attempt.client.ocspResponses
            #expect(answers.map(\.status) == [.good])
            #expect(answers.map(\.serialNumber) == [Self.certificate.serialNumber])
            #expect(await attempt.client.session?.peerOCSPResponse == staple)
            #expect(await attempt.socket()?.ocspResponses.isEmpty == true)
            await attempt.end()
        }
        let without = try await Attempt(
            SSLConfiguration(credentials: [ClientIdentity.localhost]),
            Self.client { $0.verificationPolicy.revocation = .required })
        #expect(without.story == ["alertReceived fatal certificate_unknown", "error sslHandshakeFailed"])
        await without.end()
    }

    /// What a response that is not good leads to.
    enum Flaw: CaseIterable {
        case revoked, expired, early, unknown, aboutAnother, bySomebodyElse

        func response() throws -> [UInt8] {
            let responder = ClientIdentity.responder
            return switch self {
            case .revoked:
                try responder.response(about: StapleTests.certificate, .revoked(at: SystemClock.unixTime - 3600))
            case .expired:
                try responder.response(about: StapleTests.certificate, .good, thisUpdate: -7200, nextUpdate: -3600)
            case .early:
                try responder.response(about: StapleTests.certificate, .good, thisUpdate: 3600, nextUpdate: 7200)
            case .unknown: try responder.response(about: StapleTests.certificate, .unknown)
            case .aboutAnother: try responder.response(about: ClientIdentity.serverOnly.chain[0], .good)
            case .bySomebodyElse:
                // The issuer's name and key are in it; the signature is another's.
                try responder.response(about: StapleTests.certificate, .good, signedBy: SSLKey.generate(.p256))
            }
        }

        var code: String {
            switch self {
            case .revoked: "certificateRevoked"
            case .expired, .early: "ocspResponseExpired"
            case .unknown: "ocspStatusUnknown"
            case .aboutAnother: "ocspResponseCertIDUnknown"
            case .bySomebodyElse: "ocspResponseCannotBeTrusted"
            }
        }

        var alert: String { self == .revoked ? "certificate_revoked" : "bad_certificate_status_response" }
    }

    @Test(
        "F-14, 6.3-43 a revoked certificate, an expired answer and others that do not do are reported and refused",
        arguments: Flaw.allCases)
    func refused(flaw: Flaw) async throws {
        let staple = try flaw.response()
        let (server, recorder, endpoint) = try await SSLServer.listening(Self.server(staple))
        let clientRecorder = Recorder()
        let client = try await SSLSocket.connecting(to: endpoint, Self.client(), recorder: clientRecorder)
        try await eventually { clientRecorder.all.last == "disconnected failed" }
        #expect(
            clientRecorder.all.drop { $0 != "connected" } == [
                "connected", "peerVerifyError \(flaw.code)", "sslErrors \(flaw.code)", "alertSent fatal \(flaw.alert)",
                "error sslHandshakeFailed", "state unconnected", "readChannelFinished", "disconnected failed",
            ])
        #expect(await client.sslHandshakeErrors.map(\.certificate) == [Self.certificate])
        #expect(await !client.isPeerVerified)
        #expect(await client.session?.peerOCSPResponse == staple)
        try await eventually { recorder.all.last == "error sslHandshakeFailed" }
        #expect(
            recorder.all == [
                "newConnection", "started", "alertReceived fatal \(flaw.alert)", "error sslHandshakeFailed",
            ])
        // Whoever does not ask is not told.
        let unasked = try await SSLSocket.connected(to: endpoint, Self.client { $0.ocspStaplingEnabled = false })
        #expect(await unasked.ocspResponses.isEmpty)
        await unasked.abort()
        await server.close()
    }

    @Test("F-14, IG-1 a problem with the response can be ignored like others, and is told")
    func ignored() async throws {
        let staple = try Flaw.revoked.response()
        let (server, _, endpoint) = try await SSLServer.listening(Self.server(staple))
        let client = try SSLSocket(configuration: Self.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
        client.sslErrors.connect { socket, _ in socket.ignoreSSLErrors() }
        try await client.connectToHostEncrypted("127.0.0.1", port: endpoint.port, peerVerifyName: "localhost")
        #expect(await client.waitForEncrypted(timeout: nil))
        #expect(await client.sslHandshakeErrors.map(\.code) == [.certificateRevoked])
        #expect(await !client.isPeerVerified)
        let answer = try #require(await client.ocspResponses.first)
        guard case .revoked(let time) = answer.status else {
            Issue.record("\(answer)")
            return
        }
        #expect(time < answer.thisUpdate)
        await client.abort()
        await server.close()
    }
}
