import Foundation
import Gatehouse
import GatehouseCertificates
import TestSupport
import Testing

extension Interop {
    /// The library's `withConnection(to:)` against other implementations' servers.
    @Suite("withConnection")
    struct WithConnection {
        /// Serves one connection after the other as its first line asks for, and tells how it ended: a stream without
        /// close_notify at its end is an error.
        private static let script = """
            def serve(plain):
                if plain.recv(1, socket.MSG_PEEK) == b"":
                    return say("nothing came")
                if sys.argv[3:] == ["mute"]:
                    say("came")
                    while plain.recv(65536): pass
                    return say("ended")
                with context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as secure:
                    first = b""
                    while not first.endswith(b"\\n"): first += secure.recv(1)
                    command = first.decode().strip()
                    say("got", command)
                    if command == "cut":
                        secure.sendall(b"part\\nof a line")
                        secure.shutdown(socket.SHUT_WR)
                        return
                    if command == "bye":
                        secure.sendall(b"farewell\\n")
                        secure.unwrap()
                        return say("bye: orderly")
                    if command == "hold": sys.stdin.readline()
                    count = 0
                    while part := secure.recv(65536):
                        count += len(part)
                        if command == "echo": secure.sendall(part)
                    secure.unwrap()
                    say(f"{command}: orderly", "after something" if count else "after nothing")
            while True:
                plain, _ = listener.accept()
                with plain:
                    try: serve(plain)
                    except Exception as error: say("failed", repr(error))
            """

        /// A client that trusts the CA of this run.
        private static func configuration() throws -> SSLConfiguration {
            let file = try Data(contentsOf: URL(filePath: CertificateFiles.made().authority))
            var configuration = SSLConfiguration()
            configuration.caCertificates = try SSLCertificate.certificates(pem: [UInt8](file))
            return configuration
        }

        /// Does something with a connection to a server of this machine.
        private static func connect<Result: Sendable>(
            to port: UInt16, _ body: @Sendable (SSLConnection) async throws -> Result
        ) async throws -> Result {
            try await withConnection(
                to: "localhost", port: port, configuration: configuration(), handshakeTimeout: nil
            ) { connection in
                // What holds the server up may come late to its end.
                await connection.socket.run { $0.closingTime = .seconds(3600) }
                return try await body(connection)
            }
        }

        @Test("F-22 Python's server: what goes there comes back, and both sides end in order")
        func python() async throws {
            let server = try await PythonServer(Self.script)
            for text in ["one", String(repeating: "x", count: 50_000)] {
                let answer = try await Self.connect(to: server.port) { connection in
                    try await connection.write("echo\n\(text)\n".utf8)
                    return try await connection.lines().first { _ in true }
                }
                #expect(answer == text)
            }
            try await server.program.wait(for: "two orderly ends") {
                $0.components(separatedBy: "echo: orderly after something\n").count == 3 ? () : nil
            }
            // Our end first: what the server still sends is read.
            let all = try await Self.connect(to: server.port) { connection in
                try await connection.write("echo\n12345".utf8)
                await connection.finishWriting()
                return try await connection.inbound.reduce(into: [UInt8]()) { $0 += $1 }
            }
            #expect(all == Array("12345".utf8))
            await server.program.kill()
        }

        @Test("G-9 a server that says goodbye, and one that cuts the connection off")
        func ends() async throws {
            let server = try await PythonServer(Self.script)
            let lines = try await Self.connect(to: server.port) { connection in
                try await connection.write("bye\n".utf8)
                return try await connection.lines().reduce(into: []) { $0.append($1) }
            }
            #expect(lines == ["farewell"])
            try await server.says("bye: orderly")
            let failure = await #expect(throws: SocketFailure.self) {
                try await Self.connect(to: server.port) { connection in
                    try await connection.write("cut\n".utf8)
                    var lines: [String] = []
                    do {
                        for try await line in connection.lines() { lines.append(line) }
                    } catch {
                        #expect(lines == ["part"])
                        throw error
                    }
                }
            }
            #expect(failure?.ending == .truncated)
            await server.program.kill()
        }

