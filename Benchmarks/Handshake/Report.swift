import Foundation

/// How results are shown.
enum Report {
    /// One result as `--json` writes it.
    private struct Row: Encodable {
        let name: String
        let side: String
        let perSecond: Double
        let microseconds: Double
        let floorMicroseconds: Double
        let ratio: Double
    }

    /// Rewrites the progress line on the standard error stream.
    static func showProgress(_ done: Int, of total: Int, _ name: String) {
        show("\r\u{1B}[K[\(done)/\(total)] \(name)")
    }

    static func endProgress() {
        show("\r\u{1B}[K")
    }

    static func fail(_ message: String) {
        show("handshake-bench: \(message)\n")
    }

    private static func show(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    static func write(_ results: [SideResult], to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let rows = results.map { result in
            Row(
                name: result.name, side: result.side.rawValue, perSecond: rounded(result.perSecond, 1),
                microseconds: rounded(result.microseconds, 2),
                floorMicroseconds: rounded(result.floorMicroseconds, 2), ratio: rounded(result.ratio, 3))
        }
        try encoder.encode(rows).write(to: URL(fileURLWithPath: file))
    }

    static func printTable(_ results: [SideResult]) {
        let width = results.map(\.name.count).max() ?? 0
        print(
            padded("handshake", width), padded("side", 6), aligned("per second", 11), aligned("µs", 9),
            aligned("floor µs", 9), aligned("ratio", 6))
        for result in results {
            print(
                padded(result.name, width), padded(result.side.rawValue, 6),
                aligned(format(result.perSecond, 0), 11), aligned(format(result.microseconds, 1), 9),
                aligned(format(result.floorMicroseconds, 1), 9), aligned(format(result.ratio, 2), 6))
        }
    }

    /// Each distinct call once: the median of what the benchmarks that make it found.
    static func printCalls(_ times: [CallTime]) {
        var order: [String] = []
        var samples: [String: [CallTime]] = [:]
        for time in times {
            if samples[time.call.name] == nil { order.append(time.call.name) }
            samples[time.call.name, default: []].append(time)
        }
        let width = order.map(\.count).max() ?? 0
        print("\nThe floor: libcrypto's calls, how often each side makes them in a handshake, and the time of one")
        print(padded("call", width), aligned("server", 7), aligned("client", 7), aligned("µs", 9))
        for name in order {
            guard let all = samples[name], let call = all.first?.call else { continue }
            let median = all.map(\.microseconds).sorted()[all.count / 2]
            print(
                padded(name, width), aligned("\(call.server)", 7), aligned("\(call.client)", 7),
                aligned(format(median, 2), 9), call.isInFloor ? "" : " (beside the floor)")
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func aligned(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func format(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    private static func rounded(_ value: Double, _ digits: Int) -> Double {
        let scale = pow(10, Double(digits))
        return (value * scale).rounded() / scale
    }
}
