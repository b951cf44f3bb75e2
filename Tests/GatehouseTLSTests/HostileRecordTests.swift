import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// A connection of either role at some stage, and the peer that talks to it: for what both roles do alike.
struct Conversation: Sendable, CustomTestStringConvertible {
    enum Stage: Sendable {
        case server(ServerStage)
        case client(ClientStage)
    }

    let stage: Stage

    var testDescription: String {
        switch stage {
        case .server(let stage): "a server, \(stage)"
        case .client(let stage): "a client, \(stage)"
        }
    }

    var isProtected: Bool {
        switch stage {
        case .server(let stage): stage.isProtected
        case .client(let stage): stage.isProtected
        }
    }

    var isConnected: Bool {
        switch stage {
        case .server(let stage): stage == .connected
        case .client(let stage): stage == .connected
        }
    }

    /// change_cipher_spec may come between the first ClientHello and the peer's Finished.
    var allowsChangeCipherSpec: Bool {
        if case .server(.clientHello) = stage { return false }
        return !isConnected
    }

    /// Every stage at which something is read.
    static let all: [Conversation] =
        ServerStage.allCases.filter { $0 != .credential }.map { Conversation(stage: .server($0)) }
        + ClientStage.allCases.filter { $0 != .verdict }.map { Conversation(stage: .client($0)) }
    static let plaintext = all.filter { !$0.isProtected }
    static let protected = all.filter(\.isProtected)
    static let connected = all.filter(\.isConnected)
    static let unconnected = all.filter { !$0.isConnected }

    /// What the peer sends ends the connection with this error and this alert.
    func fails(
        with error: TLSError, _ alert: AlertDescription?, sourceLocation: SourceLocation = #_sourceLocation,
        _ bytes: (any ScriptedPeer) throws -> [UInt8]
    ) throws {
        switch stage {
        case .server(let stage):
            let (server, client) = try stage.start()
            try expectFailure(
                of: server, client, receiving: try bytes(client), error, alert, sourceLocation: sourceLocation)
        case .client(let stage):
            let (client, server) = try stage.start()
            try expectFailure(
                of: client, server, receiving: try bytes(server), error, alert, sourceLocation: sourceLocation)
        }
    }

    /// What the peer sends is taken without an answer; gives the events and what was received.
    func takes(_ bytes: (any ScriptedPeer) throws -> [UInt8]) throws -> (events: [String], received: [UInt8]) {
        switch stage {
        case .server(let stage):
            let (server, client) = try stage.start()
            return try Self.take(server, try bytes(client))
        case .client(let stage):
            let (client, server) = try stage.start()
            return try Self.take(client, try bytes(server))
        }
    }

    private static func take<Connection: TestedConnection & ~Copyable>(
        _ subject: Subject<Connection>, _ bytes: [UInt8]
    ) throws -> (events: [String], received: [UInt8]) {
        let before = subject.events.count
        try subject.receive(bytes)
        #expect(subject.output.isEmpty)
        #expect(subject.pending.isEmpty)
        return (subject.events.dropFirst(before).map(\.kind), subject.received)
    }
}

