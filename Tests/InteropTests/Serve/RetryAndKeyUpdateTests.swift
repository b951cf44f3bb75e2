import TestSupport
import Testing

extension Interop.Serve {
    @Test("F-04 a client whose first key share is of another group is asked again", arguments: Group.allCases)
    func helloRetryRequest(group: Group) async throws {
        let server = try await GatehouseServer([.p256], ["--groups", group.rawValue])
        let first = group == .x25519 ? Group.secp256r1 : .x25519
        let openssl = try await Client.openssl(server, ["-groups", "\(first.openssl):\(group.openssl)"])
        #expect(openssl.page?["round trips"] == "2", "\(openssl.written)")
        #expect(openssl.page?["group"] == group.rawValue)
        let gnutls = try await Client.gnutls(
            server, ["--single-key-share"], priority: ":-GROUP-ALL:+GROUP-\(first.gnutls):+GROUP-\(group.gnutls)")
        #expect(gnutls.page?["round trips"] == "2", "\(gnutls.written)")
        #expect(gnutls.page?["group"] == group.rawValue)
        await server.stop()
    }

    @Test("F-12 openssl s_client changes its key and asks us to change ours", arguments: Suite.allCases)
    func opensslKeyUpdate(suite: Suite) async throws {
        let server = try await GatehouseServer([.p256], ["--mode", "echo", "--suites", suite.rawValue])
        let client = try Client.interactiveOpenSSL(server)
        try await client.wait(for: "the handshake") { $0.contains("NewSessionTicket") ? () : nil }
        for (number, (command, message)) in [("k", "first"), ("K", "second"), ("K", "third")].enumerated() {
            try client.write(Array("\(command)\n".utf8))
            // A line that comes with the command would be taken for a part of it.
            try await client.wait(for: "a key update") { $0.ranges(of: "KEYUPDATE").count > number ? () : nil }
            try client.write(Array("\(message)\n".utf8))
            try await client.wait(for: "the echo") { $0.contains("\n\(message)") ? () : nil }
        }
        let lines = client.output.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix(">>> TLS 1.3, Handshake [length 0005], KeyUpdate") } == 3)
        #expect(lines.count { $0.hasPrefix("<<< TLS 1.3, Handshake [length 0005], KeyUpdate") } == 2)
        try client.endInput()
        #expect(await client.end() == 0)
        try await server.wait(for: "the end") { $0.ending == "closeNotify" }
        await server.stop()
    }

    @Test("F-12 gnutls-cli changes its key and asks us to change ours")
    func gnutlsKeyUpdate() async throws {
        let server = try await GatehouseServer([.p256], ["--mode", "echo"])
        let client = try RunningTool(
            Programs.gnutlsClient(),
            ["--x509cafile", try CertificateFiles.made().authority, "--port", "\(server.port)", "--inline-commands"]
                + ["localhost"],
            input: .open)
        try await client.wait(for: "the handshake") { $0.contains("- Handshake was completed") ? () : nil }
        for (number, message) in ["first", "second"].enumerated() {
            try client.write(Array("^rekey^\n".utf8))
            try await client.wait(for: "a key update") {
                $0.ranges(of: "- Rekey was completed").count > number ? () : nil
            }
            try client.write(Array("\(message)\n".utf8))
            try await client.wait(for: "the echo") { $0.contains("\n\(message)") ? () : nil }
        }
        try client.endInput()
        #expect(await client.end() == 0, "\(client.output)\(client.errors)")
        await server.stop()
    }

    @Test("F-12 we change our key after so many bytes, and ask the client to do so too")
    func ourKeyUpdate() async throws {
        let server = try await GatehouseServer([.p256], ["--mode", "echo", "--key-update-every", "4000"])
        let client = try Client.interactiveOpenSSL(server)
        try await client.wait(for: "the handshake") { $0.contains("NewSessionTicket") ? () : nil }
        for number in 0..<4 {
            let line = "\(number)" + String(repeating: "x", count: 4000)
            try client.write(Array("\(line)\n".utf8))
            try await client.wait(for: "the echo") { $0.contains("\n\(line)") ? () : nil }
        }
        let lines = client.output.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("<<< TLS 1.3, Handshake [length 0005], KeyUpdate") } >= 3)
        #expect(lines.count { $0.hasPrefix(">>> TLS 1.3, Handshake [length 0005], KeyUpdate") } >= 3)
        try client.endInput()
        #expect(await client.end() == 0)
        await server.stop()
    }
}
