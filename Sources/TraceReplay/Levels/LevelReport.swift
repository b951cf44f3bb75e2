/// What is compared, from the inside out.
package enum TraceLevel: String, CaseIterable, Sendable {
    /// Every secret, key, IV, hash, Finished and binder comes out of the key schedule.
    case keySchedule = "key schedule"
    /// Every message decodes, and encodes to the same bytes.
    case messages
    /// Every record opens, and seals to the same bytes.
    case records
    /// A server fed with the client's records sends the server's and reaches the secrets.
    case server
    /// A client fed with the server's records sends the client's and reaches the secrets.
    case client
}

/// What one level found in one trace.
package struct LevelReport: Sendable {
    package let level: TraceLevel
    /// How many values were compared.
    package private(set) var compared = 0
    /// One line for each that differs; empty when all are equal.
    package private(set) var differences: [String] = []

    init(_ level: TraceLevel) {
        self.level = level
    }

    /// Compares a published value with ours.
    mutating func compare(_ name: String, published: [UInt8], ours: [UInt8]?) {
        compared += 1
        guard let ours else { return differences.append("\(name): nothing of ours to compare it with") }
        guard published != ours else { return }
        let offset = zip(published, ours).prefix { $0 == $1 }.count
        differences.append(
            "\(name), from byte \(offset) on: published \(Self.excerpt(published, from: offset)), "
                + "ours \(Self.excerpt(ours, from: offset))")
    }

    mutating func fail(_ difference: String) {
        compared += 1
        differences.append(difference)
    }

    private static func excerpt(_ bytes: [UInt8], from offset: Int) -> String {
        let rest = bytes.dropFirst(offset)
        let digits = Hexadecimal.encode(rest.prefix(8))
        return rest.isEmpty ? "nothing" : rest.count > 8 ? "\(digits)… (\(rest.count) bytes)" : digits
    }
}

extension TraceSet {
    /// Runs one level on one of this set's traces.
    package func run(_ level: TraceLevel, on trace: Trace) -> LevelReport {
        var report = LevelReport(level)
        do {
            switch level {
            case .keySchedule: try trace.checkKeySchedule(&report)
            case .messages: trace.checkMessages(&report)
            case .records: _ = try trace.checkRecords(&report)
            case .server: try checkServer(trace, &report)
            case .client: try checkClient(trace, &report)
            }
        } catch {
            report.fail("\(error)")
        }
        return report
    }
}
