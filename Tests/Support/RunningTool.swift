public import Foundation
internal import Synchronization

/// A program that runs beside the test, in an empty folder of its own.
///
/// What it writes goes to files: nothing fills up and waits. If it runs for longer than a quarter of an hour, which is
/// nothing that a busy machine brings about, it is killed.
public final class RunningTool: Sendable {
    /// What the program reads from standard input.
    public enum Input: Sendable {
        /// These bytes, then the end.
        case bytes([UInt8])
        /// Nothing, and no end before `endInput()`.
        case open
    }

    /// The program did not do what the test waits for.
    public struct Failure: Error, CustomStringConvertible {
        /// One sentence, and what the program wrote.
        public let description: String
    }

    private static let longestRun = 900.0
    private static let pollInterval = Duration.milliseconds(10)

    private let name: String
    private let process: ChildProcess
    private let folder: URL
    private let inputPipe: Pipe?
    private let exit: Exit

    /// The end, and who waits for it.
    private final class Exit: Sendable {
        private let state = Mutex(State())

        private struct State {
            var status: Int32?
            var waiters: [CheckedContinuation<Int32, Never>] = []
        }

        var status: Int32? { state.withLock { $0.status } }

        func ended(_ status: Int32) {
            let waiters = state.withLock { state in
                state.status = status
                return state.waiters
            }
            for waiter in waiters { waiter.resume(returning: status) }
        }

        func wait() async -> Int32 {
            await withCheckedContinuation { continuation in
                let status = state.withLock { state in
                    if state.status == nil { state.waiters.append(continuation) }
                    return state.status
                }
                if let status { continuation.resume(returning: status) }
            }
        }
    }

    /// Starts the program.
    public init(_ executable: URL, _ arguments: [String], input: Input = .bytes([])) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["standard-output", "standard-error"] { try Data().write(to: folder.appending(path: name)) }
        let source: FileHandle
        switch input {
        case .bytes(let bytes):
            inputPipe = nil
            try Data(bytes).write(to: folder.appending(path: "standard-input"))
            source = try FileHandle(forReadingFrom: folder.appending(path: "standard-input"))
        case .open:
            let pipe = Pipe()
            inputPipe = pipe
            source = pipe.fileHandleForReading
        }
        name = executable.lastPathComponent
        self.folder = folder
        let exit = Exit()
        self.exit = exit
        process = try ChildProcess(
            executable, arguments, in: folder, input: source,
            output: FileHandle(forWritingTo: folder.appending(path: "standard-output")),
            errors: FileHandle(forWritingTo: folder.appending(path: "standard-error")),
            whenEnded: { exit.ended($0) })
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.longestRun) { [weak process] in
            process?.send(SIGKILL)
        }
    }

    deinit {
        process.send(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    /// What it has written to standard output so far.
    public var output: String { contents("standard-output") }
    /// What it has written to standard error so far.
    public var errors: String { contents("standard-error") }

    private func contents(_ name: String) -> String {
        let data = (try? Data(contentsOf: folder.appending(path: name))) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// Waits until `find` finds something in what the program has written to either output.
    ///
    /// - Throws: `Failure` when the program ends without that.
    @discardableResult
    public func wait<Found>(for what: String, _ find: (_ written: String) -> Found?) async throws -> Found {
        while true {
            let hasEnded = exit.status != nil
            if let found = find(output + errors) { return found }
            guard !hasEnded else {
                throw Failure(description: "\(name) ended without \(what): \(output)\(errors)")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Writes to the program's standard input, which must be open.
    public func write(_ bytes: [UInt8]) throws {
        try inputPipe?.fileHandleForWriting.write(contentsOf: Data(bytes))
    }

    /// Ends the program's standard input.
    public func endInput() throws {
        try inputPipe?.fileHandleForWriting.close()
    }

    /// Waits for the program's end; returns its exit code, or the number of the signal that ended it.
    public func end() async -> Int32 {
        await exit.wait()
    }

    /// Sends SIGTERM and waits for the end.
    public func terminate() async -> Int32 {
        process.send(SIGTERM)
        return await end()
    }

    /// Kills the program, for those that do not listen to SIGTERM, and waits for the end.
    public func kill() async {
        process.send(SIGKILL)
        _ = await end()
    }
}
