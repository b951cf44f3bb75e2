import Foundation
import TestSupport
import Testing

extension Interop.Serve {
    @Test("F-09 openssl s_client comes back with its ticket", arguments: Suite.allCases)
    func opensslResumption(suite: Suite) async throws {
        let server = try await GatehouseServer([.p256])
        let sessions = try TemporaryFolder()
        let first = try await Client.openssl(
            server, ["-ciphersuites", suite.rawValue, "-sess_out", sessions.path("1")])
        #expect(first.page?["resumed"] == "no", "\(first.written)")
        let second = try await Client.openssl(
            server,
            ["-ciphersuites", suite.rawValue, "-sess_in", sessions.path("1"), "-sess_out", sessions.path("2")])
        #expect(second.output.contains("Reused, TLSv1.3, Cipher is \(suite.rawValue)"), "\(second.written)")
        #expect(second.page?["resumed"] == "yes")
        #expect(second.page?["group"] == "x25519")
        let third = try await Client.openssl(server, ["-ciphersuites", suite.rawValue, "-sess_in", sessions.path("2")])
        #expect(third.page?["resumed"] == "yes", "\(third.written)")
        await server.stop()
    }

    @Test("F-09 a ticket of another server, or for another server name, is not good")
    func foreignTicket() async throws {
        let sessions = try TemporaryFolder()
        let first = try await GatehouseServer([.p256])
        _ = try await Client.openssl(first, ["-sess_out", sessions.path("1")])
        let renamed = try await Client.openssl(
            first, ["-sess_in", sessions.path("1"), "-servername", "other.example", "-no_check_time"])
        #expect(renamed.page?["resumed"] == "no", "\(renamed.written)")
        await first.stop()

        let second = try await GatehouseServer([.p256])
        let foreign = try await Client.openssl(second, ["-sess_in", sessions.path("1")])
        #expect(foreign.output.contains("New, TLSv1.3"), "\(foreign.written)")
        #expect(foreign.page?["resumed"] == "no")
        await second.stop()
    }

    @Test("F-09 without tickets nobody comes back")
    func noTickets() async throws {
        let server = try await GatehouseServer([.p256], ["--tickets", "0"])
        let ended = try await Client.openssl(server, [])
        #expect(ended.page?["resumed"] == "no", "\(ended.written)")
        #expect(!ended.output.contains("NewSessionTicket"))
        await server.stop()
    }

    @Test("F-09 gnutls-cli comes back with its ticket", arguments: Suite.allCases)
    func gnutlsResumption(suite: Suite) async throws {
        let server = try await GatehouseServer([.p256])
        let ended = try await Client.gnutls(
            server, ["--resume", "--waitresumption"], priority: ":-CIPHER-ALL:+\(suite.gnutls)")
        #expect(ended.output.contains("*** This is a resumed session"), "\(ended.written)")
        #expect(ended.page?["resumed"] == "yes")
        #expect(ended.page?["cipher suite"] == suite.rawValue)
        await server.stop()
    }

    private static let resumingPython = """
        import socket, ssl, sys
        port, authority = int(sys.argv[1]), sys.argv[2]
        context = ssl.create_default_context(cafile=authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        session = None
        for expected in [False, True, True]:
            with socket.create_connection(("127.0.0.1", port)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
                    secure.sendall(b"hello")
                    assert secure.recv(5) == b"hello"
                    assert secure.session_reused == expected, secure.session_reused
                    session = secure.session
                    secure.unwrap()
        print("done")
        """

    @Test("F-09 Python's ssl comes back with its ticket")
    func pythonResumption() async throws {
        let server = try await GatehouseServer([.p256], ["--mode", "echo"])
        let ended = try await run(
            Programs.python(), ["-c", Self.resumingPython, "\(server.port)", try CertificateFiles.made().authority])
        #expect(ended.output == "done\n", "\(ended.written)")
        #expect(server.events.compactMap { $0.session?["resumed"] } == ["no", "yes", "yes"])
        await server.stop()
    }

    @Test("F-11 openssl s_client sends a request as early data; the same ticket's early data is not taken again")
    func opensslEarlyData() async throws {
        let server = try await GatehouseServer([.p256], ["--early-data"])
        let files = try TemporaryFolder()
        try files.write(Client.request.utf8, to: "request")
        let first = try await Client.openssl(server, ["-sess_out", files.path("1")])
        #expect(first.output.contains("Max Early Data: 16384"), "\(first.written)")
        let early = try await Client.openssl(
            server, ["-sess_in", files.path("1"), "-early_data", files.path("request")], input: "")
        #expect(early.output.contains("Early data was accepted"), "\(early.written)")
        #expect(early.page?["early data"] == "accepted")
        #expect(early.page?["resumed"] == "yes")
        let replayed = try await Client.openssl(
            server, ["-sess_in", files.path("1"), "-early_data", files.path("request")])
        #expect(replayed.output.contains("Early data was rejected"), "\(replayed.written)")
        #expect(replayed.page?["early data"] == "none")
        await server.stop()
    }

    @Test("F-11 gnutls-cli sends a request as early data")
    func gnutlsEarlyData() async throws {
        let server = try await GatehouseServer([.p256], ["--early-data"])
        let files = try TemporaryFolder()
        try files.write(Client.request.utf8, to: "request")
        let ended = try await Client.gnutls(
            server, ["--resume", "--waitresumption", "--earlydata", files.path("request")], input: "")
        #expect(ended.output.contains("*** This is a resumed session"), "\(ended.written)")
        #expect(ended.page?["early data"] == "accepted")
        await server.stop()
    }

    @Test("F-11 early data is off unless asked for")
    func noEarlyData() async throws {
        let server = try await GatehouseServer([.p256])
        let ended = try await Client.openssl(server, [])
        #expect(ended.output.contains("Max Early Data: 0"), "\(ended.written)")
        await server.stop()
    }
}
