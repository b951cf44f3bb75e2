import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// What both roles' connections have in common.
protocol Endpoint: ~Copyable {
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError)
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    /// Sends application data before the handshake is complete.
    mutating func sendEarly(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func close(output: inout [UInt8])
    mutating func takeKeyLog() -> [UInt8]
    var isEstablished: Bool { get }
}

extension ServerConnection: Endpoint {
    mutating func sendEarly(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try answerEarlyData(plaintext, output: &output)
    }
}

extension ClientConnection: Endpoint {
    mutating func sendEarly(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try sendEarlyData(plaintext, output: &output)
    }
}

/// One connection in the place of one side of a trace.
struct EndpointReplay<Connection: Endpoint & ~Copyable>: ~Copyable {
    private var connection: Connection
    private let side: Trace.Sender
    private let trace: Trace
    /// What the connection has sent and no record of the trace has been compared with.
    private var output: [UInt8]
    private var index = 0

    init(_ connection: consuming Connection, _ side: Trace.Sender, _ trace: Trace, output: [UInt8] = []) {
        self.connection = connection
        self.side = side
        self.trace = trace
        self.output = output
    }

    /// Feeds the records of the peer, compares those of this side with what the connection sends, and then its secrets.
    mutating func run(_ report: inout LevelReport) throws {
        for record in try trace.openedRecords() { try take(record, &report) }
        finish(&report)
    }

    private mutating func take(_ record: OpenedRecord, _ report: inout LevelReport) throws {
        index += 1
        if record.sender != side { return try feed(record, &report) }
        switch record.type {
        case .applicationData where !connection.isEstablished:
            try connection.sendEarly(record.content.span, output: &output)
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
            case .applicationData(let range), .earlyData(let range):
                for offset in range { received.append(span[offset]) }
            case .closeNotify: hasPeerClosed = true
            case .needs(let need): try connection.resume(with: decide(need, &report), output: &output)
            case .sessionTicket(let session):
                report.compare(
                    TraceValue.ticketPreSharedKey.rawValue, published: trace.values[.ticketPreSharedKey] ?? [],
                    ours: session.preSharedKey)
            default: break
            }
        }
        guard record.type == .applicationData || record.type == .alert else { return }
        report.compare(
            "what the \(side) received in record \(index)", published: record.content,
            ours: hasPeerClosed ? [1, 0] : received)
    }

    /// The peer is trusted. The published signature is given, if it is one of what there is to sign.
    private func decide(_ need: Need, _ report: inout LevelReport) throws -> Decision {
        guard case .signature(let request) = need else { return .accept }
        let signature = try trace.published(side, .certificateVerify).signature
        let key = try request.credential.chain.first?.publicKey()
        if key?.isValidSignature(signature.span, over: request.content.span, scheme: request.scheme) != true {
            report.fail("the published signature is not one of what the \(side) would sign")
        }
        return .signature(signature)
    }

    /// Compares the secrets of the key log.
    private mutating func finish(_ report: inout LevelReport) {
        if !connection.isEstablished { report.fail("the handshake is not complete") }
        if !output.isEmpty { report.fail("\(output.count) bytes sent that are not in the trace") }
        let secrets = Self.secrets(inKeyLog: connection.takeKeyLog())
        var early: [(String, TraceValue)] = []
        if trace.scenario == .resumed0RTT {
            early = [
                ("CLIENT_EARLY_TRAFFIC_SECRET", .clientEarlyTraffic), ("EARLY_EXPORTER_SECRET", .earlyExporter),
            ]
        }
        for (label, value) in early + [
            ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", .clientHandshakeTraffic),
            ("SERVER_HANDSHAKE_TRAFFIC_SECRET", .serverHandshakeTraffic),
            ("CLIENT_TRAFFIC_SECRET_0", .clientApplicationTraffic),
            ("SERVER_TRAFFIC_SECRET_0", .serverApplicationTraffic),
            ("EXPORTER_SECRET", .exporter),
        ] {
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
