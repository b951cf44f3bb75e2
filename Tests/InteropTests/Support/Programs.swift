import Foundation
import TestSupport

/// The programs that take part.
enum Programs {
    /// The program under test, which stands beside the test bundle.
    static func gatehouse() throws -> URL {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let executable = bundle.deletingLastPathComponent().appending(path: "gatehouse")
        guard FileManager.default.isExecutableFile(atPath: executable.path) else {
            throw Tool.Failure(description: "there is no gatehouse at \(executable.path): swift build makes it")
        }
        return executable
    }

    static func openssl() throws -> URL { try Tool("openssl").executable }
    static func curl() throws -> URL { try Tool("curl").executable }
    /// From Debian's package haproxy.
    static func haproxy() throws -> URL { try Tool("haproxy").executable }
    static func python() throws -> URL { try Tool("python3").executable }
    /// From Debian's package gnutls-bin, as its server.
    static func gnutlsClient() throws -> URL { try Tool("gnutls-cli").executable }
    static func gnutlsServer() throws -> URL { try Tool("gnutls-serv").executable }
}

/// What a program left behind.
struct Ended {
    let status: Int32
    let output: String
    let errors: String

    /// Everything that it wrote.
    var written: String { output + errors }
}

/// Runs a program to its end.
func run(_ executable: URL, _ arguments: [String], input: String = "") async throws -> Ended {
    let program = try RunningTool(executable, arguments, input: .bytes(Array(input.utf8)))
    let status = await program.end()
    return Ended(status: status, output: program.output, errors: program.errors)
}
