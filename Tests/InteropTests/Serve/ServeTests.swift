import Foundation
import TestSupport
import Testing

extension Interop {
    /// Other implementations' clients against `gatehouse serve`.
    @Suite("serve")
    struct Serve {
        private static let alpn = ["--alpn", "h2,http/1.1"]
        private static let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

        @Test("F-01 F-02 F-03 F-13 curl, every suite and group", arguments: KeyKind.allCases)
        func curl(kind: KeyKind) async throws {
            let server = try await GatehouseServer([kind], Self.alpn)
            let files = try CertificateFiles.made()
            for agreement in Agreement.all {
                let ended = try await run(
                    Programs.curl(),
                    ["--silent", "--show-error", "--verbose", "--include", "--http1.1", "--cacert", files.authority]
                        + ["--tls13-ciphers", agreement.suite.rawValue, "--curves", agreement.group.openssl]
                        + ["https://\(server.address)/"])
                #expect(ended.status == 0, "\(agreement): \(ended.errors)")
                #expect(ended.errors.contains("SSL connection using TLSv1.3 / \(agreement.suite.rawValue)"))
                #expect(ended.errors.contains("ALPN: server accepted http/1.1"))
                let page = try #require(Page(in: ended.output), "\(agreement): \(ended.written)")
                page.check(agreement, kind)
            }
            await server.stop()
        }

        @Test("F-01 F-02 F-03 F-13 F-22 openssl s_client, every suite and group", arguments: KeyKind.allCases)
        func openssl(kind: KeyKind) async throws {
            let server = try await GatehouseServer([kind], Self.alpn)
            let files = try CertificateFiles.made()
            for agreement in Agreement.all {
                let ended = try await run(
                    Programs.openssl(),
                    ["s_client", "-connect", server.address, "-servername", "localhost", "-tls1_3", "-ign_eof", "-msg"]
                        + ["-CAfile", files.authority, "-verify_hostname", "localhost", "-verify_return_error"]
                        + ["-ciphersuites", agreement.suite.rawValue, "-groups", agreement.group.openssl]
                        + ["-alpn", "http/1.1"],
                    input: Self.request)
                #expect(ended.status == 0, "\(agreement): \(ended.errors)")
                #expect(ended.output.contains("New, TLSv1.3, Cipher is \(agreement.suite.rawValue)"))
                #expect(ended.output.contains("Verification: OK"))
                #expect(ended.output.contains("ALPN protocol: http/1.1"))
                let key = ended.output.split(separator: "\n").first { $0.hasPrefix("Server Temp Key:") }
                #expect(key?.contains(agreement.group.openssl) == true, "\(agreement): \(key ?? "")")
                #expect(ended.output.contains("<<< TLS 1.3, Alert [length 0002], warning close_notify"))
                let page = try #require(Page(in: ended.output), "\(agreement): \(ended.written)")
                page.check(agreement, kind)
            }
            await server.stop()
        }

        @Test("F-01 F-02 F-03 F-13 F-22 gnutls-cli, every suite and group", arguments: KeyKind.allCases)
        func gnutls(kind: KeyKind) async throws {
            let server = try await GatehouseServer([kind], Self.alpn)
            let files = try CertificateFiles.made()
            for agreement in Agreement.all {
                let client = try RunningTool(
                    Programs.gnutlsClient(),
                    ["--x509cafile", files.authority, "--port", "\(server.port)", "--alpn", "http/1.1"]
                        + ["--priority", agreement.gnutlsPriority, "localhost"],
                    input: .open)
                try client.write(Array(Self.request.utf8))
                // It says this only when the server's close_notify came before the end of the stream.
                try await client.wait(for: "the end") {
                    $0.contains("- Peer has closed the GnuTLS connection") ? () : nil
                }
                try client.endInput()
                #expect(await client.end() == 0, "\(agreement): \(client.errors)")
                #expect(client.output.contains("(TLS1.3-X.509)-(ECDHE-\(agreement.group.gnutls))"))
                #expect(client.output.contains("-(\(agreement.suite.gnutls))"))
                #expect(client.output.contains("- Application protocol: http/1.1"))
                let page = try #require(Page(in: client.output), "\(agreement): \(client.output)")
                page.check(agreement, kind)
            }
            await server.stop()
        }
    }
}
