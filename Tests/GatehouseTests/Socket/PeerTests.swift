import Foundation
import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

/// Connections with the TLS of others at the other end.
@Suite(.onOwnThreads, .patient) struct PeerTests {
    /// A connection by Python, where each half ends on its own: `read`, `write` and `end` are the halves of TLS.
    private static let python = """
        import socket, ssl, struct, sys
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        transport = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        def run(step):
            while True:
                try:
                    result = step()
                    transport.sendall(outgoing.read())
                    return result
                except ssl.SSLWantReadError:
                    transport.sendall(outgoing.read())
                    data = transport.recv(65536)
                    if not data:
                        raise EOFError
                    incoming.write(data)
        def write(data):
            run(lambda: tls.write(data))
        def end():
            try:
                tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            transport.sendall(outgoing.read())
        def read_to_end():
            data = b""
            while True:
                try:
                    more = run(lambda: tls.read(65536))
                except ssl.SSLZeroReturnError:
                    return data
                if not more:
                    return data
                data += more
        run(tls.do_handshake)

        """

    private struct Connection {
        let server: SSLServer
        let socket: SSLSocket
        let recorder = Recorder()
        let peer: RunningTool

        init(_ prepare: @escaping @Sendable (isolated SSLSocket) -> Void, _ start: (UInt16) throws -> RunningTool)
            async throws
        {
            let (server, _, endpoint) = try await SSLServer.listening()
            let recorder = recorder
            server.startedEncryptionHandshake.connect { _, socket in
                recorder.follow(socket)
                socket.perform(prepare)
            }
            peer = try start(endpoint.port)
            self.server = server
            socket = try #require(await server.next())
        }

        static func python(
            _ script: String, _ prepare: @escaping @Sendable (isolated SSLSocket) -> Void = { _ in }
        ) async throws -> Connection {
            try await Connection(prepare) { port in
                try RunningTool(Tool("python3").executable, ["-c", PeerTests.python + script, "\(port)"])
            }
        }

        static func openssl(
            _ arguments: [String] = [], _ prepare: @escaping @Sendable (isolated SSLSocket) -> Void = { _ in }
        ) async throws -> Connection {
            try await Connection(prepare) { port in
                try RunningTool(
                    Tool("openssl").executable, ["s_client", "-connect", "127.0.0.1:\(port)"] + arguments,
                    input: .open)
            }
        }

        /// The signals from the end of the handshake on, when the connection is over.
        func end() async throws -> [String] {
            try await eventually { recorder.all.last?.hasPrefix("disconnected") == true }
            await server.close()
            return Array(recorder.all.drop { $0 != "encrypted" }.dropFirst())
        }
    }

