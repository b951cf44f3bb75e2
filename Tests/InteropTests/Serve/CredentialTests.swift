import Foundation
import TestSupport
import Testing

extension Interop {
    /// What `gatehouse serve` does with several certificates, and with files that it cannot use.
    @Suite("serve: certificates and keys")
    struct Credentials {
        @Test("F-05 G-8 among several certificates the client's signature schemes decide", arguments: KeyKind.allCases)
        func choice(kind: KeyKind) async throws {
            let server = try await GatehouseServer(KeyKind.allCases)
            let ended = try await run(
                Programs.openssl(),
                ["s_client", "-connect", server.address, "-tls1_3", "-ign_eof"]
                    + ["-CAfile", try CertificateFiles.made().authority, "-verify_return_error"]
                    + ["-sigalgs", kind.signatureScheme],
                input: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(ended.status == 0, "\(ended.errors)")
            let page = try #require(Page(in: ended.output), "\(ended.written)")
            #expect(page["signature scheme"] == kind.signatureScheme)
            await server.stop()
        }

        @Test("F-14 openssl s_client and gnutls-cli get the stapled OCSP response, if they ask for it")
        func staple() async throws {
            let files = try CertificateFiles.made()
            let server = try await GatehouseServer([.p256], ["--ocsp", files.ocspResponse(.p256)])
            for asks in [true, false] {
                let client = try await Client.openssl(
                    server, ["-verify_return_error"] + (asks ? ["-status"] : []))
                #expect(client.status == 0, "\(client.errors)")
                #expect(client.page != nil)
                #expect(client.output.contains("OCSP Response Status: successful (0x0)") == asks, "\(client.output)")
                #expect(client.output.contains("Cert Status: good") == asks)
            }
            // It asks by itself, and checks the response.
            let gnutls = try await Client.gnutls(server, [])
            #expect(gnutls.status == 0, "\(gnutls.written)")
            #expect(gnutls.output.contains("- Status: The certificate is trusted."), "\(gnutls.output)")
            #expect(gnutls.output.contains("OCSP status request"), "\(gnutls.output)")
            await server.stop()
        }

        /// Files that do not go together, and a part of what is said about them.
        enum Unusable: String, CaseIterable, Sendable {
            case missingCertificate, missingKey, directoryAsCertificate, directoryAsKey, garbageAsCertificate,
                garbageAsKey, certificateAsKey, keyAsCertificate, encryptedKey, mismatch

            func arguments(_ files: CertificateFiles) -> [String] {
                let (certificate, key) = (files.certificate(.p256), files.key(.p256))
                let pair =
                    switch self {
                    case .missingCertificate: (files.missing, key)
                    case .missingKey: (certificate, files.missing)
                    case .directoryAsCertificate: (files.directory, key)
                    case .directoryAsKey: (certificate, files.directory)
                    case .garbageAsCertificate: (files.garbage, key)
                    case .garbageAsKey: (certificate, files.garbage)
                    case .certificateAsKey: (certificate, certificate)
                    case .keyAsCertificate: (key, key)
                    case .encryptedKey: (certificate, files.encryptedKey)
                    case .mismatch: (certificate, files.key(.p384))
                    }
                return ["--certificate", pair.0, "--key", pair.1]
            }

            var reason: String {
                switch self {
                case .missingCertificate, .missingKey: "missing.pem"
                case .directoryAsCertificate, .directoryAsKey: "interop-"
                case .garbageAsCertificate: "certificate"
                case .garbageAsKey: "not a private key"
                case .certificateAsKey: "this is a certificate"
                case .keyAsCertificate: "no certificate"
                case .encryptedKey: "passphrase"
                case .mismatch: "P-256.pem with"
                }
            }
        }

        @Test("G-13 files that cannot be used: one line that names them, and exit code 2", arguments: Unusable.allCases)
        func unusable(files unusable: Unusable) async throws {
            let files = try CertificateFiles.made()
            let ended = try await run(
                Programs.gatehouse(), ["serve", "--port", "0"] + unusable.arguments(files))
            #expect(ended.status == 2)
            #expect(ended.output == "")
            #expect(ended.errors.hasPrefix("gatehouse serve: "))
            #expect(ended.errors.hasSuffix("\n"))
            #expect(ended.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2, "\(ended.errors)")
            #expect(ended.errors.contains(unusable.reason), "\(ended.errors)")
        }
    }
}
