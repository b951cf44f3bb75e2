import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Every message cut at every length, and with a byte too many")
struct TruncationTests {
    /// A message of the same type with the first `count` bytes of the body of `message`.
    static func cut(_ message: [UInt8], to count: Int) -> [UInt8] {
        [message[0], 0, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)] + message[4..<4 + count]
    }

    static func lengthened(_ message: [UInt8]) -> [UInt8] {
        let count = message.count - 3
        return [message[0], 0, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)] + message[4...] + [0]
    }

    @Test("ClientHello", arguments: [ServerStage.clientHello, .secondClientHello])
    func clientHello(stage: ServerStage) throws {
        let (_, sample) = try stage.start()
        // Cut behind the compression methods it is a whole hello of an older version.
        let withoutExtensions = 2 + 32 + 1 + 32 + 2 + 2 * sample.hello.cipherSuites.count + 2
        for count in 0..<sample.helloBytes.count - 4 {
            let (server, client) = try stage.start()
            let records = try client.writer.handshake(Self.cut(client.helloBytes, to: count))
            switch (count == withoutExtensions, stage) {
            case (false, _):
                try expectFailure(of: server, client, receiving: records, .invalidMessage(.truncated), .decodeError)
            case (true, .clientHello):
                try expectFailure(
                    of: server, client, receiving: records, .peerIncompatible(.noCommonVersion), .protocolVersion)
            case (true, _):
                try expectFailure(
                    of: server, client, receiving: records, .peerMisbehaved(.missingExtension(.supportedGroups)),
                    .missingExtension)
            }
        }
        let (server, client) = try stage.start()
        let records = try client.writer.handshake(Self.lengthened(client.helloBytes))
        try expectFailure(of: server, client, receiving: records, .invalidMessage(.trailingBytes), .decodeError)
    }

    @Test(
        "The server's messages",
        arguments: [
            HandshakeType.serverHello, .encryptedExtensions, .certificateRequest, .certificate, .certificateVerify,
            .finished,
        ])
    func serverMessages(type: HandshakeType) throws {
        var count = 0
        var length = Int.max
        while count < length {
            let (client, server) = try Self.start(type)
            server.replace(type) { message in
                length = message.count - 4
                // An ECDSA signature is not always of the same length.
                return [.message(count < length ? Self.cut(message, to: count) : message)]
            }
            let bytes = try server.flight()
            // Cut behind the compression method it is a whole ServerHello of an older version.
            if type == .serverHello, count == 2 + 32 + 1 + 32 + 2 + 1 {
                try expectFailure(
                    of: client, server, receiving: bytes, .peerIncompatible(.noCommonVersion), .protocolVersion)
            } else if type == .finished, count < length {
                // Its length is that of the hash: any other is a wrong Finished.
                try expectFailure(of: client, server, receiving: bytes, .peerMisbehaved(.wrongFinished), .decryptError)
            } else if count < length {
                try expectFailure(of: client, server, receiving: bytes, .invalidMessage(.truncated), .decodeError)
            }
            count += 1
        }
        #expect(length > 0 && length < Int.max)
    }

    @Test(
        "The server's messages with a byte too many",
        arguments: [
            HandshakeType.serverHello, .encryptedExtensions, .certificateRequest, .certificate, .certificateVerify,
        ])
    func lengthenedServerMessages(type: HandshakeType) throws {
        let (client, server) = try Self.start(type)
        server.replace(type) { [.message(Self.lengthened($0))] }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .invalidMessage(.trailingBytes), .decodeError)
    }

    /// A client that awaits the ServerHello, and a server that sends the message, where it is not one of each flight.
    private static func start(_ type: HandshakeType) throws -> (Subject<ClientConnection>, ScriptedServer) {
        let (client, server) = try ClientStage.serverHello.start()
        if type == .certificateRequest {
            var request = CertificateRequest(context: [])
            request.extensions.order = [.signatureAlgorithms]
            request.signatureAlgorithms = [.ed25519]
            server.certificateRequest = request
        }
        return (client, server)
    }

    @Test("The client's Finished", arguments: 0...33)
    func finished(count: Int) throws {
        let (server, client) = try ServerStage.clientFinished.start()
        guard count != 32 else { return try server.receive(client.finishedRecord()) }
        let message = count < 32 ? Self.cut(client.finished, to: count) : Self.lengthened(client.finished)
        try expectFailure(
            of: server, client, receiving: try client.record(.handshake, message), .peerMisbehaved(.wrongFinished),
            .decryptError)
    }

    static let ticket: [UInt8] =
        NewSessionTicket.type.rawValue.with24BitLength([
            0, 0, 0, 9, 1, 2, 3, 4, 1, 7, 0, 2, 5, 5, 0, 8, 0, 42, 0, 4, 0, 0, 0, 0,
        ])

    @Test("B-34 NewSessionTicket")
    func newSessionTicket() throws {
        for count in 0..<Self.ticket.count - 4 {
            let (client, server) = try ClientStage.connected.start()
            let record = try server.record(.handshake, Self.cut(Self.ticket, to: count))
            try expectFailure(of: client, server, receiving: record, .invalidMessage(.truncated), .decodeError)
        }
        let (client, server) = try ClientStage.connected.start()
        try client.receive(try server.record(.handshake, Self.ticket))
        let record = try server.record(.handshake, Self.lengthened(Self.ticket))
        try expectFailure(of: client, server, receiving: record, .invalidMessage(.trailingBytes), .decodeError)
    }

    @Test("B-34 KeyUpdate")
    func keyUpdate() throws {
        let rows: [([UInt8], TLSError, AlertDescription)] = [
            ([], .invalidMessage(.truncated), .decodeError),
            ([0, 0], .invalidMessage(.trailingBytes), .decodeError),
            ([2], .invalidMessage(.illegalValue), .illegalParameter),
            ([255], .invalidMessage(.illegalValue), .illegalParameter),
        ]
        for (body, error, alert) in rows {
            let message = HandshakeType.keyUpdate.rawValue.with24BitLength(body)
            let (server, client) = try ServerStage.connected.start()
            try expectFailure(of: server, client, receiving: try client.record(.handshake, message), error, alert)
            let (otherClient, otherServer) = try ClientStage.connected.start()
            try expectFailure(
                of: otherClient, otherServer, receiving: try otherServer.record(.handshake, message), error, alert)
        }
    }
}

extension UInt8 {
    /// A handshake message of this type.
    func with24BitLength(_ body: [UInt8]) -> [UInt8] {
        [
            self, UInt8(body.count >> 16), UInt8(truncatingIfNeeded: body.count >> 8),
            UInt8(truncatingIfNeeded: body.count),
        ]
            + body
    }
}
