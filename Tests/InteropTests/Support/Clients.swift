import Foundation
import TestSupport

/// Other implementations' clients, which trust the CA of this run and speak TLS 1.3 only.
enum Client {
    static let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    /// Asks the server for its page; every protocol message and alert stands in the output.
    static func openssl(_ server: GatehouseServer, _ options: [String], input: String = request) async throws -> Ended {
        try await run(Programs.openssl(), try opensslArguments(server) + ["-ign_eof"] + options, input: input)
    }

    /// The same, with standard input open: a line of `K` or `k` changes keys.
    static func interactiveOpenSSL(_ server: GatehouseServer, _ options: [String] = []) throws -> RunningTool {
        try RunningTool(Programs.openssl(), try opensslArguments(server) + options, input: .open)
    }

    private static func opensslArguments(_ server: GatehouseServer) throws -> [String] {
        ["s_client", "-connect", server.address, "-servername", "localhost", "-tls1_3", "-msg"]
            + ["-CAfile", try CertificateFiles.made().authority]
    }

    /// Python's `ssl` with the client's certificate, shown in the handshake or when it is asked for after it: asks the
    /// server for its page.
    static func python(
        _ server: GatehouseServer, showing files: CertificateFiles, afterHandshake: Bool
    ) async throws -> Ended {
        let script = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            context.load_cert_chain(sys.argv[3], sys.argv[4])
            context.post_handshake_auth = \(afterHandshake ? "True" : "False")
            with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as secure:
                    secure.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
                    while part := secure.recv(65536):
                        sys.stdout.write(part.decode())
            """
        return try await run(
            Programs.python(),
            ["-c", script, "\(server.port)", files.authority, files.clientCertificate, files.clientKey])
    }

    /// Asks the server for its page and ends when the server has; or earlier, when there is no connection.
    static func gnutls(
        _ server: GatehouseServer, _ options: [String], priority: String = "", input: String = request
    ) async throws -> Ended {
        let client = try RunningTool(
            Programs.gnutlsClient(),
            ["--x509cafile", try CertificateFiles.made().authority, "--port", "\(server.port)"]
                + ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3\(priority)"] + options + ["localhost"],
            input: .open)
        try client.write(Array(input.utf8))
        try await client.wait(for: "the end") { written in
            written.contains("- Peer has closed the GnuTLS connection") || written.contains("*** Fatal error:")
                ? () : nil
        }
        try client.endInput()
        let status = await client.end()
        return Ended(status: status, output: client.output, errors: client.errors)
    }
}

extension Ended {
    /// The page of `--mode www` in what the client printed.
    var page: Page? { Page(in: output) }
}
