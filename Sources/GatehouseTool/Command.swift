/// A subcommand: what it is called, what it is for, and what runs it and returns the exit code.
struct Command: Sendable {
    let name: String
    let summary: String
    let run: @Sendable (_ arguments: [String]) async throws -> Int32

    static let all = [
        Command(name: "serve", summary: "run a TLS 1.3 server", run: runServe),
        Command(name: "connect", summary: "connect to a TLS 1.3 server", run: runConnect),
        Command(name: "verify", summary: "judge a certificate and its chain", run: runVerify),
        Command(name: "vectors", summary: "run the published connections of RFC 8448", run: runVectors),
    ]

    static var help: String {
        let width = all.map(\.name.count).max() ?? 0
        let lines = all.map { command in
            "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)"
        }
        return """
            usage: gatehouse COMMAND [OPTION…]

            \(lines.joined(separator: "\n"))

            gatehouse COMMAND --help tells the options of a command.
            Exit codes: 0 done, 1 the connection or a check failed, 2 wrong usage, settings or files.

            """
    }
}

/// Something that the user has to change: one line, and exit code 2.
struct UsageError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// Runs the program; returns its exit code.
func runCommand(_ arguments: [String]) async -> Int32 {
    guard let name = arguments.first else {
        Console.complain(Command.help)
        return 2
    }
    if ["--help", "-h", "help"].contains(name) {
        Console.say(Command.help)
        return 0
    }
    guard let command = Command.all.first(where: { $0.name == name }) else {
        Console.complain("gatehouse: no command \"\(name)\"; gatehouse --help lists them\n")
        return 2
    }
    do {
        return try await command.run(Array(arguments.dropFirst()))
    } catch let error as UsageError {
        Console.complain("gatehouse \(name): \(error.message)\n")
        return 2
    } catch {
        Console.complain("gatehouse \(name): \(error)\n")
        return 1
    }
}
