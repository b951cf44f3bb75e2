import Foundation
import TestSupport
import Testing

extension Interop {
    /// `gatehouse connect` against other implementations' servers.
    @Suite("connect")
    struct Connect {
        @Test("F-01 F-02 F-03 F-13 F-22 openssl s_server, every suite and group", arguments: KeyKind.allCases)
        func openssl(kind: KeyKind) async throws {
            let files = try CertificateFiles.made()
            // It sends back each line reversed.
            let server = try RunningTool(
                Programs.openssl(),
                ["s_server", "-accept", "0", "-tls1_3", "-rev", "-alpn", "http/1.1"]
                    + ["-cert", files.certificate(kind), "-key", files.key(kind)])
            let port = try await server.wait(for: "a port") { written in
                written.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last
                    .flatMap { Int($0) }
            }
            for agreement in Agreement.all {
                let ended = try await connect(to: port, agreement, input: "hello\n")
                #expect(ended.output == "olleh\n", "\(agreement): \(ended.written)")
                check(ended, agreement, kind)
            }
            let ends = try await server.wait(for: "the end of every connection") { written in
                let lines = written.split(separator: "\n")
                return lines.count { $0 == "CONNECTION CLOSED" } == Agreement.all.count ? lines : nil
            }
            let suites = ends.filter { $0.hasPrefix("Ciphersuite: ") }.map { $0.dropFirst("Ciphersuite: ".count) }
            #expect(suites.map(String.init) == Agreement.all.map(\.suite.rawValue))
            await server.kill()
        }

        @Test("F-01 F-02 F-03 F-13 F-22 gnutls-serv, every suite and group", arguments: KeyKind.allCases)
        func gnutls(kind: KeyKind) async throws {
            let files = try CertificateFiles.made()
            let port = try freePort()
            // It asks for a client certificate, too, and gets an empty list.
            let server = try RunningTool(
                Programs.gnutlsServer(),
                ["--echo", "--port", "\(port)", "--alpn", "http/1.1"]
                    + ["--x509certfile", files.certificate(kind), "--x509keyfile", files.key(kind)])
            try await server.wait(for: "a port") { $0.contains("listening on IPv4") ? () : nil }
            for agreement in Agreement.all {
                let ended = try await connect(to: Int(port), agreement, input: "hello\n")
                #expect(ended.output == "hello\n", "\(agreement): \(ended.written)")
                check(ended, agreement, kind)
            }
            let descriptions = try await server.wait(for: "every description") { written in
                let lines = written.split(separator: "\n").filter { $0.hasPrefix("- Description: ") }
                return lines.count == Agreement.all.count ? lines : nil
            }
            for (description, agreement) in zip(descriptions, Agreement.all) {
                #expect(description.contains("(TLS1.3-X.509)-(ECDHE-\(agreement.group.gnutls))"))
                #expect(description.hasSuffix("-(\(agreement.suite.gnutls))"))
            }
            await server.kill()
        }

        @Test("B-25 B-51 a server that is not trusted, or has another name, is refused")
        func refusal() async throws {
            let server = try await GatehouseServer([.p256])
            let files = try CertificateFiles.made()
            let untrusted = try await run(Programs.gatehouse(), ["connect", server.address])
            #expect(untrusted.status == 1)
            #expect(untrusted.output == "")
            let misnamed = try await run(
                Programs.gatehouse(),
                ["connect", server.address, "--ca", files.authority, "--name", "example.org"])
            #expect(misnamed.status == 1)
            #expect(misnamed.output == "")
            try await server.wait(for: "two alerts") { $0.event == "alertReceived" && $0.alert == "unknown_ca" }
            try await server.wait(for: "two alerts") {
                $0.event == "alertReceived" && $0.alert == "bad_certificate"
            }
            #expect(!server.events.contains { $0.event == "pendingConnectionAvailable" })
            await server.stop()
        }

        @Test("a server that speaks only TLS 1.2 is refused")
        func version() async throws {
            let files = try CertificateFiles.made()
            let server = try RunningTool(
                Programs.openssl(),
                ["s_server", "-accept", "0", "-tls1_2", "-cert", files.certificate(.p256), "-key", files.key(.p256)])
            let port = try await server.wait(for: "a port") { written in
                written.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last
                    .flatMap { Int($0) }
            }
            let ended = try await run(
                Programs.gatehouse(), ["connect", "localhost:\(port)", "--ca", files.authority])
            #expect(ended.status == 1)
            #expect(ended.output == "")
            await server.kill()
        }

        private func connect(to port: Int, _ agreement: Agreement, input: String) async throws -> Ended {
            try await run(
                Programs.gatehouse(),
                ["connect", "localhost:\(port)", "--ca", try CertificateFiles.made().authority, "--alpn", "http/1.1"]
                    + ["--suites", agreement.suite.rawValue, "--groups", agreement.group.rawValue],
                input: input)
        }

        /// What the client reports of a full handshake that ended with close_notify in both directions.
        private func check(_ ended: Ended, _ agreement: Agreement, _ kind: KeyKind) {
            #expect(ended.status == 0, "\(agreement): \(ended.written)")
            let lines = ended.errors.split(separator: "\n").map(String.init)
            #expect(lines.contains("protocol: TLSv1.3"), "\(agreement): \(ended.errors)")
            #expect(lines.contains("cipher suite: \(agreement.suite.rawValue)"))
            #expect(lines.contains("group: \(agreement.group.rawValue)"))
            #expect(lines.contains("ALPN: http/1.1"))
            #expect(lines.contains { $0.hasPrefix("signature scheme: \(kind.signatureFamily)") })
        }
    }
}

extension KeyKind {
    /// How the names of the schemes for this key begin: servers differ in the hash that they prefer.
    fileprivate var signatureFamily: String {
        switch self {
        case .rsa: "rsa_pss_rsae_"
        case .rsaPSS: "rsa_pss_pss_"
        default: signatureScheme
        }
    }
}
