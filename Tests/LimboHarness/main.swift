import Foundation

// Reads a file of x509-limbo's cases on standard input and writes its report on standard output.
do {
    let suite = try LimboSuite(json: FileHandle.standardInput.readDataToEndOfFile())
    let runner = LimboRunner(now: Int64(Date().timeIntervalSince1970))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    FileHandle.standardOutput.write(try encoder.encode(LimboReport(results: suite.testcases.map(runner.run))))
} catch {
    FileHandle.standardError.write(Data("limbo-harness: \(error)\n".utf8))
    exit(2)
}
