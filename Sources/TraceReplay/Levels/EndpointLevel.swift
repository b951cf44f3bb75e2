import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// What both roles' connections have in common.
protocol Endpoint: ~Copyable {
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func close(output: inout [UInt8])
    mutating func takeKeyLog() -> [UInt8]
    var isEstablished: Bool { get }
}

extension ServerConnection: Endpoint {}
extension ClientConnection: Endpoint {}

extension TraceSet {
    /// The record_size_limit of the traces' EncryptedExtensions: that of a full TLSInnerPlaintext (RFC 8449 §4).
    private static let recordSizeLimit = 16385
    /// The groups of the traces' EncryptedExtensions: five curves, and the five finite fields of RFC 7919.
    private static let announcedGroups: [NamedGroup] =
        [.x25519, .secp256r1, .secp384r1, .secp521r1] + (0x0100...0x0104).map(NamedGroup.init)

    /// A server with the trace's random, key share and signature gets the client's records.
    func checkServer(_ trace: Trace, _ report: inout LevelReport) throws {
        if let feature = trace.scenario.missingFeature { return report.postpone(feature) }
        let certificate = try trace.published(.server, .certificate).certificate
        var configuration = try ServerConfiguration(credentials: [
            Credential(
                chain: [Certificate(der: certificate)], key: PrivateKey(der: rsaPrivateKey), minimumRSABits: 1024)
        ])
        configuration.groups = [trace.group]
        configuration.announcedGroups = Self.announcedGroups
        configuration.recordSizeLimit = Self.recordSizeLimit
        configuration.collectsKeyLog = true
        let replay = Replay(
            random: try trace.published(.server, .serverHello).random,
            privateKey: try trace.published(.serverPrivateKey),
            signature: try trace.published(.server, .certificateVerify).signature)
        var server = EndpointReplay(ServerConnection(configuration, now: 0, replay: replay), .server)
        for record in try trace.openedRecords() { try server.take(record, &report) }
        server.finish(trace, &report)
    }

    /// A client with the trace's ClientHello and private key gets the server's records.
    func checkClient(_ trace: Trace, _ report: inout LevelReport) throws {
        if let feature = trace.scenario.missingFeature { return report.postpone(feature) }
        var configuration = ClientConfiguration(verification: .dangerouslyAcceptAnyCertificate)
        configuration.groups = [trace.group]
        configuration.recordSizeLimit = Self.recordSizeLimit
        configuration.collectsKeyLog = true
        let connection = try ClientConnection(
            configuration, replaying: try trace.published(.client, .clientHello).bytes, group: trace.group,
            privateKey: try trace.published(.clientPrivateKey), now: 0)
        var client = EndpointReplay(connection, .client)
        // The first record is the ClientHello, which the connection has been given.
        for record in try trace.openedRecords().dropFirst() { try client.take(record, &report) }
        client.finish(trace, &report)
    }
}

extension Trace {
    /// The records, opened. One that does not open makes the level fail before a connection sees it.
    fileprivate func openedRecords() throws -> [OpenedRecord] {
        var report = LevelReport(.records)
        let opened = try checkRecords(&report)
        if let difference = report.differences.first { throw RecordsDiffer(difference: difference) }
        return opened
    }
}

private struct RecordsDiffer: Error, CustomStringConvertible {
    let difference: String
    var description: String { "the records cannot be replayed: \(difference)" }
}

/// One connection in the place of one side of a trace.
private struct EndpointReplay<Connection: Endpoint & ~Copyable>: ~Copyable {
    private var connection: Connection
    private let side: Trace.Sender
    /// What the connection has sent and no record of the trace has been compared with.
    private var output: [UInt8] = []
    /// The connection's numbers of records are no longer those of the trace.
    private var hasFallenBehind = false
    private var index = 0

    init(_ connection: consuming Connection, _ side: Trace.Sender) {
        self.connection = connection
        self.side = side
    }

    /// Feeds a record of the peer, or compares one of this side with what the connection sends.
    mutating func take(_ record: OpenedRecord, _ report: inout LevelReport) throws {
        index += 1
        if record.sender != side { return try feed(record, &report) }
        if record.type == .handshake, output.isEmpty, connection.isEstablished {
            // The only message after the handshake in these traces.
            hasFallenBehind = true
            return report.postpone("NewSessionTicket and what is numbered after it")
        }
        guard !hasFallenBehind else { return }
        switch record.type {
        case .applicationData: try connection.send(record.content.span, output: &output)
        case .alert: connection.close(output: &output)
        case .handshake, .changeCipherSpec: break  // sent already, in answer to what the peer sent
        }
        let ours = Array(output.prefix(record.bytes.count))
        output.removeFirst(ours.count)
        report.compare("record \(index) of the \(side)'s side", published: record.bytes, ours: ours)
    }

    private mutating func feed(_ record: OpenedRecord, _ report: inout LevelReport) throws {
        var buffer = record.bytes
        var span = buffer.mutableSpan
        var position = 0
        var received: [UInt8] = []
        var hasPeerClosed = false
        while let event = try connection.receive(&span, at: &position, output: &output) {
            switch event {
            case .applicationData(let range):
                for offset in range { received.append(span[offset]) }
            case .closeNotify: hasPeerClosed = true
            default: break
            }
        }
        guard record.type == .applicationData || record.type == .alert else { return }
        report.compare(
            "what the \(side) received in record \(index)", published: record.content,
            ours: hasPeerClosed ? [1, 0] : received)
    }

    /// Compares the secrets of the key log, once all records have been taken.
    mutating func finish(_ trace: Trace, _ report: inout LevelReport) {
        if !connection.isEstablished { report.fail("the handshake is not complete") }
        if !output.isEmpty { report.fail("\(output.count) bytes sent that are not in the trace") }
        let secrets = Self.secrets(inKeyLog: connection.takeKeyLog())
        for (label, value) in [
            ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", .clientHandshakeTraffic),
            ("SERVER_HANDSHAKE_TRAFFIC_SECRET", .serverHandshakeTraffic),
            ("CLIENT_TRAFFIC_SECRET_0", .clientApplicationTraffic),
            ("SERVER_TRAFFIC_SECRET_0", .serverApplicationTraffic),
            ("EXPORTER_SECRET", .exporter),
        ] as [(String, TraceValue)] {
            report.compare(value.rawValue, published: trace.values[value] ?? [], ours: secrets[label])
        }
    }

    /// The secrets by their labels (RFC 9850): each line has a label, the client's random and a secret.
    private static func secrets(inKeyLog log: [UInt8]) -> [String: [UInt8]] {
        var secrets: [String: [UInt8]] = [:]
        for line in String(decoding: log, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3 else { continue }
            secrets[String(words[0])] = Hexadecimal.decode(words[2])
        }
        return secrets
    }
}
