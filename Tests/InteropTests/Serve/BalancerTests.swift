import Foundation
import TestSupport
import Testing

extension Interop {
    /// Two processes of `gatehouse serve` behind HAProxy, which balances TCP and speaks the PROXY protocol.
    @Suite("serve behind a balancer")
    struct Balancer {
        private static func configuration(_ port: UInt16, _ servers: [GatehouseServer]) -> String {
            """
            defaults
                mode tcp
                timeout connect 1h
                timeout client 1h
                timeout server 1h
            frontend tls
                bind 127.0.0.1:\(port)
                default_backend gatehouse
            backend gatehouse
                balance roundrobin
                server first 127.0.0.1:\(servers[0].port) send-proxy-v2 proxy-v2-options crc32c
                server second 127.0.0.1:\(servers[1].port) send-proxy

            """
        }

        /// One connection from 127.0.0.2, which offers the session in the file and keeps the one that it gets.
        private func connect(_ port: UInt16, _ session: String) async throws -> Ended {
            let known = FileManager.default.fileExists(atPath: session) ? ["-sess_in", session] : []
            return try await run(
                Programs.openssl(),
                ["s_client", "-connect", "127.0.0.1:\(port)", "-bind", "127.0.0.2:0", "-servername", "localhost"]
                    + ["-tls1_3", "-ign_eof", "-sess_out", session] + known,
                input: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        }

        @Test(
            "G-6 sessions of one resume on the other while the ticket keys rotate; peers are the clients' own addresses"
        )
        func sharing() async throws {
            let (keys, folder) = (try TicketKeyFiles(), try TemporaryFolder())
            try keys.use("a", "b")
            let options =
                keys.paths.flatMap { ["--ticket-key-file", $0] } + ["--reload", "--proxy-protocol", "127.0.0.1"]
            var servers: [GatehouseServer] = []
            for _ in 0..<2 { servers.append(try await GatehouseServer([.p256], options)) }
            let port = try freePort()
            try folder.write(Self.configuration(port, servers).utf8, to: "haproxy.cfg")
            let balancer = try RunningTool(Programs.haproxy(), ["-db", "-f", folder.path("haproxy.cfg")])
            // It tells nobody when it listens.
            let session = folder.path("session")
            var ended = try await connect(port, session)
            while !ended.output.contains("New, TLSv1.3") {
                try await Task.sleep(for: .milliseconds(50))
                ended = try await connect(port, session)
            }

            var connections = 1
            func comeBack(_ count: Int) async throws {
                for _ in 0..<count {
                    let ended = try await connect(port, session)
                    connections += 1
                    #expect(ended.output.contains("Reused, TLSv1.3"), "\(ended.written)")
                    #expect(Page(in: ended.output)?["resumed"] == "yes")
                }
            }
            try await comeBack(4)
            for (round, pair) in [("b", "a"), ("b", "c"), ("c", "b")].enumerated() {
                try keys.use(pair.0, pair.1)
                // Connections go on while either of the two has read the new keys, or both.
                while servers.contains(where: { $0.events.count { $0.event == "configurationReloaded" } <= round }) {
                    try await comeBack(1)
                }
                try await comeBack(2)
            }

            let encrypted = servers.map { $0.events.filter { $0.event == "socket.encrypted" } }
            #expect(encrypted.joined().count == connections)
            #expect(abs(encrypted[0].count - encrypted[1].count) <= 1)
            #expect(encrypted.joined().allSatisfy { $0.peer?.hasPrefix("127.0.0.2:") == true })
            #expect(encrypted.joined().count { $0.session?["resumed"] == "yes" } == connections - 1)
            #expect(servers.allSatisfy { !$0.events.contains { $0.event == "errorOccurred" } })

            // Past the balancer: a proxy's address without a header, and a header from another address.
            let direct = try await run(
                Programs.openssl(), ["s_client", "-connect", "127.0.0.1:\(servers[0].port)", "-tls1_3"])
            #expect(direct.status != 0)
            try await servers[0].wait(for: "an error") { $0.error == "proxyProtocol" }
            let stranger = try await run(
                Programs.curl(),
                ["--silent", "--haproxy-protocol", "--insecure", "--interface", "127.0.0.3"]
                    + ["https://127.0.0.1:\(servers[1].port)/"])
            #expect(stranger.status != 0)
            try await servers[1].wait(for: "an error") { $0.error == "notTLS" }
            for server in servers { await server.stop() }
            _ = await balancer.terminate()
        }
    }
}
