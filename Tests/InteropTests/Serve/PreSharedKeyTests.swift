import TestSupport
import Testing

/// A pre-shared key that both sides have.
enum SharedKey {
    static let identity = "device-17"
    static let secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    static let wrongSecret = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    /// What `--psk` is told.
    static let option = ["--psk", "\(identity):\(secret)"]
    /// What GnuTLS needs to be told to use one.
    static let gnutlsPriority = ":+DHE-PSK:+ECDHE-PSK:+PSK"
}

extension Interop.Serve {
    private func openssl(_ server: GatehouseServer, _ secret: String, _ options: [String] = []) async throws -> Ended {
        try await Client.openssl(server, ["-psk_identity", SharedKey.identity, "-psk", secret] + options)
    }

    @Test("F-08 openssl s_client with a pre-shared key, to servers with and without a certificate")
    func opensslPSK() async throws {
        for kinds in [[], [KeyKind.p256]] {
            let server = try await GatehouseServer(kinds, SharedKey.option)
            let ended = try await openssl(server, SharedKey.secret)
            #expect(ended.output.contains("Reused, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"), "\(ended.written)")
            #expect(ended.page?["pre-shared key"] == SharedKey.identity)
            #expect(ended.page?["group"] == "x25519")
            #expect(ended.page?["resumed"] == "no")
            await server.stop()
        }
    }

    @Test("F-08 openssl s_client with a pre-shared key alone (psk_ke), only where that is allowed")
    func opensslPSKOnly() async throws {
        let strict = try await GatehouseServer([], SharedKey.option)
        let agreed = try await openssl(strict, SharedKey.secret, ["-allow_no_dhe_kex"])
        #expect(agreed.page?["group"] == "x25519", "\(agreed.written)")
        await strict.stop()
    }

    @Test("F-08 B-61 a wrong key gets decrypt_error, and so does an unknown identity when there is no certificate")
    func wrongPSK() async throws {
        let server = try await GatehouseServer([], SharedKey.option)
        let wrong = try await openssl(server, SharedKey.wrongSecret)
        #expect(wrong.output.contains("<<< TLS 1.3, Alert [length 0002], fatal decrypt_error"), "\(wrong.written)")
        let unknown = try await Client.openssl(server, ["-psk_identity", "nobody", "-psk", SharedKey.secret])
        #expect(unknown.output.contains("<<< TLS 1.3, Alert [length 0002], fatal decrypt_error"), "\(unknown.written)")
        try await server.wait(for: "two errors", count: 2) { $0.event == "errorOccurred" }
        await server.stop()
    }

    @Test("F-08 an unknown identity gets the certificate where there is one")
    func unknownPSK() async throws {
        let server = try await GatehouseServer([.p256], SharedKey.option)
        let unknown = try await Client.openssl(server, ["-psk_identity", "nobody", "-psk", SharedKey.secret])
        #expect(unknown.output.contains("New, TLSv1.3"), "\(unknown.written)")
        #expect(unknown.page?["pre-shared key"] == "none")
        await server.stop()
    }

    @Test("F-08 gnutls-cli with a pre-shared key")
    func gnutlsPSK() async throws {
        let server = try await GatehouseServer([], SharedKey.option)
        let ended = try await Client.gnutls(
            server, ["--pskusername", SharedKey.identity, "--pskkey", SharedKey.secret],
            priority: SharedKey.gnutlsPriority)
        #expect(ended.status == 0, "\(ended.written)")
        #expect(ended.page?["pre-shared key"] == SharedKey.identity)
        let wrong = try await Client.gnutls(
            server, ["--pskusername", SharedKey.identity, "--pskkey", SharedKey.wrongSecret],
            priority: SharedKey.gnutlsPriority)
        #expect(wrong.status != 0)
        #expect(wrong.written.contains("Decrypt error"), "\(wrong.written)")
        await server.stop()
    }

    @Test("F-08 gnutls-cli with a pre-shared key alone (psk_ke)")
    func gnutlsPSKOnly() async throws {
        let server = try await GatehouseServer([], SharedKey.option + ["--psk-modes", "psk_dhe_ke,psk_ke"])
        let ended = try await Client.gnutls(
            server, ["--pskusername", SharedKey.identity, "--pskkey", SharedKey.secret],
            priority: ":-KX-ALL:+PSK")
        #expect(ended.page?["pre-shared key"] == SharedKey.identity, "\(ended.written)")
        #expect(ended.page?["group"] == "none")
        await server.stop()
    }
}
