import Foundation
import TraceReplay

private let parser = OptionParser(
    usage: "vectors [FILE|DIR]",
    summary: """
        Runs published connections (RFC 8448) and prints what was compared, one line for each trace and level. FILE is a \
        JSON file or a text in the layout of the RFC; DIR holds such files. Without it, Vectors/rfc8448 of the current \
        directory is taken. The exit code is 1 when anything differs.
        """,
    options: [],
    operands: 0...1)

/// `gatehouse vectors`.
@Sendable func runVectors(_ arguments: [String]) async throws -> Int32 {
    guard let options = try parser.parse(arguments) else {
        Console.say(parser.help)
        return 0
    }
    let files = try VectorFile.files(at: options.operands.first ?? "Vectors/rfc8448")
    var summary = VectorSummary()
    for file in files {
        let set = try file.load()
        for trace in set.traces {
            for level in TraceLevel.allCases { summary.add(set.run(level, on: trace), trace) }
        }
    }
    Console.say(summary.conclusion)
    return summary.differing == 0 ? 0 : 1
}

/// A file of traces.
private struct VectorFile {
    let path: String
    let isJSON: Bool

    /// `nil` for a file of another kind.
    init?(_ path: String) {
        guard path.hasSuffix(".json") || path.hasSuffix(".txt") else { return nil }
        self.path = path
        isJSON = path.hasSuffix(".json")
    }

    /// The file at `path`, or all files of a directory.
    static func files(at path: String) throws(UsageError) -> [VectorFile] {
        guard FileManager.default.fileExists(atPath: path) else { throw UsageError("no file or directory \(path)") }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            guard let file = VectorFile(path) else { throw UsageError("\(path) is no .json and no .txt") }
            return [file]
        }
        let files = names.sorted().compactMap { VectorFile("\(path)/\($0)") }
        guard !files.isEmpty else { throw UsageError("no .json and no .txt in \(path)") }
        return files.filter(\.isJSON) + files.filter { !$0.isJSON }
    }

    func load() throws(UsageError) -> TraceSet {
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            let set =
                if isJSON {
                    try JSONDecoder().decode(TraceSet.self, from: data)
                } else {
                    try TraceSet(TextLayout(String(decoding: data, as: UTF8.self)), name: "draft")
                }
            guard !set.traces.isEmpty else { throw UsageError("\(path) holds no traces") }
            return set
        } catch let error as UsageError {
            throw error
        } catch let error as TextError {
            throw UsageError("\(path): \(error)")
        } catch let error as DecodingError {
            throw UsageError("\(path): \(Self.explain(error))")
        } catch {
            throw UsageError("cannot read \(path): \(error.localizedDescription)")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .keyNotFound(let key, _): return "no member \"\(key.stringValue)\""
        case .dataCorrupted(let found), .typeMismatch(_, let found), .valueNotFound(_, let found): context = found
        @unknown default: return "\(error)"
        }
        let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    }
}

/// The table, and what it comes to.
private struct VectorSummary {
    private var rows = 0
    private var compared = 0
    private(set) var differing = 0

    mutating func add(_ report: LevelReport, _ trace: Trace) {
        rows += 1
        compared += report.compared
        if !report.differences.isEmpty { differing += 1 }
        let cells = [(trace.origin, 20), (trace.scenario.rawValue, 22), (report.level.rawValue, 13)]
        let row = cells.map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined()
        Console.say("\(row) \(Self.verdict(report))\n")
        for difference in report.differences { Console.say("    \(difference)\n") }
    }

    private static func verdict(_ report: LevelReport) -> String {
        report.differences.isEmpty
            ? "\(report.compared) equal" : "\(report.differences.count) of \(report.compared) DIFFER"
    }

    var conclusion: String {
        let result = differing == 0 ? "all equal" : "rows that DIFFER: \(differing)"
        return "\(rows) rows, \(compared) comparisons: \(result)\n"
    }
}
