import Foundation
import Gatehouse
import GatehouseTLS
import TestSupport
import Testing

/// What a server's tickets say besides.
@Suite(.timeLimit(.minutes(4))) struct TicketSettingTests {
    private static let credential = Fixture.credential(for: ["a.example", "b.example"])

    @Test(
        "F-09, B-23 a session is resumed under another name of the certificate where the server says so",
        arguments: [true, false])
    func acrossNames(isSet: Bool) async throws {
        var configuration = try Fixture.server(Self.credential)
        configuration.resumesAcrossNames = isSet
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        var client = try Fixture.client(Self.credential)
        let socket = try SSLSocket(configuration: client, on: EventLoop(), handshakeTimeout: Fixture.patience)
        for (name, isResumed) in [("a.example", false), ("b.example", isSet), ("b.example", true)] {
            try await socket.connectToHostEncrypted("localhost", port: endpoint.port, peerVerifyName: name)
            #expect(await socket.waitForEncrypted(timeout: nil))
            let accepted = try #require(await server.next())
            #expect(await accepted.requestedServerName == name)
            #expect(await accepted.isSessionResumed == isResumed)
            #expect(await socket.isSessionResumed == isResumed)
            #expect(await socket.isPeerVerified)
            await accepted.write([1])
            #expect(try await socket.receive(1) == [1])
            await socket.disconnectFromHost()
            #expect(await socket.waitForDisconnected(timeout: nil))
            client.sessionTicket = await socket.sessionTicket
            let next = client
            try await socket.setSSLConfiguration(next)
        }
        // A name that the certificate has not: the session is not offered, and the certificate refused.
        try await socket.connectToHostEncrypted("localhost", port: endpoint.port, peerVerifyName: "c.example")
        #expect(await !socket.waitForEncrypted(timeout: nil))
        #expect(await socket.sslHandshakeErrors.map(\.code) == [.hostNameMismatch])
        await server.close()
    }

    @Test("G-13 sessions across names need resumption, and credentials that all carry the same names")
    func contradictions() throws {
        var configuration = SSLConfiguration(credentials: [Self.credential])
        configuration.resumesAcrossNames = true
        try configuration.validate(as: .server)
        configuration.credentials.append(Fixture.credential(for: ["b.example", "a.example"]))
        try configuration.validate(as: .server)
        var disabled = configuration
        disabled.sessionResumption = .disabled
        #expect(throws: ConfigurationError.self) { try disabled.validate(as: .server) }
        configuration.credentials.append(Fixture.otherCredential)
        #expect(throws: ConfigurationError.self) { try configuration.validate(as: .server) }
        configuration.resumesAcrossNames = false
        try configuration.validate(as: .server)
    }

    @Test(
        "F-20 a server's tickets carry an extension without meaning where that is set, and OpenSSL takes them",
        arguments: [true, false])
    func grease(isSet: Bool) async throws {
        var configuration = try Fixture.server()
        configuration.sendsGREASEInTickets = isSet
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let openssl = try RunningTool(
            Tool("openssl").executable,
            ["s_client", "-connect", "127.0.0.1:\(endpoint.port)", "-tls1_3", "-trace"], input: .open)
        // Two tickets: when the second one begins, the first has been written as a whole.
        let trace = try await openssl.wait(for: "two tickets") { written in
            written.components(separatedBy: "NewSessionTicket, Length").count == 3 ? written : nil
        }
        let ticket = trace.components(separatedBy: "NewSessionTicket, Length")[1]
        let values = (0..<16).map { 0x0A0A + $0 * 0x1010 }
        #expect(values.contains { ticket.contains("(\($0)), length=") } == isSet, "\(ticket)")
        await openssl.kill()
        await server.close()
    }
}
