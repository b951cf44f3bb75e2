import Foundation

// With `--sanitize=fuzzer -Xswiftc -DFUZZING` this is a libFuzzer program: `--target=NAME` says what is fed, all other
// arguments are libFuzzer's. Without, it feeds the targets with the files of a corpus, or writes seeds.
#if FUZZING
    private let target: FuzzTarget = {
        let prefix = "--target="
        let name = CommandLine.arguments.first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count) ?? ""
        guard let target = FuzzTarget(rawValue: String(name)) else {
            preconditionFailure("no --target=, one of \(FuzzTarget.allCases.map(\.rawValue))")
        }
        return target
    }()

    /// What libFuzzer calls with each input.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func fuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        target.run(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    }
#else
    @main
    enum Fuzz {
        static func main() throws {
            let arguments = CommandLine.arguments
            if arguments.count == 3, arguments[1] == "--write-seeds" {
                try Corpus(folder: URL(filePath: arguments[2])).writeSeeds()
            } else if arguments.count == 2 {
                for target in FuzzTarget.allCases {
                    let count = try Corpus(folder: URL(filePath: arguments[1])).run(target)
                    print("\(target.rawValue): \(count) files")
                }
            } else {
                print("usage: fuzz CORPUS | fuzz --write-seeds CORPUS")
                exit(2)
            }
        }
    }
#endif

/// A folder for each target, with one file for each input.
struct Corpus {
    let folder: URL

    private func files(_ target: FuzzTarget) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: target.rawValue), includingPropertiesForKeys: nil)
    }

    /// Feeds the target with its files and the seeds; returns how many there were.
    func run(_ target: FuzzTarget) throws -> Int {
        let inputs = try files(target).map { [UInt8](try Data(contentsOf: $0)) } + target.seeds
        for input in inputs { target.run(input) }
        return inputs.count
    }

    func writeSeeds() throws {
        for target in FuzzTarget.allCases where !target.seeds.isEmpty {
            let directory = folder.appending(path: target.rawValue)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            for (index, seed) in target.seeds.enumerated() {
                try Data(seed).write(to: directory.appending(path: "seed-\(index + 1)"))
            }
        }
    }
}
