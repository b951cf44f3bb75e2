import Foundation
import Gatehouse
import GatehouseCertificates
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// OpenSSL and Python at the other end. For 6.3-53: a wrong key is `decrypt_error` in TLS 1.3, by the side that finds out.
@Suite(.onOwnThreads, .patient) struct OtherClientTests {
    /// Files for a client, made by openssl: an authority, a certificate of its, and one that is self-signed.
    private final class Files: Sendable {
        let folder: URL

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let openssl = try Tool("openssl")
            try Data(Fixture.credential.chain[0].pem.utf8).write(to: folder.appending(path: "server.pem"))
            for name in ["authority", "client", "self"] {
                _ = try openssl.output(
                    of: [
                        "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                        path("\(name).key"),
                    ])
            }
            for name in ["authority", "self"] {
                _ = try openssl.output(
                    of: ["req", "-x509", "-subj", "/CN=\(name)", "-key", path("\(name).key"), "-days", "2"]
                        + ["-addext", "keyUsage=critical,digitalSignature,keyCertSign", "-out", path("\(name).pem")])
            }
            _ = try openssl.output(
                of: ["req", "-x509", "-subj", "/CN=client", "-key", path("client.key"), "-days", "2"]
                    + [
                        "-addext", "basicConstraints=critical,CA:false", "-addext",
                        "keyUsage=critical,digitalSignature",
                    ]
                    + ["-addext", "extendedKeyUsage=clientAuth", "-addext", "subjectKeyIdentifier=hash"]
                    + ["-CA", path("authority.pem"), "-CAkey", path("authority.key"), "-out", path("client.pem")])
        }

        deinit {
            try? FileManager.default.removeItem(at: folder)
        }

        func path(_ name: String) -> String { folder.appending(path: name).path }

