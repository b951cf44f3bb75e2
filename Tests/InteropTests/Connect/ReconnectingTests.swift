import Foundation
import Gatehouse
import TestSupport
import Testing

extension Interop {
    /// One socket of the library, connected to Python's server again and again.
    @Suite("Reconnecting")
    struct Reconnecting {
        /// Greets each client with its number, and ends each connection in another way; more than was asked for comes
        /// before the end.
        private static let script = """
            for number in range(5):
                plain, _ = listener.accept()
                if number == 2:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    plain.close()
                    continue
                secure = context.wrap_socket(plain, server_side=True)
                secure.sendall(b"hello %d\\nread ahead of %d" % (number, number))
                say("got", secure.recv(10).decode(), "reused" if secure.session_reused else "new")
                if number == 1: secure.shutdown(socket.SHUT_RDWR)
                else: secure.unwrap()
                secure.close()
            """

        @Test("SK-12 five connections of one socket to Python: each line is its own, after resets and cut streams too")
        func fiveTimes() async throws {
            let server = try await PythonServer(Self.script)
            var configuration = SSLConfiguration()
            configuration.caCertificates = try SSLCertificate.certificates(
                pem: [UInt8](Data(contentsOf: URL(filePath: server.authority))))
            let client = try SSLSocket(configuration: configuration, on: EventLoop(), handshakeTimeout: .seconds(240))
            let connection = SSLConnection(client)
            for number in 0..<5 {
                try await client.connectToHostEncrypted("localhost", port: server.port)
                let isEncrypted = await client.waitForEncrypted(timeout: nil)
                #expect(isEncrypted == (number != 2))
                if isEncrypted {
                    #expect(try await connection.lines().first { _ in true } == "hello \(number)")
                    try await connection.write("client \(number)".utf8)
                }
                #expect(await client.waitForDisconnected(timeout: nil))
                // A reset may come before the connection is known to stand.
                let endings: [Ending] = [1: [.truncated], 2: [.reset, .failed]][number] ?? [.closeNotify]
                #expect(await endings.contains(try #require(client.ending)))
            }
            try await server.says("got client 4 new")
            #expect(server.program.output.components(separatedBy: "got client").count == 5)
            await server.program.kill()
        }
    }
}
