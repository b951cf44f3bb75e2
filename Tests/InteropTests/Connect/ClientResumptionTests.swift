import Foundation
import TestSupport
import Testing

extension Interop.Connect {
    @Test("F-09 F-21 a session that was kept in a file is resumed by openssl s_server", arguments: Suite.allCases)
    func opensslResumption(suite: Suite) async throws {
        let server = try await PeerServer.openssl(["-rev"] + PeerServer.opensslCredential())
        let files = try TemporaryFolder()
        let options = ["--suites", suite.rawValue]
        let first = try await server.connect(options + ["--session-out", files.path("1")])
        #expect(first.output == "olleh\n", "\(first.written)")
        #expect(first.reported("resumed") == "no")
        let second = try await server.connect(
            options + ["--session-in", files.path("1"), "--session-out", files.path("2")])
        #expect(second.output == "olleh\n", "\(second.written)")
        #expect(second.reported("resumed") == "yes")
        #expect(second.reported("peer certificate")?.contains("localhost") == true)
        let third = try await server.connect(options + ["--session-in", files.path("2")])
        #expect(third.reported("resumed") == "yes", "\(third.written)")
        let mode = try FileManager.default.attributesOfItem(atPath: files.path("1"))[.posixPermissions] as? Int
        #expect(mode == 0o600)
        await server.stop()
    }

    @Test("F-09 F-21 a session is resumed by gnutls-serv, and early data is taken")
    func gnutlsResumption() async throws {
        let server = try await PeerServer.gnutls(
            ["--earlydata", "--maxearlydata", "1000"] + PeerServer.gnutlsCredential())
        let files = try TemporaryFolder()
        let first = try await server.connect(["--session-out", files.path("1")])
        #expect(first.output == "hello\n", "\(first.written)")
        let second = try await server.connect(["--session-in", files.path("1"), "--session-out", files.path("2")])
        #expect(second.output == "hello\n", "\(second.written)")
        #expect(second.reported("resumed") == "yes")
        try files.write("early\n".utf8, to: "early")
        let third = try await server.connect(
            ["--session-in", files.path("2"), "--early-data-file", files.path("early")])
        #expect(third.reported("early data") == "accepted", "\(third.written)")
        #expect(third.output.contains("hello\n"))
        await server.stop()
    }

    @Test("F-09 B-23 a session does not count for another name, or under another trust store")
    func changedSettings() async throws {
        let server = try await PeerServer.openssl(["-rev"] + PeerServer.opensslCredential())
        let files = try TemporaryFolder()
        _ = try await server.connect(["--session-out", files.path("1")])
        let renamed = try await server.connect(["--session-in", files.path("1"), "--name", "127.0.0.1"])
        #expect(renamed.reported("resumed") == "no", "\(renamed.written)")
        let distrusting = try await run(
            Programs.gatehouse(), ["connect", "localhost:\(server.port)", "--session-in", files.path("1")])
        #expect(distrusting.status == 1)
        #expect(distrusting.output == "")
        await server.stop()
    }

    @Test("F-11 openssl s_server takes early data once, and gets it again as ordinary data when it does not")
    func opensslEarlyData() async throws {
        let server = try await PeerServer.openssl(
            ["-early_data", "-max_early_data", "1000"] + PeerServer.opensslCredential())
        let files = try TemporaryFolder()
        try files.write("sent early\n".utf8, to: "early")
        let first = try await server.connect(["--session-out", files.path("1")])
        #expect(first.status == 0, "\(first.written)")
        let options = ["--session-in", files.path("1"), "--early-data-file", files.path("early")]
        let second = try await server.connect(options)
        #expect(second.reported("early data") == "accepted", "\(second.written)")
        try await server.program.wait(for: "the early data") {
            $0.contains("Early data received:") && $0.contains("sent early\n") ? () : nil
        }
        let replayed = try await server.connect(options)
        #expect(replayed.reported("early data") == "none", "\(replayed.written)")
        try await server.program.wait(for: "the same as ordinary data") {
            $0.components(separatedBy: "sent early\n").count == 3 ? () : nil
        }
        await server.stop()
    }

    @Test("early data needs a session that allows it")
    func earlyDataUsage() async throws {
        let server = try await PeerServer.openssl(["-rev"] + PeerServer.opensslCredential())
        let files = try TemporaryFolder()
        try files.write("sent early\n".utf8, to: "early")
        let sessionless = try await server.connect(["--early-data-file", files.path("early")])
        #expect(sessionless.status == 2)
        #expect(sessionless.errors == "gatehouse connect: --early-data-file needs --session-in\n")
        _ = try await server.connect(["--session-out", files.path("1")])
        let limited = try await server.connect(
            ["--session-in", files.path("1"), "--early-data-file", files.path("early")])
        #expect(limited.status == 2)
        #expect(limited.errors.hasSuffix("has 11 bytes, and the session allows 0 of early data\n"))
        let garbage = try await server.connect(["--session-in", files.path("early")])
        #expect(garbage.status == 2)
        #expect(garbage.errors.hasSuffix("this is no session\n"))
        await server.stop()
    }
}
