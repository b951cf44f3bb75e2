import Foundation
import GatehouseSystem
import TestSupport

/// The command `gatehouse`, as it was built beside the tests.
final class ToolProcess: Sendable {
    /// What a process left behind.
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    static var executable: URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "gatehouse")
    }

    private let process: ChildProcess
    private let folder: URL
    var identifier: Int32 { process.identifier }

    /// Starts the command in an empty folder of its own, which holds the files. `shell` is put before it, for limits.
    init(_ arguments: [String], files: [String: String] = [:], shell: String? = nil) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        for name in ["input", "output", "errors"] where files[name] == nil {
            try Data().write(to: folder.appending(path: name))
        }
        let isLimited = shell != nil
        let limiting = ["-c", "\(shell ?? ""); exec \"$0\" \"$@\"", Self.executable.path]
        // Files and not pipes: nothing can fill up and wait.
        process = try ChildProcess(
            isLimited ? URL(filePath: "/bin/sh") : Self.executable, (isLimited ? limiting : []) + arguments, in: folder,
            input: FileHandle(forReadingFrom: folder.appending(path: "input")),
            output: FileHandle(forWritingTo: folder.appending(path: "output")),
            errors: FileHandle(forWritingTo: folder.appending(path: "errors")))
    }

    deinit {
        process.send(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
    }

    var output: String { get throws { try text("output") } }
    var errors: String { get throws { try text("errors") } }

    func contents(of file: String) throws -> String { try text(file) }

    /// The permissions of a file that the process made.
    func permissions(of file: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: file).path)
        return attributes[.posixPermissions] as? Int
    }

    /// How many descriptors the process has open.
    var descriptors: Int {
        get throws { try FileSystem.entries(of: "/proc/\(identifier)/fd", limit: .max).count }
    }

    /// The process's resident memory in KiB.
    var memory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
        }
    }

    /// Waits for the end.
    func finish() async throws -> Outcome {
        try await eventually { !self.process.isRunning }
        let status = process.waitUntilExit()
        return Outcome(status: status, output: try output, errors: try errors)
    }

    /// Sends SIGTERM and waits for the end.
    func terminate(_ signal: Int32 = SIGTERM) async throws -> Outcome {
        process.send(signal)
        return try await finish()
    }

    /// The lines of `--events`, those that are complete.
    var events: [[String: String]] {
        get throws {
            try output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return object?.mapValues { "\($0)" }
            }
        }
    }

    /// What `gatehouse serve --events` is told here: a handshake may take its time.
    static let serve = ["serve", "--events", "--handshake-timeout", "3600"]

    /// Starts `gatehouse serve --events`, on a port of the system's choice unless one is given, and waits until it
    /// listens.
    static func serving(
        _ arguments: [String] = [], port: UInt16 = 0, files: [String: String] = [:], shell: String? = nil
    ) async throws -> (process: ToolProcess, endpoint: Endpoint) {
        let process = try ToolProcess(serve + ["--port", "\(port)"] + arguments, files: files, shell: shell)
        return (process, Endpoint(address: .localHost, port: try await process.port()))
    }

    /// Waits until the server listens; tells where.
    func port() async throws -> UInt16 {
        // Connections may be told of before: another process may have listened on the socket already.
        try await eventually { try self.tells(of: "listening") > 0 || !self.process.isRunning }
        let listening = try events.first { $0["event"] == "listening" }
        guard let port = listening?["port"].flatMap({ UInt16($0) }) else {
            throw HandshakeFailure(reason: try errors)
        }
        return port
    }

    /// Waits until a line of `--events` tells of `event`.
    func wait(for event: String) async throws {
        try await eventually { try self.tells(of: event) > 0 }
    }

    /// How many lines of `--events` tell of `event`.
    func tells(of event: String) throws -> Int { try events.count { $0["event"] == event } }
}

/// Runs the command to its end.
func gatehouse(_ arguments: String..., files: [String: String] = [:]) async throws -> ToolProcess.Outcome {
    try await ToolProcess(arguments, files: files).finish()
}
