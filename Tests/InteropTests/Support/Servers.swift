import Foundation
import TestSupport

/// Another implementation's server with the P-256 certificate, and what it prints.
struct PeerServer {
    let port: Int
    let program: RunningTool

    /// `openssl s_server`. It answers with what was negotiated (`-www`) or sends lines back reversed (`-rev`).
    static func openssl(_ options: [String], input: RunningTool.Input = .open) async throws -> PeerServer {
        let program = try RunningTool(
            Programs.openssl(), ["s_server", "-accept", "0", "-tls1_3"] + options, input: input)
        let port = try await program.wait(for: "a port") { written in
            written.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last
                .flatMap { Int($0) }
        }
        return PeerServer(port: port, program: program)
    }

    /// `gnutls-serv`, which sends back what comes.
    static func gnutls(_ options: [String], priority: String = "") async throws -> PeerServer {
        let port = try freePort()
        let program = try RunningTool(
            Programs.gnutlsServer(),
            ["--echo", "--port", "\(port)", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3\(priority)"] + options)
        try await program.wait(for: "a port") { $0.contains("listening on IPv4") ? () : nil }
        return PeerServer(port: Int(port), program: program)
    }

    static func opensslCredential() throws -> [String] {
        let files = try CertificateFiles.made()
        return ["-cert", files.certificate(.p256), "-key", files.key(.p256)]
    }

    static func gnutlsCredential() throws -> [String] {
        let files = try CertificateFiles.made()
        return ["--x509certfile", files.certificate(.p256), "--x509keyfile", files.key(.p256)]
    }

    /// `gatehouse connect`, which trusts the CA of this run.
    func connect(_ options: [String] = [], input: String = "hello\n") async throws -> Ended {
        try await run(
            Programs.gatehouse(),
            ["connect", "localhost:\(port)", "--ca", try CertificateFiles.made().authority] + options, input: input)
    }

    func stop() async { await program.kill() }
}

extension Ended {
    /// What `gatehouse connect` says of the connection under this name.
    func reported(_ name: String) -> String? {
        errors.split(separator: "\n").first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}
