public import Foundation

/// A program of this machine that tests run.
public struct Tool: Sendable {
    /// What a program left behind.
    public struct Outcome: Sendable {
        /// The exit code, or the number of the signal that ended it.
        public let status: Int32
        /// What it wrote to standard output.
        public let output: [UInt8]
        /// What it wrote to standard error, as text.
        public let errors: String
    }

    /// There is no such program, or it failed.
    public struct Failure: Error, CustomStringConvertible {
        /// One sentence.
        public let description: String

        /// A failure with this sentence.
        public init(description: String) {
            self.description = description
        }
    }

    /// Where it is.
    public let executable: URL

    /// Finds the program `name` in the folders of PATH.
    ///
    /// - Throws: `Failure`, which names the program and says that it must be installed.
    public init(_ name: String) throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let candidates = path.split(separator: ":").map { URL(filePath: String($0)).appending(path: name) }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw Failure(description: "this test needs the program \"\(name)\": install it, or put it into PATH")
        }
        executable = found
    }

    /// Runs the program to its end in an empty folder of its own.
    ///
    /// - Parameters:
    ///   - input: what it reads from standard input.
    ///   - files: files that it finds in its folder.
    public func run(
        _ arguments: [String], input: [UInt8] = [], files: [String: [UInt8]] = [:]
    ) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in files.merging(["standard-input": input], uniquingKeysWith: { file, _ in file }) {
            try Data(bytes).write(to: folder.appending(path: name))
        }
        for name in ["standard-output", "standard-error"] {
            try Data().write(to: folder.appending(path: name))
        }
        // Files and not pipes: nothing can fill up and wait.
        let process = try ChildProcess(
            executable, arguments, in: folder,
            input: FileHandle(forReadingFrom: folder.appending(path: "standard-input")),
            output: FileHandle(forWritingTo: folder.appending(path: "standard-output")),
            errors: FileHandle(forWritingTo: folder.appending(path: "standard-error")))
        return Outcome(
            status: process.waitUntilExit(),
            output: [UInt8](try Data(contentsOf: folder.appending(path: "standard-output"))),
            errors: String(
                decoding: try Data(contentsOf: folder.appending(path: "standard-error")), as: UTF8.self))
    }

    /// Runs the program and expects it to end with 0.
    ///
    /// - Returns: what it wrote to standard output.
    public func callAsFunction(
        _ arguments: String..., input: [UInt8] = [], files: [String: [UInt8]] = [:]
    ) throws -> [UInt8] {
        try output(of: arguments, input: input, files: files)
    }

    /// Runs the program and expects it to end with 0.
    ///
    /// - Returns: what it wrote to standard output.
    public func output(
        of arguments: [String], input: [UInt8] = [], files: [String: [UInt8]] = [:]
    ) throws -> [UInt8] {
        let outcome = try run(arguments, input: input, files: files)
        guard outcome.status == 0 else {
            let command = ([executable.lastPathComponent] + arguments).joined(separator: " ")
            throw Failure(description: "\(command) ended with \(outcome.status): \(outcome.errors)")
        }
        return outcome.output
    }
}
