import TestSupport
import Testing

/// A server of Python's `ssl`, with the certificate for localhost, that does what a script says.
struct PythonServer {
    /// What every script finds: `say`, which prints a line at once, a `context` and a `listener`.
    private static let beginning = """
        import socket, ssl, struct, sys
        def say(*words): print(*words, flush=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        listener = socket.create_server(("127.0.0.1", 0))
        say("port", listener.getsockname()[1])

        """

    let program: RunningTool
    let port: UInt16
    /// The file of the authority that has issued its certificate.
    let authority: String

    /// Starts it; the script finds the options from `sys.argv[3]` on.
    init(_ script: String, _ options: [String] = []) async throws {
        let files = try CertificateFiles.made()
        authority = files.authority
        program = try RunningTool(
            Programs.python(), ["-c", Self.beginning + script, files.certificate(.p256), files.key(.p256)] + options,
            input: .open)
        port = try await program.wait(for: "a port") { written in
            written.split(separator: "\n").first { $0.hasPrefix("port ") }.flatMap { UInt16($0.dropFirst(5)) }
        }
    }

    /// Waits until it has said this.
    func says(_ line: String) async throws {
        try await program.wait(for: line) { $0.contains(line + "\n") ? () : nil }
        #expect(!program.output.contains("failed"), "\(program.output)")
    }
}
