import Foundation
import TestSupport
import Testing

/// The examples that the README shows, as they are built, with other programs as clients.
@Suite(.onOwnThreads, .patient) struct ExampleTests {
    private static let openssl = Result { try Tool("openssl") }

    private let folder = try? TemporaryFolder()

    private func path(_ name: String) throws -> String {
        try #require(folder).path(name)
    }

    /// A self-signed certificate, `name.pem`, and its key, `name.key`.
    private func makeCertificate(_ name: String) throws {
        _ = try Self.openssl.get().output(of: [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", try path("\(name).key"),
            "-out", try path("\(name).pem"),
        ])
    }

    /// Starts an example on a port of the system's choice.
    private static func running(_ name: String, _ arguments: [String]) async throws -> (RunningTool, port: UInt16) {
        let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
        // Its output goes to a file, where lines would wait for a full buffer.
        let program = try RunningTool(Tool("stdbuf").executable, ["-oL", executable.path] + arguments + ["0"])
        let port = try await program.wait(for: "a port") { written in
            written.split(separator: "\n").first { $0.hasPrefix("listening on port ") }
                .flatMap { UInt16($0.split(separator: " ").last ?? "") }
        }
        return (program, port)
    }

    /// What `openssl s_client` gets for a line.
    private static func client(_ port: UInt16, _ options: [String], _ line: String) async throws -> RunningTool {
        let program = try RunningTool(
            openssl.get().executable,
            ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_3", "-quiet", "-no_ign_eof"] + options,
            input: .open)
        try program.write(Array("\(line)\n".utf8))
        return program
    }

    @Test("the page is served to curl")
    func page() async throws {
        try makeCertificate("localhost")
        let files = try ["localhost.pem", "localhost.key"].map(path)
        let (server, port) = try await Self.running("page-example", files)
        for (options, status, body) in [([], "200", "over TLS 1.3 with TLS_"), (["--data", "x"], "405", "")] {
            let curl = try RunningTool(
                Tool("curl").executable,
                ["-s", "-i", "--cacert", files[0], "https://localhost:\(port)/"] + options)
            #expect(await curl.end() == 0)
            #expect(curl.output.hasPrefix("HTTP/1.1 \(status) "))
            #expect(body.isEmpty || curl.output.contains(body))
        }
        await server.kill()
    }

    @Test("mutual TLS lets in who has a certificate of the authority, and nobody else")
    func mutualTLS() async throws {
        for name in ["localhost", "alice", "mallory"] { try makeCertificate(name) }
        let (server, port) = try await Self.running(
            "mutual-tls-example", ["localhost.pem", "localhost.key", "alice.pem"].map(path))
        let alice = try await Self.client(
            port, ["-cert", try path("alice.pem"), "-key", try path("alice.key")], "good morning")
        try await alice.wait(for: "an answer") { $0.contains("hello alice\nalice says good morning\n") ? true : nil }
        try alice.endInput()
        #expect(await alice.end() == 0)

        let nobody = try await Self.client(port, [], "hello")
        try await nobody.wait(for: "an alert") { $0.contains("alert certificate required") ? true : nil }
        let mallory = try await Self.client(
            port, ["-cert", try path("mallory.pem"), "-key", try path("mallory.key")], "hello")
        try await mallory.wait(for: "an alert") { $0.contains("alert unknown ca") ? true : nil }
        #expect(await nobody.end() != 0)
        #expect(await mallory.end() != 0)
        try await server.wait(for: "refusals") { $0.count(of: "refused ") == 2 ? true : nil }
        await server.kill()
    }

    @Test("the gateway takes readings from devices that have a key, and from nobody else")
    func deviceGateway() async throws {
        let key = "000102030405060708090a0b0c0d0e0f"
        try folder?.write("pump-1:\(key)\nvalve-2:f\(key.dropFirst())\n".utf8, to: "keys")
        let (server, port) = try await Self.running("device-gateway-example", [try path("keys")])
        let options = ["-psk_identity", "pump-1", "-psk"]
        let pump = try await Self.client(port, options + [key], "temperature 21.5")
        try await pump.wait(for: "an answer") { $0.contains("ok\n") ? true : nil }
        try pump.endInput()
        #expect(await pump.end() == 0)
        try await server.wait(for: "the reading") { $0.contains("pump-1: temperature 21.5\n") ? true : nil }

        let impostor = try await Self.client(port, options + ["e\(key.dropFirst())"], "temperature 99")
        try await impostor.wait(for: "an alert") { $0.contains("alert decrypt error") ? true : nil }
        #expect(await impostor.end() != 0)
        #expect(server.output.count(of: "temperature") == 1)
        await server.kill()
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