        func certificates(_ name: String) throws -> [SSLCertificate] {
            try SSLCertificate.certificates(pem: [UInt8](Data(contentsOf: folder.appending(path: name))))
        }
    }

    /// Greets every client and ends the connection.
    private func greeting(_ server: isolated SSLServer) {
        server.pendingConnectionAvailable.connect { server in
            while let socket = server.nextPendingConnection() {
                socket.perform { socket in
                    socket.write("greetings\n".utf8)
                    socket.disconnectFromHost()
                }
            }
        }
    }

    /// Runs s_client to its end.
    private func client(
        _ endpoint: Endpoint, _ arguments: [String], version: [String] = ["-tls1_3"]
    ) async throws -> (output: String, status: Int32) {
        let tool = try RunningTool(
            Tool("openssl").executable,
            ["s_client", "-connect", "127.0.0.1:\(endpoint.port)", "-servername", "localhost", "-ign_eof"]
                + version + arguments, input: .open)
        let status = await tool.end()
        return (tool.output + tool.errors, status)
    }

    @Test("5.2, 5.3, 6.3-46, G-4 client certificates that openssl made: let in, or told why not")
    func clientCertificates() async throws {
        let files = try Files()
        let configuration = try ClientIdentity.server(.verify) {
            $0.caCertificates = try! files.certificates("authority.pem")
        }
        let (server, recorder, endpoint) = try await SSLServer.listening(configuration) { self.greeting($0) }
        let good = try await client(
            endpoint,
            ["-cert", files.path("client.pem"), "-key", files.path("client.key"), "-CAfile", files.path("server.pem")])
        #expect(good.output.contains("greetings"), "\(good.output)")
        #expect(good.output.contains("Verification: OK"))
        #expect(recorder.all == ["newConnection", "started", "pending"])

        let bad = try await client(endpoint, ["-cert", files.path("self.pem"), "-key", files.path("self.key")])
        #expect(bad.output.contains("alert unknown ca"), "\(bad.output)")
        #expect(!bad.output.contains("greetings"))
        let none = try await client(endpoint, [])
        #expect(none.output.contains("alert certificate required"), "\(none.output)")
        #expect(recorder.count("pending") == 1)
        #expect(recorder.count("peerVerifyError selfSignedCertificate") == 1)
        #expect(recorder.count("peerVerifyError noPeerCertificate") == 1)
        await server.close()
    }

    @Test("6.3-28 openssl with each version of the protocol: 1.3 is served, alone or beside others, and nothing else")
    func versions() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { self.greeting($0) }
        for (versions, isServed) in [
            (["-tls1"], false), (["-tls1_1"], false), (["-tls1_2"], false), (["-tls1_3"], true),
            (["-min_protocol", "TLSv1.2"], true), (["-min_protocol", "TLSv1.2", "-max_protocol", "TLSv1.2"], false),
        ] {
            let before = recorder.all.count
            // What is older than TLS 1.2 openssl offers at security level 0 only.
            let client = try await client(endpoint, versions + ["-cipher", "DEFAULT:@SECLEVEL=0"], version: [])
            #expect(client.output.contains("greetings") == isServed, "\(versions): \(client.output)")
            #expect(client.output.contains("alert protocol version") != isServed, "\(versions): \(client.output)")
            let end = isServed ? ["pending"] : ["alertSent fatal protocol_version", "error sslHandshakeFailed"]
            try await eventually { recorder.all.count == before + 2 + end.count }
            #expect(Array(recorder.all.dropFirst(before)) == ["newConnection", "started"] + end, "\(versions)")
        }
        await server.close()
    }

    @Test("5.8, G-7, 6.3-53 an external PSK of openssl's: the right key, the wrong key, no key")
    func preSharedKey() async throws {
        var configuration = SSLConfiguration()
        configuration.preSharedKeyPolicy = .required
        let key = [UInt8](repeating: 0xAB, count: 32)
        let (server, recorder, endpoint) = try await SSLServer.listening(configuration) { server in
            self.greeting(server)
            server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in
                if authenticator.identity == Array("device 17".utf8) {
                    #expect(throws: Never.self) { try authenticator.supply(key) }
                }
            }
        }
        let hex = String(repeating: "ab", count: 32)
        let right = try await client(endpoint, ["-psk_identity", "device 17", "-psk", hex])
        #expect(right.output.contains("greetings"), "\(right.output)")
        #expect(right.output.contains("Reused, TLSv1.3"))
        #expect(recorder.all == ["newConnection", "started", "psk \(Array("device 17".utf8))", "pending"])
        for arguments in [
            ["-psk_identity", "device 17", "-psk", String(repeating: "cd", count: 32)],
            ["-psk_identity", "device 18", "-psk", hex],
        ] {
            let wrong = try await client(endpoint, arguments)
            #expect(wrong.output.contains("alert decrypt error"), "\(wrong.output)")
        }
        let none = try await client(endpoint, [])
        #expect(none.output.contains("alert handshake failure"), "\(none.output)")
        #expect(recorder.count("pending") == 1)
        await server.close()
    }

    @Test("G-6, 5.16, F-11 openssl comes back with its session, and with early data")
    func resumption() async throws {
        let files = try Files()
        var configuration = try Fixture.server()
        configuration.maximumEarlyDataSize = 1000
        let early = Recorder()
        let (server, recorder, endpoint) = try await SSLServer.listening(configuration) { server in
            self.greeting(server)
            server.earlyDataAvailable.connect { _, socket in
                socket.perform { early.add(String(decoding: $0.readEarlyData(), as: UTF8.self)) }
            }
        }
        let session = files.path("session.pem")
        let first = try await client(endpoint, ["-sess_out", session])
        #expect(first.output.contains("New, TLSv1.3"))
        let second = try await client(endpoint, ["-sess_in", session, "-sess_out", session])
        #expect(second.output.contains("Reused, TLSv1.3"), "\(second.output)")
        #expect(second.output.contains("greetings"))
        try Data("hurry".utf8).write(to: files.folder.appending(path: "early"))
        let third = try await client(endpoint, ["-sess_in", session, "-early_data", files.path("early")])
        #expect(third.output.contains("Early data was accepted"), "\(third.output)")
        #expect(early.all == ["hurry"])
        let replay = try await client(endpoint, ["-sess_in", session, "-early_data", files.path("early")])
        #expect(replay.output.contains("Early data was rejected"), "\(replay.output)")
        #expect(early.all == ["hurry"])
        #expect(!recorder.all.contains { $0.hasPrefix("psk") || $0.hasPrefix("error") })
        await server.close()
    }

    @Test("5.6, 5.7, SV-13 Python without a certificate, and with one that interrupts the handshake")
    func python() async throws {
        let files = try Files()
        let configuration = try ClientIdentity.server(.verify) { $0.handshakeMustInterruptOnError = true }
        let (server, recorder, endpoint) = try await SSLServer.listening(configuration) { self.greeting($0) }
        let script = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            if len(sys.argv) > 3: context.load_cert_chain(sys.argv[3], sys.argv[4])
            with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
                try:
                    with context.wrap_socket(plain, server_hostname="localhost") as tls:
                        print("encrypted", flush=True)
                        print(tls.recv(100))
                except ssl.SSLError as error:
                    print(error.reason)
            """
        for (arguments, alert, told) in [
            ([], "CERTIFICATE_REQUIRED", "interrupted noPeerCertificate"),
            ([files.path("self.pem"), files.path("self.key")], "UNKNOWN_CA", "interrupted selfSignedCertificate"),
        ] {
            let tool = try RunningTool(
                Tool("python3").executable,
                ["-c", script, "\(endpoint.port)", files.path("server.pem")] + arguments)
            _ = await tool.end()
            // In TLS 1.3 the client is done before the server has judged it.
            #expect(tool.output.hasPrefix("encrypted"), "\(tool.output)\(tool.errors)")
            #expect(tool.output.contains(alert), "\(tool.output)\(tool.errors)")
            #expect(recorder.count(told) == 1)
        }
        #expect(!recorder.all.contains { $0.hasPrefix("sslErrors") || $0.hasPrefix("peerVerifyError") })
        await server.close()
    }
}