@Suite("Records that should not be, in every state of both roles")
struct HostileRecordTests {
    @Test("An unknown type", arguments: Conversation.all)
    func unknownType(conversation: Conversation) throws {
        for type: UInt8 in [0, 1, 19, 24, 25, 71, 128, 255] {
            try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(type)), .unexpectedMessage) { _ in
                ScriptedWriter.plaintext(ContentType(rawValue: type), [1, 2, 3])
            }
        }
    }

    @Test("An unknown type under protection, and a change_cipher_spec", arguments: Conversation.protected)
    func unknownInnerType(conversation: Conversation) throws {
        for type: UInt8 in [1, 19, 20, 24, 255] {
            try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(type)), .unexpectedMessage) {
                try $0.record(ContentType(rawValue: type), [1])
            }
        }
    }

    @Test("B-30, B-32 plaintext after the keys", arguments: Conversation.protected)
    func plaintextAfterKeys(conversation: Conversation) throws {
        try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(22)), .unexpectedMessage) { _ in
            ScriptedWriter.plaintext(.handshake, [20, 0, 0, 0])
        }
        try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(21)), .unexpectedMessage) { _ in
            ScriptedWriter.plaintext(.alert, [2, 40, 0])
        }
        if case .server(let stage) = conversation.stage, stage.allowsPlaintextAlert { return }
        try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(21)), .unexpectedMessage) { _ in
            ScriptedWriter.plaintext(.alert, [2, 40])
        }
    }

    @Test(
        "B-32 a client without keys says in plaintext that it dislikes our ServerHello",
        arguments: [ServerStage.clientCertificate, .clientFinished])
    func plaintextAlert(stage: ServerStage) throws {
        let conversation = Conversation(stage: .server(stage))
        let alert = Alert(level: .fatal, .illegalParameter)
        try conversation.fails(with: .alertReceived(alert), nil) { _ in
            ScriptedWriter.plaintext(.alert, [2, 47])
        }
        // Once a record has opened it has keys.
        try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(21)), .unexpectedMessage) {
            try $0.record(.alert, [1, 90]) + ScriptedWriter.plaintext(.alert, [2, 47])
        }
    }

    @Test("B-33 application data before Finished, also empty", arguments: Conversation.unconnected)
    func applicationData(conversation: Conversation) throws {
        for content: [UInt8] in [[1, 2, 3], []] {
            try conversation.fails(with: .peerMisbehaved(.unexpectedApplicationData), .unexpectedMessage) {
                try $0.record(.applicationData, content)
            }
        }
    }

    @Test("B-32 handshake and alert records without content", arguments: Conversation.all)
    func emptyRecords(conversation: Conversation) throws {
        for type in [ContentType.handshake, .alert] {
            for padding in conversation.isProtected ? [0, 1, 300] : [0] {
                try conversation.fails(with: .peerMisbehaved(.emptyRecord), .unexpectedMessage) {
                    try $0.record(type, [], padding: padding)
                }
            }
        }
    }

    @Test("B-32 padding only", arguments: Conversation.protected)
    func paddingOnly(conversation: Conversation) throws {
        for count in [1, 2, 100, 16384] {
            try conversation.fails(with: .peerMisbehaved(.emptyRecord), .unexpectedMessage) {
                try $0.record(ContentType(rawValue: 0), [UInt8](repeating: 0, count: count))
            }
        }
        // Not even a type.
        try conversation.fails(with: .peerMisbehaved(.emptyRecord), .unexpectedMessage) { peer in
            if let client = peer as? ScriptedClient { return try client.writer.seal([], suffix: []) }
            guard let server = peer as? ScriptedServer else { return [] }
            return try server.writer.seal([], suffix: [])
        }
    }

    @Test("B-09 a record that is too long, told by its header alone", arguments: Conversation.all)
    func recordOverflow(conversation: Conversation) throws {
        let (type, limit) =
            conversation.isProtected ? (ContentType.applicationData, 16384 + 256) : (.handshake, 16384)
        for count in [limit + 1, 65535] {
            try conversation.fails(with: .invalidMessage(.recordOverflow), .recordOverflow) { _ in
                ScriptedWriter.header(type, count)
            }
        }
        // The longest that is allowed is waited for, and so is one of which only the header has come.
        let header = ScriptedWriter.header(type, limit)
        switch conversation.stage {
        case .server(let stage):
            let (server, _) = try stage.start()
            try server.receive(header)
            #expect(server.pending == header)
        case .client(let stage):
            let (client, _) = try stage.start()
            try client.receive(header)
            #expect(client.pending == header)
        }
    }

    @Test("B-32 an inner plaintext that is too long", arguments: Conversation.protected)
    func innerPlaintextOverflow(conversation: Conversation) throws {
        for (count, padding) in [(16385, 0), (16384, 1), (1, 16384)] {
            try conversation.fails(with: .invalidMessage(.recordOverflow), .recordOverflow) {
                try $0.record(.applicationData, [UInt8](repeating: 1, count: count), padding: padding)
            }
        }
    }

    @Test("The longest records, padded or not", arguments: Conversation.connected)
    func longestRecords(conversation: Conversation) throws {
        for (count, padding) in [(16384, 0), (1, 16383), (10000, 6384)] {
            let content = [UInt8](repeating: 7, count: count)
            let (events, received) = try conversation.takes {
                try $0.record(.applicationData, content, padding: padding)
            }
            #expect(events == ["applicationData"])
            #expect(received == content)
        }
    }

    @Test("A record that does not open", arguments: Conversation.protected)
    func badRecordMAC(conversation: Conversation) throws {
        // Every byte of the tag, the first of the body; the header's version, which is part of what is authenticated.
        for index in [1, 2, 5, 8, 12, 23] {
            try conversation.fails(with: .invalidMessage(.recordNotAuthentic), .badRecordMAC) {
                var record = try $0.record(.alert, [2, 40])
                record[index] ^= 1
                return record
            }
        }
        for count in [0, 1, 15, 16, 17] {
            try conversation.fails(with: .invalidMessage(.recordNotAuthentic), .badRecordMAC) { _ in
                ScriptedWriter.plaintext(.applicationData, [UInt8](repeating: 0, count: count))
            }
        }
    }

    @Test("A record twice, and one left out", arguments: Conversation.connected)
    func sequence(conversation: Conversation) throws {
        try conversation.fails(with: .invalidMessage(.recordNotAuthentic), .badRecordMAC) {
            let record = try $0.record(.applicationData, [1])
            return record + record
        }
        try conversation.fails(with: .invalidMessage(.recordNotAuthentic), .badRecordMAC) {
            _ = try $0.record(.applicationData, [1])
            return try $0.record(.applicationData, [2])
        }
    }

    @Test("B-30 any legacy_record_version will do when it is what was authenticated")
    func recordVersion() throws {
        for version: UInt16 in [0, 0x0300, 0x0301, 0x0304, 0xFFFF] {
            let (server, client) = try ServerStage.clientHello.start()
            try server.receive(ScriptedWriter.plaintext(.handshake, client.helloBytes, version: version))
            try client.receive(server.takeOutput())
            try server.receive(try client.finishedRecord())
            try server.receive(try client.writer.record(.applicationData, [1], version: version))
            #expect(server.received == [1])

            let (connected, peer) = try ClientStage.connected.start()
            try connected.receive(try peer.writer.record(.applicationData, [1], version: version))
            #expect(connected.received == [1])
        }
    }

    @Test("B-32 other records between the parts of a message", arguments: Conversation.all)
    func interleaving(conversation: Conversation) throws {
        let half: [UInt8] = [20, 0, 0, 32, 1]
        for alert: [UInt8] in [[1, 0], [1, 90]] {
            try conversation.fails(with: .peerMisbehaved(.interleavedRecord), .unexpectedMessage) {
                try $0.record(.handshake, half) + $0.record(.alert, alert)
            }
        }
        // An error alert ends the connection there as anywhere.
        try conversation.fails(with: .alertReceived(Alert(.internalError)), nil) {
            try $0.record(.handshake, half) + $0.record(.alert, [2, 80])
        }
        if conversation.isProtected {
            for content: [UInt8] in [[1], []] {
                try conversation.fails(with: .peerMisbehaved(.interleavedRecord), .unexpectedMessage) {
                    try $0.record(.handshake, half) + $0.record(.applicationData, content)
                }
            }
        }
        if conversation.allowsChangeCipherSpec {
            try conversation.fails(with: .peerMisbehaved(.interleavedRecord), .unexpectedMessage) {
                try $0.record(.handshake, half) + ScriptedWriter.plaintext(.changeCipherSpec, [1])
            }
        }
    }

    @Test("Empty application data: 32 in a row, and no more", arguments: Conversation.connected)
    func emptyApplicationData(conversation: Conversation) throws {
        let (events, received) = try conversation.takes { peer in
            var bytes: [UInt8] = []
            for number in 0..<100 {
                bytes += try peer.record(.applicationData, number % 33 == 32 ? [1] : [], padding: number)
            }
            return bytes
        }
        #expect(events == ["applicationData", "applicationData", "applicationData"])
        #expect(received == [1, 1, 1])
        try conversation.fails(with: .peerMisbehaved(.tooManyEmptyRecords), .unexpectedMessage) { peer in
            var bytes: [UInt8] = []
            for _ in 0..<33 { bytes += try peer.record(.applicationData, []) }
            return bytes
        }
    }

    @Test("B-35 change_cipher_spec", arguments: Conversation.all)
    func changeCipherSpec(conversation: Conversation) throws {
        let good = ScriptedWriter.plaintext(.changeCipherSpec, [1])
        for content: [UInt8] in [[], [0], [2], [1, 1]] {
            try conversation.fails(with: .peerMisbehaved(.unexpectedChangeCipherSpec), .unexpectedMessage) { _ in
                ScriptedWriter.plaintext(.changeCipherSpec, content)
            }
        }
        guard conversation.allowsChangeCipherSpec else {
            return try conversation.fails(with: .peerMisbehaved(.unexpectedChangeCipherSpec), .unexpectedMessage) { _ in
                good
            }
        }
        let allowed = [[UInt8]](repeating: good, count: Limits.changeCipherSpecs).flatMap { $0 }
        #expect(try conversation.takes { _ in allowed }.events.isEmpty)
        try conversation.fails(with: .peerMisbehaved(.unexpectedChangeCipherSpec), .unexpectedMessage) { _ in
            allowed + good
        }
    }

    @Test("Garbage before the first byte of TLS: HTTP, SSH, SSL 2, zeros")
    func garbage() throws {
        let http = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        let ssh = Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)
        let ssl2: [UInt8] = [0x80, 0x2E, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10]
        for bytes in [http, ssh, ssl2, [UInt8](repeating: 0, count: 100), [UInt8](repeating: 255, count: 100)] {
            let conversation = Conversation(stage: .server(.clientHello))
            try conversation.fails(with: .peerMisbehaved(.unexpectedRecord(bytes[0])), .unexpectedMessage) { _ in bytes
            }
        }
        // Less than a header tells nothing yet.
        let (server, _) = try ServerStage.clientHello.start()
        try server.receive(Array(http.prefix(4)))
        #expect(server.pending.count == 4)
    }
}
