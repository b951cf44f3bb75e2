import TestSupport
import Testing

extension Interop.Connect {
    @Test("F-08 openssl s_server and gnutls-serv with a pre-shared key and no certificate")
    func preSharedKey() async throws {
        let openssl = try await PeerServer.openssl(
            ["-rev", "-nocert", "-psk_identity", SharedKey.identity, "-psk", SharedKey.secret])
        let agreed = try await openssl.connect(SharedKey.option)
        #expect(agreed.output == "olleh\n", "\(agreed.written)")
        #expect(agreed.reported("pre-shared key") == SharedKey.identity)
        #expect(agreed.reported("group") == "x25519")
        let wrong = try await openssl.connect(["--psk", "\(SharedKey.identity):\(SharedKey.wrongSecret)"])
        #expect(wrong.status == 1)
        #expect(wrong.output == "")
        await openssl.stop()

        let files = try TemporaryFolder()
        try files.write("\(SharedKey.identity):\(SharedKey.secret)\n".utf8, to: "psk")
        let gnutls = try await PeerServer.gnutls(
            ["--pskpasswd", files.path("psk")], priority: SharedKey.gnutlsPriority)
        let known = try await gnutls.connect(SharedKey.option)
        #expect(known.output == "hello\n", "\(known.written)")
        #expect(known.reported("pre-shared key") == SharedKey.identity)
        await gnutls.stop()

        let alone = try await PeerServer.gnutls(["--pskpasswd", files.path("psk")], priority: ":-KX-ALL:+PSK")
        let narrow = try await alone.connect(SharedKey.option + ["--psk-modes", "psk_dhe_ke,psk_ke"])
        #expect(narrow.output == "hello\n", "\(narrow.written)")
        #expect(narrow.reported("group") == "none")
        let refused = try await alone.connect(SharedKey.option)
        #expect(refused.status == 1)
        await alone.stop()
    }

    @Test("F-06 openssl s_server and gnutls-serv get a client's certificate, and turn away who has none")
    func clientCertificate() async throws {
        let files = try CertificateFiles.made()
        let credential = ["--certificate", files.clientCertificate, "--key", files.clientKey]
        let openssl = try await PeerServer.openssl(
            ["-rev", "-Verify", "2", "-verify_return_error", "-CAfile", files.authority]
                + PeerServer.opensslCredential())
        let shown = try await openssl.connect(credential)
        #expect(shown.output == "olleh\n", "\(shown.written)")
        try await openssl.program.wait(for: "the name") { $0.contains("CN = Interop Client") ? () : nil }
        let missing = try await openssl.connect()
        #expect(missing.status == 1)
        #expect(missing.errors.contains("certificate_required"), "\(missing.errors)")
        await openssl.stop()

        let gnutls = try await PeerServer.gnutls(
            ["--require-client-cert", "--x509cafile", files.authority] + PeerServer.gnutlsCredential())
        let accepted = try await gnutls.connect(credential)
        #expect(accepted.output == "hello\n", "\(accepted.written)")
        let declined = try await gnutls.connect()
        #expect(declined.status == 1)
        #expect(declined.errors.contains("certificate_required"), "\(declined.errors)")
        await gnutls.stop()
    }

    @Test("F-04 openssl s_server and gnutls-serv ask for another group", arguments: Group.allCases)
    func helloRetryRequest(group: Group) async throws {
        let first = group == .x25519 ? Group.secp256r1 : .x25519
        let options = ["--groups", "\(first.rawValue),\(group.rawValue)"]
        let openssl = try await PeerServer.openssl(["-rev", "-groups", group.openssl] + PeerServer.opensslCredential())
        let one = try await openssl.connect(options)
        #expect(one.output == "olleh\n", "\(one.written)")
        #expect(one.reported("round trips") == "2")
        #expect(one.reported("group") == group.rawValue)
        await openssl.stop()
        let gnutls = try await PeerServer.gnutls(
            PeerServer.gnutlsCredential(), priority: ":-GROUP-ALL:+GROUP-\(group.gnutls)")
        let two = try await gnutls.connect(options)
        #expect(two.output == "hello\n", "\(two.written)")
        #expect(two.reported("round trips") == "2")
        await gnutls.stop()
    }

    @Test("F-12 both sides change keys, as we ask for", arguments: Suite.allCases)
    func keyUpdate(suite: Suite) async throws {
        let input = String(repeating: String(repeating: "x", count: 1000) + "\n", count: 20)
        let options = ["--key-update-every", "5000", "--suites", suite.rawValue]
        let openssl = try await PeerServer.openssl(["-rev", "-msg"] + PeerServer.opensslCredential())
        let one = try await openssl.connect(options, input: input)
        #expect(one.status == 0, "\(one.errors)")
        // A line that is in two records comes back as two.
        #expect(one.output.count { $0 == "x" } == 20_000)
        let lines = openssl.program.output.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("<<< TLS 1.3, Handshake [length 0005], KeyUpdate") })
        #expect(lines.contains { $0.hasPrefix(">>> TLS 1.3, Handshake [length 0005], KeyUpdate") })
        await openssl.stop()
        let gnutls = try await PeerServer.gnutls(PeerServer.gnutlsCredential())
        let two = try await gnutls.connect(options, input: input)
        #expect(two.status == 0, "\(two.errors)")
        #expect(two.output == input)
        await gnutls.stop()
    }

    @Test("F-12 openssl s_server changes its key and asks us to change ours")
    func peersKeyUpdate() async throws {
        let server = try await PeerServer.openssl(["-msg"] + PeerServer.opensslCredential())
        let client = try RunningTool(
            Programs.gatehouse(),
            ["connect", "localhost:\(server.port)", "--ca", try CertificateFiles.made().authority], input: .open)
        try await client.wait(for: "the handshake") { $0.contains("handshake time:") ? () : nil }
        try server.program.write(Array("K\n".utf8))
        try await server.program.wait(for: "a key update") { $0.contains("], KeyUpdate") ? () : nil }
        try server.program.write(Array("after the update\n".utf8))
        try await client.wait(for: "what came after it") { $0.contains("after the update") ? () : nil }
        try client.write(Array("our answer\n".utf8))
        try await server.program.wait(for: "our key update and our answer") { written in
            written.contains("<<< TLS 1.3, Handshake [length 0005], KeyUpdate") && written.contains("our answer\n")
                ? () : nil
        }
        try client.endInput()
        await server.stop()
        _ = await client.end()
    }
}