    @Test("F-22, G-9 Python ends its side first and still gets a long answer")
    func pythonEndsFirst() async throws {
        let connection = try await Connection.python(
            """
            write(b"question")
            end()
            answer = read_to_end()
            print(len(answer), set(answer))
            """
        ) { socket in
            socket.allowHalfClose = true
            socket.readChannelFinished.connect { socket in
                let question = socket.readAll()
                #expect(question == Array("question".utf8))
                // The slot goes on when there is room again.
                socket.writeBufferSize = 1_000_000
                #expect(socket.write([UInt8](repeating: 7, count: 1_000_000)) == 1_000_000)
                socket.disconnectFromHost()
            }
        }
        #expect(
            try await connection.end() == [
                "alertReceived warning close_notify", "readChannelFinished", "state closing",
                "alertSent warning close_notify", "state unconnected", "disconnected closeNotify",
            ])
        #expect(await connection.peer.end() == 0)
        #expect(connection.peer.output == "1000000 {7}\n")
    }

    @Test("F-22, G-9 we end our side first and still get what Python sends")
    func weEndFirst() async throws {
        let connection = try await Connection.python(
            """
            greeting = read_to_end()
            for _ in range(100):
                write(greeting * 1000)
            end()
            """
        ) { socket in
            socket.encrypted.connect { socket in
                socket.write(Array("hello".utf8))
                socket.closeWriteChannel()
                #expect(socket.write([1]) == 0)
                #expect(socket.state == .connected)
            }
        }
        #expect(
            try await connection.end() == [
                "alertSent warning close_notify", "alertReceived warning close_notify", "readChannelFinished",
                "state closing", "state unconnected", "disconnected closeNotify",
            ])
        #expect(await connection.socket.bytesAvailable == 500_000)
        #expect(await connection.peer.end() == 0)
    }

    @Test("RW-14, RW-15, G-9 Python goes without close_notify: a truncation; with a reset: a reset")
    func pythonGoes() async throws {
        let plain = try await Connection.python(
            """
            transport.shutdown(socket.SHUT_WR)
            while transport.recv(65536):
                pass
            """)
        #expect(
            try await plain.end() == [
                "error remoteHostClosed", "state unconnected", "readChannelFinished", "disconnected truncated",
            ])
        #expect(await plain.peer.end() == 0)
        let reset = try await Connection.python(
            """
            transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.close()
            """)
        #expect(
            try await reset.end() == [
                "error remoteHostClosed", "state unconnected", "readChannelFinished", "disconnected reset",
            ])
        #expect(await reset.peer.end() == 0)
    }

    @Test("RW-9, RW-10 Python gets everything and close_notify when we disconnect or close")
    func weGo() async throws {
        for goAway in [{ $0.disconnectFromHost() }, { $0.close() }] as [@Sendable (isolated SSLSocket) -> Void] {
            let connection = try await Connection.python("print(len(read_to_end()))") { socket in
                socket.encrypted.connect { socket in
                    socket.write([UInt8](repeating: 1, count: 300_000))
                    goAway(socket)
                }
            }
            #expect(
                try await connection.end() == [
                    "state closing", "alertSent warning close_notify", "state unconnected", "readChannelFinished",
                    "disconnected local",
                ])
            #expect(await connection.peer.end() == 0)
            #expect(connection.peer.output == "300000\n")
        }
    }

    @Test("RW-11 Python sees a truncation when we abort")
    func weAbort() async throws {
        let connection = try await Connection.python("read_to_end()") { socket in
            socket.encrypted.connect { socket in
                socket.write([1, 2, 3])
                socket.abort()
            }
        }
        #expect(
            try await connection.end() == ["state unconnected", "readChannelFinished", "disconnected local"])
        #expect(await connection.peer.end() == 1)
        #expect(connection.peer.errors.contains("EOFError"))
    }

    @Test("G-9, RW-13 s_client says goodbye: answered, and no error; killed: no orderly end")
    func opensslGoes() async throws {
        let polite = try await Connection.openssl()
        try polite.peer.endInput()
        #expect(await polite.peer.end() == 0)
        #expect(
            try await polite.end() == [
                "alertReceived warning close_notify", "readChannelFinished", "state closing",
                "alertSent warning close_notify", "state unconnected", "disconnected closeNotify",
            ])
        let killed = try await Connection.openssl()
        await killed.peer.kill()
        let signals = try await killed.end()
        #expect(signals.prefix(3) == ["error remoteHostClosed", "state unconnected", "readChannelFinished"])
        // The kernel resets the connection when the program had not read everything yet.
        #expect([["disconnected truncated"], ["disconnected reset"]].contains(Array(signals.dropFirst(3))))
    }

    @Test("F-22 s_client, told goodbye by us, says goodbye too")
    func opensslIsTold() async throws {
        let connection = try await Connection.openssl { socket in
            socket.encrypted.connect { $0.closeWriteChannel() }
        }
        _ = await connection.peer.end()
        let signals = try await connection.end()
        #expect(signals.prefix(2) == ["alertSent warning close_notify", "alertReceived warning close_notify"])
        #expect(signals.last == "disconnected closeNotify")
    }

    @Test("G-18 s_client exports the same keying material")
    func keyingMaterial() async throws {
        let connection = try await Connection.openssl(["-keymatexport", "EXPORTER-Test", "-keymatexportlen", "40"])
        let theirs = try await connection.peer.wait(for: "keying material") { written in
            written.firstMatch(of: /Keying material: ([0-9A-F]{80})/)?.1
        }
        let ours = try await connection.socket.exportKeyingMaterial(label: "EXPORTER-Test", length: 40)
        #expect(hex(ours) == theirs.lowercased())
        try connection.peer.endInput()
        #expect(try await connection.end().last == "disconnected closeNotify")
    }

    @Test("RW-17, F-12 s_client updates its keys, asks for ours, and takes our updates")
    func keyUpdates() async throws {
        let connection = try await Connection.openssl(["-msg"]) { socket in
            socket.readyRead.connect { socket in
                let bytes = socket.readAll()
                do {
                    try socket.updateKeys(requestingPeers: true)
                    socket.write(bytes)
                } catch {
                    Issue.record(error)
                }
            }
        }
        // Lines of one letter are commands: k updates a key, K asks the peer to do the same.
        for (number, command) in ["k", "K", "k"].enumerated() {
            try connection.peer.write(Array("\(command)\n".utf8))
            try await connection.peer.wait(for: "the command") { written in
                written.ranges(of: "KEYUPDATE").count > number ? true : nil
            }
            try connection.peer.write(Array("line \(number)\n".utf8))
            try await connection.peer.wait(for: "the echo") { $0.contains("line \(number)\n") ? true : nil }
        }
        try connection.peer.endInput()
        #expect(await connection.peer.end() == 0)
        #expect(connection.peer.output.ranges(of: ">>> TLS 1.3, Handshake [length 0005], KeyUpdate").count == 3)
        #expect(connection.peer.output.ranges(of: "<<< TLS 1.3, Handshake [length 0005], KeyUpdate").count == 3)
        #expect(try await connection.end().last == "disconnected closeNotify")
        #expect(await connection.socket.error == nil)
    }
}
