import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Messages after the handshake")
struct PostHandshakeTests {
    static let keyUpdate = KeyUpdate(request: .updateNotRequested).encoded()

    @Test("B-03 several KeyUpdates in one record")
    func keyUpdatesInOneRecord() throws {
        for conversation in Conversation.connected {
            try conversation.fails(with: .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage) {
                try $0.record(.handshake, Self.keyUpdate + Self.keyUpdate)
            }
        }
    }

    @Test("B-31 the first byte of a message behind a KeyUpdate")
    func byteBehindKeyUpdate() throws {
        for conversation in Conversation.connected {
            try conversation.fails(with: .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage) {
                try $0.record(.handshake, Self.keyUpdate + [24])
            }
        }
    }

    @Test("After a KeyUpdate the old key opens nothing")
    func oldKey() throws {
        for conversation in Conversation.connected {
            try conversation.fails(with: .invalidMessage(.recordNotAuthentic), .badRecordMAC) {
                try $0.record(.handshake, Self.keyUpdate) + $0.record(.applicationData, [1])
            }
        }
    }

    @Test("B-05 half a message and then application data, also empty")
    func halfMessage() throws {
        for conversation in Conversation.connected {
            for content: [UInt8] in [[1], []] {
                try conversation.fails(with: .peerMisbehaved(.interleavedRecord), .unexpectedMessage) {
                    try $0.record(.handshake, [24]) + $0.record(.applicationData, content)
                }
            }
            // Then silence: nothing happens, and nothing is sent.
            #expect(try conversation.takes { try $0.record(.handshake, [24, 0, 0]) }.events.isEmpty)
        }
    }

    @Test("Tickets: 32 without application data between, and no more")
    func tickets() throws {
        let ticket = TruncationTests.ticket
        let (client, server) = try ClientStage.connected.start()
        for _ in 0..<4 {
            for _ in 0..<32 { try client.receive(try server.record(.handshake, ticket)) }
            try client.receive(try server.record(.applicationData, []))
            try client.receive(try server.record(.applicationData, [1]))
        }
        let many = [[UInt8]](repeating: ticket, count: 33).flatMap { $0 }
        try expectFailure(
            of: client, server, receiving: try server.record(.handshake, many),
            .peerMisbehaved(.tooManyPostHandshakeMessages), .unexpectedMessage)
    }

    @Test("A ticket one byte a record")
    func ticketInPieces() throws {
        let (client, server) = try ClientStage.connected.start()
        for byte in TruncationTests.ticket { try client.receive(try server.record(.handshake, [byte])) }
        try client.receive(try server.record(.applicationData, [5]))
        #expect(client.received == [5])
    }

    @Test("B-41 B-46 a ticket with an extension twice, one where it may not stand, an empty one")
    func badTickets() throws {
        let head: [UInt8] = [0, 0, 0, 9, 1, 2, 3, 4, 1, 7]
        let rows: [([UInt8], TLSError, AlertDescription)] = [
            ([0, 0, 0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
            ([0, 1, 5, 0, 4, 0, 51, 0, 0], .misplaced(.keyShare), .illegalParameter),
            (
                [0, 1, 5, 0, 8, 0x7A, 0x7A, 0, 0, 0x7A, 0x7A, 0, 0], .peerMisbehaved(.duplicateExtension(.unknown)),
                .illegalParameter
            ),
            ([0, 1, 5, 0, 4, 0, 42, 0, 0], .invalidMessage(.truncated), .decodeError),
        ]
        for (tail, error, alert) in rows {
            let (client, server) = try ClientStage.connected.start()
            let message = HandshakeType.newSessionTicket.rawValue.with24BitLength(head + tail)
            try expectFailure(of: client, server, receiving: try server.record(.handshake, message), error, alert)
        }
    }

    @Test("A CertificateRequest to a client that did not offer post_handshake_auth")
    func certificateRequest() throws {
        var request = CertificateRequest(context: [1])
        request.extensions.order = [.signatureAlgorithms]
        request.signatureAlgorithms = [.ed25519]
        let (client, server) = try ClientStage.connected.start()
        try expectFailure(
            of: client, server, receiving: try server.record(.handshake, request.encoded()),
            .unexpected(.certificateRequest), .unexpectedMessage)
    }
}
