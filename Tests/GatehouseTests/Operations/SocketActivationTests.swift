import Foundation
import Gatehouse
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct SocketActivationTests {
    @Test("TS-4 the environment's sockets: for this process only, with their names")
    func environment() {
        func sockets(_ process: String?, _ count: String?, _ names: String?) -> [String] {
            SocketActivation.sockets(process: 7, forProcess: process, count: count, names: names)
                .map { "\($0.name) \($0.descriptor)" }
        }
        #expect(sockets("7", "2", "https:admin") == ["https 3", "admin 4"])
        #expect(sockets("7", "2", "https") == ["https 3", "unknown 4"])
        #expect(sockets("7", "2", ":admin:surplus") == ["unknown 3", "admin 4"])
        #expect(sockets("7", "1", nil) == ["unknown 3"])
        for (process, count) in [
            ("8", "1"), (nil, "1"), ("7", nil), ("7", "0"), ("7", "-1"), ("7", "x"), ("7", "99999999999"), ("", "1"),
        ] {
            #expect(sockets(process, count, nil).isEmpty)
        }
        #expect(SocketActivation.sockets.isEmpty)
    }

    /// Opens a socket, moves it to descriptor 3 and becomes the server, as systemd does.
    private static let activator = """
        import os, socket, sys
        listener = socket.create_server(("127.0.0.1", 0))
        listener.set_inheritable(True)
        os.dup2(listener.fileno(), 3)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="https")
        os.execv(sys.argv[1], sys.argv[1:])
        """

    @Test("TS-4 a socket that another process has opened is served")
    func activated() async throws {
        let arguments = ToolProcess.serve + ["--mode", "echo", "--listen"]
        let process = try RunningTool(
            Tool("python3").executable,
            ["-c", Self.activator, ToolProcess.executable.path] + arguments + ["systemd:https"])
        let port = try await process.wait(for: "a port") { output in
            output.firstMatch(of: #/"port":(\d+)/#).flatMap { UInt16($0.1) }
        }
        let endpoint = Endpoint(address: .localHost, port: port)
        let client = try await SSLSocket.connected(
            to: endpoint, Fixture.anyServer)
        await client.write([1, 2])
        #expect(try await client.receive(2) == [1, 2])
        await client.abort()
        #expect(await process.terminate() == 0)

        let wrong = try RunningTool(
            Tool("python3").executable,
            ["-c", Self.activator, ToolProcess.executable.path] + arguments + ["systemd:admin"])
        #expect(await wrong.end() == 2)
    }

    @Test("serve on a Unix socket, and what --listen does not take")
    func unix() async throws {
        let folder = try TemporaryFolder()
        let process = try RunningTool(
            ToolProcess.executable, ToolProcess.serve + ["--mode", "echo", "--listen", "unix:\(folder.path("tls"))"])
        try await process.wait(for: "the server") { $0.contains(folder.path("tls")) ? () : nil }
        var client = try EngineClient(
            on: BlockingClient(toUnixSocket: folder.path("tls")),
            .init(verification: .dangerouslyAcceptAnyCertificate))
        try client.handshake()
        try client.sendAndClose([5])
        #expect(try client.readToEnd())
        #expect(client.received == [5])
        #expect(await process.terminate() == 0)
        #expect(!folder.exists("tls"))
        for place in ["tcp:1", "unix", "unix:/nowhere/at/all", "systemd"] {
            #expect(try await gatehouse("serve", "--listen", place).status == 2)
        }
        #expect(try await gatehouse("serve", "--listen", "unix:a", "--port", "1").status == 2)
    }
}
