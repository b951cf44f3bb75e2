import Foundation
import TestSupport
import Testing

extension Interop {
    /// What does not belong on the port of `gatehouse serve`, through real sockets.
    @Suite("serve: bad input")
    struct BadInput {
        @Test("B-14 openssl s_client with TLS 1.2 gets protocol_version")
        func openssl12() async throws {
            let server = try await GatehouseServer([.p256])
            let ended = try await run(Programs.openssl(), ["s_client", "-connect", server.address, "-tls1_2"])
            #expect(ended.status == 1)
            #expect(ended.errors.contains("alert protocol version"), "\(ended.errors)")
            try await expectRejection(server, alert: "protocol_version")
        }

        @Test("B-14 curl with TLS 1.2 gets protocol_version")
        func curl12() async throws {
            let server = try await GatehouseServer([.p256])
            let ended = try await run(
                Programs.curl(), ["--silent", "--show-error", "--tls-max", "1.2", "https://\(server.address)/"])
            #expect(ended.status == 35)
            #expect(ended.errors.contains("alert protocol version"), "\(ended.errors)")
            try await expectRejection(server, alert: "protocol_version")
        }

        @Test("G-14 plain HTTP is closed, with a reason")
        func plainHTTP() async throws {
            let server = try await GatehouseServer([.p256])
            let ended = try await run(
                Programs.curl(), ["--silent", "--show-error", "http://\(server.address)/"])
            #expect(ended.status != 0)
            try await expectRejection(server, alert: nil, error: "notTLS")
        }

        /// Bytes that are sent as they are, and the alert that they get.
        enum Sent: String, CaseIterable, Sendable {
            case garbage, oversizedRecord, emptyHandshake, applicationData, alertFirst, unknownRecordType,
                changeCipherSpecFirst, oversizedMessage, wrongMessage, garbledHello

            var bytes: [UInt8] {
                switch self {
                case .garbage: [0x00, 0xFF] + [UInt8](repeating: 0x55, count: 98)
                case .oversizedRecord: [22, 3, 1, 0x40, 0x01] + [UInt8](repeating: 0, count: 100)
                case .emptyHandshake: [22, 3, 1, 0, 0]
                case .applicationData: [22, 3, 1, 0, 1, 1] + [23, 3, 3, 0, 1, 0]
                case .alertFirst: [21, 3, 1, 0, 2, 2, 40]
                case .unknownRecordType: [22, 3, 1, 0, 1, 1] + [99, 3, 3, 0, 1, 0]
                case .changeCipherSpecFirst: [22, 3, 1, 0, 1, 1] + [20, 3, 3, 0, 1, 2]
                case .oversizedMessage: [22, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF]
                case .wrongMessage: [22, 3, 1, 0, 4, 20, 0, 0, 0]
                case .garbledHello: [22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0]
                }
            }

            /// `nil`: none is sent, because the peer speaks no TLS, or has itself ended the connection with an alert.
            var alert: String? {
                switch self {
                case .garbage, .alertFirst: nil
                case .oversizedRecord: "record_overflow"
                case .oversizedMessage: "illegal_parameter"
                case .garbledHello: "decode_error"
                default: "unexpected_message"
                }
            }
        }

        @Test("B-09 B-32 B-33 B-35 bytes that are no handshake get their alert", arguments: Sent.allCases)
        func raw(sent: Sent) async throws {
            let server = try await GatehouseServer([.p256])
            let answer = try await exchange(sent.bytes, with: server)
            if sent.alert != nil {
                // An alert record: type 21, two bytes long, level fatal.
                #expect(answer.hasPrefix("15030300020") && answer.dropFirst(10).hasPrefix("02"), "\(answer)")
            } else {
                #expect(answer == "")
            }
            try await expectRejection(server, alert: sent.alert, error: sent == .garbage ? "notTLS" : nil)
        }

        @Test("B-01 a client that goes away at once, or in the middle of its hello, leaves the server serving")
        func goesAway() async throws {
            let server = try await GatehouseServer([.p256])
            #expect(try await exchange([], with: server, endsInput: true) == "")
            #expect(try await exchange([22, 3, 1, 1, 0, 1, 0], with: server, endsInput: true) == "")
            try await expectGoodConnection(server)
            await server.stop()
        }

        /// Sends `bytes`, and the end of the stream if asked to; returns in hexadecimal what comes until the server
        /// closes.
        private func exchange(
            _ bytes: [UInt8], with server: GatehouseServer, endsInput: Bool = false
        ) async throws -> String {
            let script = """
                import socket, sys
                with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
                    plain.sendall(bytes.fromhex(sys.argv[2]))
                    if sys.argv[3] == "end": plain.shutdown(socket.SHUT_WR)
                    answer = b""
                    while part := plain.recv(4096): answer += part
                print(answer.hex())
                """
            let ended = try await run(
                Programs.python(), ["-c", script, "\(server.port)", hex(bytes), endsInput ? "end" : "open"])
            #expect(ended.status == 0, "\(ended.errors)")
            return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// The server has told of the failure, with the alert that it sent, and goes on serving.
        private func expectRejection(
            _ server: GatehouseServer, alert: String?, error: String? = nil
        ) async throws {
            let failure = try await server.wait(for: "errorOccurred") { $0.event == "errorOccurred" }
            if let error { #expect(failure.error?.contains(error) == true, "\(failure)") }
            #expect(server.events.filter { $0.event == "alertSent" }.map(\.alert) == (alert.map { [$0] } ?? []))
            #expect(!server.events.contains { $0.event == "pendingConnectionAvailable" })
            try await expectGoodConnection(server)
            await server.stop()
        }

        private func expectGoodConnection(_ server: GatehouseServer) async throws {
            let ended = try await run(
                Programs.curl(),
                ["--silent", "--show-error", "--include", "--cacert", try CertificateFiles.made().authority]
                    + ["https://\(server.address)/"])
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(Page(in: ended.output) != nil)
        }
    }
}
