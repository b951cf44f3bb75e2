import Testing

@testable import GatehouseTLS

@Suite("Alerts in every state of both roles")
struct HostileAlertTests {
    /// All error alerts of RFC 9846, some of older versions, and some that nobody has defined.
    static let errorAlerts: [UInt8] = [
        10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 100, 109, 110, 111, 112,
        113, 114, 115, 116, 120, 121, 1, 99, 255,
    ]

    @Test("An error alert ends the connection at any level, and nothing is sent", arguments: Conversation.all)
    func errorAlert(conversation: Conversation) throws {
        for description in Self.errorAlerts {
            for level: UInt8 in [2, 1, 0, 255] {
                let alert = Alert(
                    level: Alert.Level(rawValue: level) ?? .fatal, AlertDescription(rawValue: description))
                try conversation.fails(with: .alertReceived(alert), nil) {
                    try $0.record(.alert, [level, description])
                }
            }
        }
    }

    @Test("An alert that is not two bytes long", arguments: Conversation.all)
    func malformed(conversation: Conversation) throws {
        for content: [UInt8] in [[2], [1], [2, 40, 0], [1, 0, 1, 0], [UInt8](repeating: 0, count: 16384)] {
            try conversation.fails(with: .invalidMessage(.malformedAlert), .decodeError) {
                try $0.record(.alert, content)
            }
        }
    }

    @Test("B-01 close_notify is told once, and what follows is ignored", arguments: Conversation.all)
    func closeNotify(conversation: Conversation) throws {
        for level: UInt8 in [1, 2] {
            let (events, received) = try conversation.takes { peer in
                var bytes = try peer.record(.alert, [level, 0])
                bytes += try peer.record(.alert, [2, 40])
                bytes += try peer.record(.alert, [1, 0])
                bytes += try peer.record(.applicationData, [1, 2, 3])
                return bytes + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
            }
            #expect(events == ["closeNotify"])
            #expect(received.isEmpty)
        }
    }

    @Test("B-01 close_notify where the handshake's messages should be goes on saying nothing")
    func endlessCloseNotify() throws {
        let (server, client) = try ServerStage.clientFinished.start()
        try server.receive(try client.record(.alert, [1, 0]))
        for _ in 0..<1000 { try server.receive(try client.record(.alert, [1, 0])) }
        #expect(server.events.map(\.kind) == ["closeNotify"])
        #expect(server.output.isEmpty && server.pending.isEmpty)
        #expect(!server.isEstablished)
    }

    @Test("user_canceled is told, four times at most", arguments: Conversation.all)
    func userCanceled(conversation: Conversation) throws {
        let (events, _) = try conversation.takes { peer in
            var bytes: [UInt8] = []
            for _ in 0..<4 { bytes += try peer.record(.alert, [1, 90]) }
            return bytes
        }
        #expect(events == [String](repeating: "user_canceled", count: 4))
        try conversation.fails(with: .peerMisbehaved(.tooManyWarnings), .unexpectedMessage) { peer in
            var bytes: [UInt8] = []
            for _ in 0..<5 { bytes += try peer.record(.alert, [1, 90]) }
            return bytes
        }
    }

    @Test("user_canceled and then close_notify", arguments: Conversation.all)
    func canceledAndClosed(conversation: Conversation) throws {
        let (events, _) = try conversation.takes {
            try $0.record(.alert, [1, 90]) + $0.record(.alert, [1, 0])
        }
        #expect(events == ["user_canceled", "closeNotify"])
    }

    @Test("user_canceled before every message of the server's flight does not end the handshake")
    func canceledBetweenMessages() throws {
        let (client, server) = try ClientStage.serverHello.start()
        for type in [HandshakeType.encryptedExtensions, .certificateVerify, .finished] {
            server.replace(type) { [.record(.alert, [1, 90]), .message($0)] }
        }
        try client.receive(try server.flight())
        try server.receive(client.takeOutput())
        #expect(server.hasVerifiedFinished)
        #expect(
            client.events.map(\.kind) == ["user_canceled", "user_canceled", "user_canceled", "handshakeComplete"])
    }

    @Test("F-22 after the peer's close_notify we can still send, and close")
    func halfClosed() throws {
        let (server, client) = try ServerStage.connected.start()
        try server.receive(try client.record(.alert, [1, 0]))
        try server.send([1, 2, 3])
        server.close()
        try client.receive(server.takeOutput())
        #expect(client.heard.applicationData == [1, 2, 3])
        #expect(client.heard.alerts == [[1, 0]])
    }
}
