import Foundation
import TestSupport
import Testing

extension Interop.Serve {
    /// Connects once for each group with Python's `ssl`, checks what was negotiated, sends 100,000 bytes and takes them
    /// back, and ends with close_notify in both directions: `unwrap` fails when the server's does not come.
    private static let script = """
        import socket, ssl, sys
        port, authority, suite, groups = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].split(",")
        message = bytes(index % 251 for index in range(100_000))
        for group in groups:
            context = ssl.create_default_context(cafile=authority)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.set_ecdh_curve(group)
            context.set_alpn_protocols(["http/1.1"])
            with socket.create_connection(("127.0.0.1", port)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as secure:
                    assert secure.version() == "TLSv1.3", secure.version()
                    assert secure.cipher()[0] == suite, secure.cipher()
                    assert secure.selected_alpn_protocol() == "http/1.1", secure.selected_alpn_protocol()
                    secure.sendall(message)
                    echo = b""
                    while len(echo) < len(message):
                        part = secure.recv(65536)
                        assert part, "the server closed early"
                        echo += part
                    assert echo == message, "the echo differs"
                    secure.unwrap()
            print("done", group)
        """

    @Test("F-01 F-02 F-03 F-13 F-22 Python's ssl, every suite and group", arguments: KeyKind.allCases)
    func python(kind: KeyKind) async throws {
        let files = try CertificateFiles.made()
        let groups = Group.allCases.map(\.openssl).joined(separator: ",")
        // Python does not choose the suites of TLS 1.3, so the server does.
        for suite in Suite.allCases {
            let server = try await GatehouseServer(
                [kind], ["--alpn", "http/1.1", "--mode", "echo", "--suites", suite.rawValue])
            let ended = try await run(
                Programs.python(), ["-c", Self.script, "\(server.port)", files.authority, suite.rawValue, groups])
            #expect(ended.status == 0, "\(suite) \(kind): \(ended.errors)")
            #expect(ended.output.split(separator: "\n").count == Group.allCases.count)

            try await server.wait(for: "the last end", count: Group.allCases.count) { $0.ending != nil }
            let sessions = server.events.compactMap(\.session)
            #expect(sessions.map { $0["group"] } == Group.allCases.map(\.rawValue))
            #expect(sessions.allSatisfy { $0["cipher suite"] == suite.rawValue })
            #expect(sessions.allSatisfy { $0["signature scheme"] == kind.signatureScheme })
            let endings = server.events.compactMap(\.ending)
            #expect(endings == Group.allCases.map { _ in "closeNotify" })
            await server.stop()
        }
    }
}
