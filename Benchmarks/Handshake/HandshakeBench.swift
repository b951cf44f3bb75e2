import Foundation
import GatehouseCrypto
import GatehouseTLS

@main
enum HandshakeBench {
    static func main() {
        do {
            guard let options = try Options(Array(CommandLine.arguments.dropFirst())) else {
                print(Options.help)
                return
            }
            try run(options)
        } catch let failure as Options.Failure {
            Report.fail(failure.description)
            exit(2)
        } catch {
            Report.endProgress()
            Report.fail("\(error)")
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        let benchmarks = try chosen(options.only)
        guard !benchmarks.isEmpty else {
            throw Options.Failure(description: "no benchmark has such a name")
        }
        var measurements: [Measurement] = []
        for (index, benchmark) in benchmarks.enumerated() {
            Report.showProgress(index + 1, of: benchmarks.count, benchmark.name)
            measurements.append(try benchmark.run(seconds: options.seconds))
        }
        Report.endProgress()
        let results = measurements.flatMap(\.results)
        Report.printTable(results)
        Report.printCalls(measurements.flatMap(\.calls))
        if let file = options.jsonFile { try Report.write(results, to: file) }
    }

    /// Every cipher suite with every group and kind of certificate whose benchmark has such a name.
    private static func chosen(_ pattern: NamePattern) throws -> [Benchmark] {
        let identities = try [KeyAlgorithm.p256, .rsa(bits: 2048), .ed25519].map { try Identity($0) }
        var benchmarks: [Benchmark] = []
        for suite in CipherSuite.supported {
            for group in NamedGroup.supported {
                for identity in identities
                where pattern.matches(Benchmark.name(suite, group, identity.name)) {
                    benchmarks.append(try Benchmark(suite, group, identity))
                }
            }
        }
        return benchmarks
    }
}
