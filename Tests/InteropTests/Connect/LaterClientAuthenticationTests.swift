import TestSupport
import Testing

extension Interop.Connect {
    /// `gatehouse connect` with a client's certificate, which it shows when it is asked after the handshake.
    private func client(
        of server: PeerServer, certificate: String? = nil, key: String? = nil, offering: Bool = true
    ) async throws -> RunningTool {
        let files = try CertificateFiles.made()
        let client = try RunningTool(
            Programs.gatehouse(),
            ["connect", "localhost:\(server.port)", "--ca", files.authority]
                + ["--certificate", certificate ?? files.clientCertificate, "--key", key ?? files.clientKey]
                + (offering ? ["--post-handshake-auth"] : []),
            input: .open)
        try await client.wait(for: "the handshake") { $0.contains("handshake time:") ? () : nil }
        return client
    }

    @Test("F-07 openssl s_server asks for our certificate after the handshake, twice")
    func opensslAsksLater() async throws {
        let files = try CertificateFiles.made()
        let server = try await PeerServer.openssl(
            ["-msg", "-CAfile", files.authority] + PeerServer.opensslCredential())
        let client = try await client(of: server)
        for number in 1...2 {
            try server.program.write(Array("c\n".utf8))
            try await client.wait(for: "our answer") {
                $0.ranges(of: "certificate after the handshake: shown").count == number ? () : nil
            }
            try client.write(Array("line \(number)\n".utf8))
            try await server.program.wait(for: "our line") { $0.contains("line \(number)\n") ? () : nil }
        }
        let lines = server.program.output.split(separator: "\n")
        for message in ["Certificate", "CertificateVerify", "Finished"] {
            let received = lines.count { $0.hasPrefix("<<< TLS 1.3, Handshake") && $0.hasSuffix(", \(message)") }
            #expect(received == (message == "Finished" ? 3 : 2), "\(message)")
        }
        try client.endInput()
        #expect(await client.end() == 0, "\(client.errors)")
        await server.stop()
    }

    @Test("F-07 openssl s_server refuses our certificate, and cannot ask who has not offered to be asked")
    func opensslRefusesLater() async throws {
        let files = try CertificateFiles.made()
        let server = try await PeerServer.openssl(
            ["-verify_return_error", "-CAfile", files.authority] + PeerServer.opensslCredential())
        let wrong = try await client(
            of: server, certificate: files.certificate(.p384), key: files.key(.p384))
        try server.program.write(Array("c\n".utf8))
        #expect(await wrong.end() == 1)
        #expect(wrong.errors.contains("unsupported_certificate"), "\(wrong.errors)")
        await server.stop()

        let other = try await PeerServer.openssl(["-CAfile", files.authority] + PeerServer.opensslCredential())
        let unwilling = try await client(of: other, offering: false)
        try other.program.write(Array("c\n".utf8))
        try await other.program.wait(for: "a complaint") { $0.contains("extension not received") ? () : nil }
        try unwilling.endInput()
        await other.stop()
        _ = await unwilling.end()
    }

    @Test("F-07 gnutls-serv asks for our certificate after the handshake")
    func gnutlsAsksLater() async throws {
        let files = try CertificateFiles.made()
        let server = try await PeerServer.gnutls(
            ["--x509cafile", files.authority] + PeerServer.gnutlsCredential())
        let client = try await client(of: server)
        try client.write(Array("**REAUTH**\n".utf8))
        try await client.wait(for: "our answer") { $0.contains("certificate after the handshake: shown") ? () : nil }
        try client.write(Array("hello again\n".utf8))
        try await client.wait(for: "the echo") { $0.contains("hello again") ? () : nil }
        try client.endInput()
        _ = await client.end()
        await server.stop()
    }

    @Test("F-07 Python's ssl asks for our certificate after the handshake, and knows us then")
    func pythonAsksLater() async throws {
        let files = try CertificateFiles.made()
        let script = """
            import socket, ssl, sys
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=sys.argv[3])
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            context.verify_mode = ssl.CERT_REQUIRED
            context.post_handshake_auth = True
            listener = socket.create_server(("127.0.0.1", 0))
            print("port", listener.getsockname()[1], flush=True)
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as secure:
                assert secure.getpeercert() is None
                assert secure.recv(100) == b"hello\\n"
                secure.verify_client_post_handshake()
                secure.sendall(b"who are you?\\n")
                assert secure.recv(100) == b"me\\n"
                print(secure.getpeercert()["subject"], flush=True)
            """
        let program = try RunningTool(
            Programs.python(), ["-c", script, files.certificate(.p256), files.key(.p256), files.authority])
        let port = try await program.wait(for: "a port") { written in
            written.split(separator: "\n").first { $0.hasPrefix("port ") }?.split(separator: " ").last
                .flatMap { Int($0) }
        }
        let client = try await client(of: PeerServer(port: port, program: program))
        try client.write(Array("hello\n".utf8))
        try await client.wait(for: "the question") { $0.contains("who are you?") ? () : nil }
        try client.write(Array("me\n".utf8))
        try await program.wait(for: "our name") { $0.contains("'Interop Client'") ? () : nil }
        #expect(client.errors.contains("certificate after the handshake: shown"))
        #expect(await program.end() == 0, "\(program.errors)")
        try client.endInput()
        _ = await client.end()
    }
}
