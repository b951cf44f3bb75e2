import GatehouseCrypto
import GatehouseTLS

/// A record of a trace with what it carries.
struct OpenedRecord {
    let sender: Trace.Sender
    let bytes: [UInt8]
    let type: ContentType
    let content: [UInt8]

    /// The numbers of RFC 9846 §5.1.
    enum ContentType: UInt8 {
        case changeCipherSpec = 20
        case alert
        case handshake
        case applicationData
    }
}

extension Trace {
    /// Opens every record under the published secrets, seals it again, and compares what all of them carry with what
    /// is published.
    func checkRecords(_ report: inout LevelReport) throws -> [OpenedRecord] {
        var client = try SenderRecords(.client, self)
        var server = try SenderRecords(.server, self)
        var opened: [OpenedRecord] = []
        for (index, record) in records.enumerated() {
            let name = "record \(index + 1), the \(record.sender)'s"
            do {
                let (result, resealed) =
                    switch record.sender {
                    case .client: try client.open(record.bytes)
                    case .server: try server.open(record.bytes)
                    }
                report.compare(name, published: record.bytes, ours: resealed)
                if let content = record.content {
                    report.compare("what \(name) carries", published: content, ours: result.content)
                }
                opened.append(result)
            } catch {
                report.fail("\(name): \(error)")
            }
        }
        compareContent(opened, &report)
        return opened
    }

    /// Everything that one side sent, put together, is what it is said to have sent.
    private func compareContent(_ opened: [OpenedRecord], _ report: inout LevelReport) {
        for sender in [Sender.client, .server] {
            func sent(_ type: OpenedRecord.ContentType) -> [UInt8] {
                opened.filter { $0.sender == sender && $0.type == type }.flatMap(\.content)
            }
            report.compare(
                "the \(sender)'s messages", published: messages.filter { $0.sender == sender }.flatMap(\.bytes),
                ours: sent(.handshake))
            let data: [TraceValue] =
                sender == .client ? [.earlyApplicationData, .clientApplicationData] : [.serverApplicationData]
            for value in data where values[value] == nil && scenario.requiredValues.contains(value) {
                report.fail("\(value.rawValue): missing from the trace")
            }
            report.compare(
                "the \(sender)'s application data", published: data.flatMap { values[$0] ?? [] },
                ours: sent(.applicationData))
            // All traces end with a close_notify from both sides (RFC 9846 §6.1).
            report.compare("the \(sender)'s alerts", published: [1, 0], ours: sent(.alert))
        }
    }
}

/// The records of one side: which keys come next, and when.
private struct SenderRecords: ~Copyable {
    private let sender: Trace.Sender
    private let parameters: CipherSuiteParameters
    /// The traffic secrets that are not in use yet, in the order of their epochs.
    private var secrets: [[UInt8]]
    private var isProtected = false
    private var codec: RecordCodec

    init(_ sender: Trace.Sender, _ trace: Trace) throws {
        guard let parameters = CipherSuiteParameters(trace.cipherSuite) else { throw ReplayError.unknownCipherSuite }
        let secrets = try Self.secrets(sender, trace)
        self.sender = sender
        self.parameters = parameters
        self.secrets = secrets
        codec = RecordCodec()
    }

    private static func secrets(_ sender: Trace.Sender, _ trace: Trace) throws -> [[UInt8]] {
        switch sender {
        case .client:
            let early = trace.values[.clientEarlyTraffic].map { [$0] } ?? []
            return early + [
                try trace.published(.clientHandshakeTraffic), try trace.published(.clientApplicationTraffic),
            ]
        case .server:
            return [try trace.published(.serverHandshakeTraffic), try trace.published(.serverApplicationTraffic)]
        }
    }

    mutating func open(_ record: [UInt8]) throws -> (OpenedRecord, resealed: [UInt8]) {
        let outerType = record.first.flatMap(OpenedRecord.ContentType.init)
        if outerType == .applicationData, !isProtected {
            isProtected = true
            try installNextSecret()
        }
        let opened = try codec.reseal(record)
        guard let type = OpenedRecord.ContentType(rawValue: opened.contentType) else {
            throw TLSError.peerMisbehaved(.unexpectedRecord(opened.contentType))
        }
        if isProtected, type == .handshake, Self.endsEpoch(opened.content) { try installNextSecret() }
        return (
            OpenedRecord(sender: sender, bytes: record, type: type, content: opened.content), opened.resealed
        )
    }

    private mutating func installNextSecret() throws {
        guard !secrets.isEmpty else { return }
        let next = secrets.removeFirst()
        try codec.install(TrafficSecret(parameters.hash, Secret(copying: next.span)), parameters.aead)
    }

    /// Whether these whole messages end with EndOfEarlyData or Finished, after which the keys change.
    private static func endsEpoch(_ content: [UInt8]) -> Bool {
        var rest = content[...]
        var last: HandshakeType?
        while rest.count >= Trace.Message.headerLength {
            last = rest.first.map(HandshakeType.init)
            let count = rest.dropFirst().prefix(3).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(Trace.Message.headerLength + count)
        }
        return last == .endOfEarlyData || last == .finished
    }
}
