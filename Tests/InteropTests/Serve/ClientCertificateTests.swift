import TestSupport
import Testing

extension Interop.Serve {
    private func options(required: Bool) throws -> [String] {
        ["--client-ca", try CertificateFiles.made().authority] + (required ? ["--require-client-certificate"] : [])
    }

    @Test("F-06 openssl s_client shows its certificate, to servers that want one and that need one")
    func opensslCertificate() async throws {
        let files = try CertificateFiles.made()
        for required in [false, true] {
            let server = try await GatehouseServer([.p256], try options(required: required))
            let ended = try await Client.openssl(server, ["-cert", files.clientCertificate, "-key", files.clientKey])
            #expect(
                ended.output.contains("Acceptable client certificate CA names\nCN = Interop CA"), "\(ended.written)")
            #expect(ended.page?["peer certificate"]?.contains("Interop Client") == true)
            await server.stop()
        }
    }

    @Test("F-06 B-16 a client without a certificate gets in where one is wanted, and certificate_required where needed")
    func noCertificate() async throws {
        let wanting = try await GatehouseServer([.p256], try options(required: false))
        let admitted = try await Client.openssl(wanting, [])
        #expect(admitted.page?["peer certificate"] == "none", "\(admitted.written)")
        await wanting.stop()

        let needing = try await GatehouseServer([.p256], try options(required: true))
        let refused = try await Client.openssl(needing, [])
        #expect(refused.page == nil)
        #expect(refused.output.contains("fatal certificate_required"), "\(refused.written)")
        let gnutls = try await Client.gnutls(needing, [])
        #expect(gnutls.page == nil)
        #expect(gnutls.written.contains("Certificate is required"), "\(gnutls.written)")
        await needing.stop()
    }

    @Test("F-06 B-19 a server's certificate does not make a client")
    func wrongPurpose() async throws {
        let files = try CertificateFiles.made()
        let server = try await GatehouseServer([.p256], try options(required: false))
        let ended = try await Client.openssl(
            server, ["-cert", files.certificate(.p384), "-key", files.key(.p384)])
        #expect(ended.page == nil)
        #expect(ended.output.contains("fatal unsupported_certificate"), "\(ended.written)")
        await server.stop()
    }

    @Test("F-06 gnutls-cli and Python's ssl show their certificates")
    func others() async throws {
        let files = try CertificateFiles.made()
        let server = try await GatehouseServer([.p256], try options(required: true))
        let gnutls = try await Client.gnutls(
            server, ["--x509certfile", files.clientCertificate, "--x509keyfile", files.clientKey])
        #expect(gnutls.page?["peer certificate"]?.contains("Interop Client") == true, "\(gnutls.written)")
        let python = try await Client.python(server, showing: files, afterHandshake: false)
        #expect(python.page?["peer certificate"]?.contains("Interop Client") == true, "\(python.written)")
        await server.stop()
    }
}
