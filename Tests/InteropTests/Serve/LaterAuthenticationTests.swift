import TestSupport
import Testing

extension Interop.Serve {
    private func options(required: Bool) throws -> [String] {
        ["--post-handshake-auth", "--client-ca", try CertificateFiles.made().authority]
            + (required ? ["--require-client-certificate"] : [])
    }

    @Test("F-07 openssl s_client and gnutls-cli are asked after the handshake and show their certificate")
    func certificateAfterHandshake() async throws {
        let files = try CertificateFiles.made()
        let server = try await GatehouseServer([.p256], try options(required: true))
        let openssl = try await Client.openssl(
            server, ["-enable_pha", "-cert", files.clientCertificate, "-key", files.clientKey])
        #expect(openssl.page?["peer certificate"]?.contains("Interop Client") == true, "\(openssl.written)")
        let gnutls = try await Client.gnutls(
            server,
            ["--post-handshake-auth", "--x509certfile", files.clientCertificate, "--x509keyfile", files.clientKey])
        #expect(gnutls.page?["peer certificate"]?.contains("Interop Client") == true, "\(gnutls.written)")
        for client in [openssl, gnutls] { #expect(client.page?["resumed"] == "no") }

        let events = server.events.filter { $0.event.hasPrefix("socket.") && $0.session != nil }
        #expect(events.map { $0.answer ?? "encrypted" } == ["encrypted", "shown", "encrypted", "shown"])
        let names = events.map { $0.session?["peer certificate"]?.contains("Interop Client") }
        #expect(names == [false, true, false, true])
        await server.stop()
    }

    @Test(
        "F-07 who has no certificate, or cannot be asked: let in where one is wanted, certificate_required where needed"
    )
    func noCertificateAfterHandshake() async throws {
        let wanting = try await GatehouseServer([.p256], try options(required: false))
        let needing = try await GatehouseServer([.p256], try options(required: true))
        for options in [["-enable_pha"], []] {
            let admitted = try await Client.openssl(wanting, options)
            #expect(admitted.page?["peer certificate"] == "none", "\(admitted.written)")
            let refused = try await Client.openssl(needing, options)
            #expect(refused.page == nil)
            #expect(refused.output.contains("fatal certificate_required"), "\(refused.written)")
        }
        let admitted = try await Client.gnutls(wanting, ["--post-handshake-auth"])
        #expect(admitted.page?["peer certificate"] == "none", "\(admitted.written)")
        let refused = try await Client.gnutls(needing, ["--post-handshake-auth"])
        #expect(refused.page == nil)
        #expect(refused.written.contains("Certificate is required"), "\(refused.written)")
        await wanting.stop()
        await needing.stop()
    }

    @Test("F-07 B-19 a server's certificate, and one of a stranger, do not make a client after the handshake either")
    func wrongCertificateAfterHandshake() async throws {
        let files = try CertificateFiles.made()
        let server = try await GatehouseServer([.p256], try options(required: false))
        let purpose = try await Client.openssl(
            server, ["-enable_pha", "-cert", files.certificate(.p384), "-key", files.key(.p384)])
        #expect(purpose.page == nil)
        #expect(purpose.output.contains("fatal unsupported_certificate"), "\(purpose.written)")
        let error = try await server.wait(for: "the error") { $0.event == "socket.errorOccurred" }
        #expect(error.error == "sslHandshakeFailed")
        await server.stop()

        let strangers = try await GatehouseServer(
            [.p256], ["--post-handshake-auth", "--client-ca", files.certificate(.p256)])
        let stranger = try await Client.openssl(
            strangers, ["-enable_pha", "-cert", files.clientCertificate, "-key", files.clientKey])
        #expect(stranger.page == nil)
        #expect(stranger.output.contains("fatal unknown_ca"), "\(stranger.written)")
        await strangers.stop()
    }

    @Test("F-07 Python's ssl is asked after the handshake and shows its certificate")
    func pythonAfterHandshake() async throws {
        let files = try CertificateFiles.made()
        let server = try await GatehouseServer([.p256], try options(required: true))
        let python = try await Client.python(server, showing: files, afterHandshake: true)
        #expect(python.page?["peer certificate"]?.contains("Interop Client") == true, "\(python.written)")
        await server.stop()
    }
}
