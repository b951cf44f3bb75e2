import Gatehouse
import GatehouseCertificates
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct UsageTests {
    @Test("--help goes to standard output, and is no error")
    func help() async throws {
        let all = try await gatehouse("--help")
        #expect(all.status == 0)
        #expect(all.errors.isEmpty)
        for command in ["serve", "connect"] {
            #expect(all.output.contains("  \(command) "))
            for option in ["--help", "-h"] {
                let help = try await gatehouse(command, option)
                #expect(help.status == 0)
                #expect(help.output.hasPrefix("usage: gatehouse \(command)"))
                #expect(help.errors.isEmpty)
            }
        }
    }

    @Test(
        "wrong usage: one line, and exit code 2",
        arguments: [
            ["nonsense"], ["serve", "--nonsense"], ["serve", "--port"], ["serve", "--port", "x"],
            ["serve", "--port", "65536"], ["serve", "--port", "1", "--port", "2"], ["serve", "--events=1"],
            ["serve", "--mode", "ftp"], ["serve", "--address", "localhost"], ["serve", "--threads", "0"],
            ["serve", "--suites", "TLS_RSA_WITH_RC4_128_MD5"], ["serve", "--suites", ""],
            ["serve", "--groups", "x25519,,secp256r1"], ["serve", "--alpn", "h2,"], ["serve", "surplus"],
            ["serve", "--keylog", "/nonexistent/log"], ["connect"], ["connect", "localhost"],
            ["connect", "localhost:0"], ["connect", ":1"], ["connect", "a:1", "b:2"],
            ["serve", "--post-handshake-auth"], ["connect", "a:1", "--post-handshake-auth"],
            ["serve", "--require-client-certificate"], ["serve", "--client-ca", "/nonexistent/ca.pem"],
            ["serve", "--psk", "name"], ["serve", "--psk", "name:abc"], ["serve", "--psk", "name:00ff"],
            ["serve", "--psk", ":00112233445566778899aabbccddeeff"], ["serve", "--psk-modes", "psk_dhe_ke"],
            ["serve", "--psk", "a:00112233445566778899aabbccddeeff", "--psk-modes", "psk_ke"],
            ["serve", "--psk", "a:00112233445566778899aabbccddeeff", "--psk-modes", "rsa"],
            ["serve", "--psk", "a:00112233445566778899aabbccddeeff:md5"],
            [
                "serve", "--psk", "a:00112233445566778899aabbccddeeff", "--psk",
                "a:00112233445566778899aabbccddeeff",
            ],
            ["serve", "--tickets", "256"], ["serve", "--tickets", "0", "--early-data"], ["serve", "--early-data=0"],
            ["serve", "--record-size-limit", "63"], ["serve", "--ocsp", "x"], ["serve", "--key-update-every", "0"],
            ["connect", "a:1", "--early-data-file", "x"], ["connect", "a:1", "--session-in", "/nonexistent/session"],
            ["connect", "a:1", "--certificate", "x"], ["connect", "a:1", "--insecure", "--ca", "x"],
            ["connect", "a:1", "--ca", "/nonexistent/ca.pem"],
        ])
    func wrongUsage(_ arguments: [String]) async throws {
        let outcome = try await ToolProcess(arguments).finish()
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("gatehouse"))
        let complaints = outcome.errors.split(separator: "\n").filter { !$0.hasPrefix("no certificate is given") }
        #expect(complaints.count == 1)
    }

    @Test("a port that is taken: one line, and exit code 2")
    func portTaken() async throws {
        let (server, _, endpoint) = try await SSLServer.listening()
        let outcome = try await gatehouse("serve", "--port", "\(endpoint.port)")
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasSuffix("cannot listen on \(endpoint): The bound address is already in use\n"))
        await server.close()
    }

    @Test("options for work beside other processes that cannot be: one line, and exit code 2")
    func operations() async throws {
        let lines: [([String], String)] = [
            (["--proxy-protocol", "10.0.0.0/33"], "\"10.0.0.0/33\" is no range of addresses"),
            (["--handshake-timeout", "0"], "--handshake-timeout takes a number from 1 to 1000000, not 0"),
            (["--ticket-key-file", "missing"], "cannot read missing: No such file or directory"),
            (["--ticket-key-file", "short"], "short: a ticket key has 48 or 80 bytes, this file 3"),
            (
                ["--ticket-key-file", "short", "--reload"],
                "short: a ticket key has 48 or 80 bytes, this file 3"
            ),
            (["--hand-over", "/nowhere/at/all"], "/nowhere/at/all: cannot listen on /nowhere/at/all: No such file"),
        ]
        for (options, line) in lines {
            let process = try ToolProcess(
                ["serve", "--port", "0", "--allow-readable-secrets"] + options, files: ["short": "abc"])
            let outcome = try await process.finish()
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("gatehouse serve: \(line)"), "\(outcome.errors)")
        }
        let readable = try ToolProcess(["serve", "--port", "0", "--ticket-key-file", "short"], files: ["short": "abc"])
        let outcome = try await readable.finish()
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("others can read short, or write to it: chmod o-rw"))
    }

    @Test("files that do not serve: one line that names the file, and exit code 2")
    func files() async throws {
        let openssl = try Tool("openssl")
        func key(_ options: String...) throws -> String {
            String(
                decoding: try openssl.output(
                    of: ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] + options),
                as: UTF8.self)
        }
        let files = [
            "good.pem": Fixture.credential.chain[0].pem, "empty.pem": "", "text.pem": "hello\n",
            "broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "other.key": try key(),
            "encrypted.key": try key("-aes256", "-pass", "pass:secret"),
        ]
        let cases: [(certificate: String, key: String, line: String)] = [
            ("missing.pem", "other.key", "cannot read missing.pem: No such file or directory"),
            ("good.pem", "missing.key", "cannot read missing.key: No such file or directory"),
            (".", "other.key", "cannot read .: Is a directory"),
            ("empty.pem", "other.key", "empty.pem: there is no certificate in PEM form in it"),
            ("text.pem", "other.key", "text.pem: there is no certificate in PEM form in it"),
            ("broken.pem", "other.key", "broken.pem: "),
            ("good.pem", "text.pem", "text.pem: this is not a private key"),
            ("good.pem", "good.pem", "good.pem: this is a certificate, not a private key"),
            ("good.pem", "encrypted.key", "encrypted.key: the private key is encrypted: a passphrase is needed"),
            ("good.pem", "other.key", "good.pem with other.key: the private key does not belong to"),
        ]
        for item in cases {
            let outcome = try await gatehouse(
                "serve", "--certificate", item.certificate, "--key", item.key, files: files)
            #expect(outcome.status == 2)
            #expect(outcome.errors.hasPrefix("gatehouse serve: \(item.line)"))
            #expect(outcome.errors.count { $0.isNewline } == 1)
        }
        let single = try await gatehouse("serve", "--certificate", "good.pem", files: files)
        #expect(single.status == 2)
        #expect(single.errors == "gatehouse serve: each --certificate needs its --key: there are 1 and 0\n")
    }
}