        @Test("a task that is cancelled closes its connection to Python in order", arguments: ["reading", "writing"])
        func cancelled(place: String) async throws {
            let server = try await PythonServer(Self.script)
            let command = place == "reading" ? "read" : "hold"
            let client = Task {
                try await Self.connect(to: server.port) { connection in
                    // What nobody reads is much more than all buffers take.
                    let more = [UInt8](repeating: 1, count: place == "writing" ? 1 << 25 : 0)
                    try await connection.write(Array("\(command)\n".utf8) + more)
                    for try await _ in connection.inbound {}
                }
            }
            try await server.says("got \(command)")
            client.cancel()
            await #expect(throws: CancellationError.self) { try await client.value }
            try server.program.write(Array("go on\n".utf8))
            try await server.says("\(command): orderly after \(place == "reading" ? "nothing" : "something")")
            await server.program.kill()
        }

        @Test("a task that is cancelled in the middle of the handshake leaves no connection behind")
        func cancelledInHandshake() async throws {
            let server = try await PythonServer(Self.script, ["mute"])
            let client = Task { try await Self.connect(to: server.port) { _ in } }
            try await server.says("came")
            client.cancel()
            await #expect(throws: CancellationError.self) { try await client.value }
            try await server.says("ended")
            await server.program.kill()
        }

        @Test("openssl s_server gets close_notify when the body returns, throws, and is cancelled")
        func openssl() async throws {
            struct Refusal: Error {}
            let server = try await PeerServer.openssl(["-rev", "-msg"] + PeerServer.opensslCredential())
            let port = UInt16(server.port)
            func isClosed(_ count: Int) async throws {
                try await server.program.wait(for: "close_notify") { written in
                    let alerts = written.components(
                        separatedBy: "<<< TLS 1.3, Alert [length 0002], warning close_notify")
                    let ends = written.components(separatedBy: "CONNECTION CLOSED")
                    return alerts.count > count && ends.count > count ? () : nil
                }
            }
            let (answer, suite) = try await Self.connect(to: port) { connection in
                try await connection.write("hello\n".utf8)
                let answer = try await connection.lines().first { _ in true }
                return (answer, await connection.socket.sessionCipher?.name)
            }
            #expect(answer == "olleh")
            #expect(suite == "TLS_AES_128_GCM_SHA256")
            try await isClosed(1)
            await #expect(throws: Refusal.self) { try await Self.connect(to: port) { _ in throw Refusal() } }
            try await isClosed(2)
            let client = Task {
                try await Self.connect(to: port) { connection in
                    try await connection.write("hello\n".utf8)
                    for try await _ in connection.inbound { withUnsafeCurrentTask { $0?.cancel() } }
                    try Task.checkCancellation()
                }
            }
            await #expect(throws: CancellationError.self) { try await client.value }
            try await isClosed(3)
            #expect(!server.program.errors.contains("error"), "\(server.program.errors)")
            await server.stop()
        }

        @Test("F-14 the response that openssl s_server staples is good, and one about another certificate is refused")
        func staple() async throws {
            let files = try CertificateFiles.made()
            for (kind, isGood) in [(KeyKind.p256, true), (.p384, false)] {
                let server = try await PeerServer.openssl(
                    ["-rev", "-status_file", files.ocspResponse(kind)] + PeerServer.opensslCredential())
                var configuration = try Self.configuration()
                configuration.ocspStaplingEnabled = true
                configuration.verificationPolicy.revocation = .required
                let connect = { [configuration] in
                    try await withConnection(
                        to: "localhost", port: UInt16(server.port), configuration: configuration,
                        handshakeTimeout: nil
                    ) { await $0.socket.ocspResponses.map(\.status) }
                }
                if isGood {
                    #expect(try await connect() == [.good])
                } else {
                    let failure = await #expect(throws: SocketFailure.self) { _ = try await connect() }
                    #expect(failure?.error == .sslHandshakeFailed)
                    try await server.program.wait(for: "the alert") {
                        $0.contains("SSL alert number 113") ? () : nil
                    }
                }
                await server.stop()
            }
        }
    }
}
