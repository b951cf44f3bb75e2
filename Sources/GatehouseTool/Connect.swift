import Dispatch
import Gatehouse
import GatehouseCertificates
import GatehouseSystem
import GatehouseTLS

private let parser = OptionParser(
    usage: "connect HOST:PORT [OPTION…]",
    summary: """
        Connects to a TLS 1.3 server, prints what was negotiated to standard error, and relays standard input and \
        output. At the end of the input it sends close_notify and waits for the server to end the connection.
        """,
    options: [
        Option("--ca", "FILE", help: "a PEM file with the certificates to trust instead of the system's"),
        Option("--insecure", help: "trust any certificate: whoever sits on the network can pose as the server"),
        Option("--name", "N", help: "the name to ask for and to expect in the certificate, if it is not HOST"),
    ] + CredentialOptions.options + [LaterAuthentication.connectOption] + Settings.options + [
        Option("--session-in", "FILE", help: "offer to resume the session in this file"),
        Option("--session-out", "FILE", help: "keep the session that the server gives in this file, its owner's alone"),
        Option(
            "--early-data-file", "FILE",
            help: "send this file before the server has answered: who sees it can send it again; needs --session-in"),
    ],
    operands: 1...1)

/// `gatehouse connect`.
@Sendable func runConnect(_ arguments: [String]) async throws -> Int32 {
    guard let options = try parser.parse(arguments) else {
        Console.say(parser.help)
        return 0
    }
    let (host, port) = try target(options.operands.first ?? "")
    let configuration = try configuration(options)
    let early = try earlyData(options, configuration)
    let keyUpdateInterval = try KeyUpdates.interval(options)
    let socket = try SSLSocket(configuration: configuration, on: EventLoop())
    if let path = options.value("--session-out") { SessionFile.keep(socket, in: path) }
    return try await Relay.run(socket, early: early, keyUpdateInterval) { socket throws(SocketFailure) in
        try socket.connectToHostEncrypted(host, port: port, peerVerifyName: options.value("--name"))
    }
}

/// `host:port`, with brackets around an IPv6 address.
private func target(_ text: String) throws(UsageError) -> (host: String, port: UInt16) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
        throw UsageError("\"\(text)\" is not HOST:PORT")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw UsageError("\"\(text)\" is not HOST:PORT") }
    return (String(host), port)
}

private func configuration(_ options: OptionParser.Result) throws(UsageError) -> SSLConfiguration {
    var configuration = SSLConfiguration()
    if options.has("--insecure") {
        guard !options.has("--ca") else { throw UsageError("--insecure and --ca exclude each other") }
        configuration.peerVerifyMode = .none
        configuration.dangerouslyAllowsUnverifiedServers = true
    } else if let path = options.value("--ca") {
        configuration.caCertificates = try Settings.certificates(in: path)
    } else {
        do {
            configuration.trustStore = try TrustStore.system()
        } catch {
            throw UsageError("\(error): give some with --ca")
        }
    }
    configuration.credentials = try CredentialOptions.credentials(options)
    try LaterAuthentication.apply(options, needing: "--certificate", to: &configuration)
    if let path = options.value("--session-in") { configuration.sessionTicket = try SessionFile.read(path) }
    configuration.offersEarlyData = options.has("--early-data-file")
    try Settings.apply(options, to: &configuration, as: .client)
    return configuration
}

/// What goes out before the server has answered.
private func earlyData(
    _ options: OptionParser.Result, _ configuration: SSLConfiguration
) throws(UsageError) -> [UInt8] {
    guard let path = options.value("--early-data-file") else { return [] }
    guard let session = configuration.sessionTicket else { throw UsageError("--early-data-file needs --session-in") }
    let contents = try Settings.contents(of: path)
    guard contents.count <= session.maximumEarlyDataSize else {
        throw UsageError(
            "\(path) has \(contents.count) bytes, and the session allows \(session.maximumEarlyDataSize) of early data")
    }
    return contents
}

/// Moves bytes between the connection and the standard streams.
private enum Relay {
    private static let chunk = 1 << 14

    static func run(
        _ socket: SSLSocket, early: [UInt8], _ keyUpdateInterval: Int?,
        connecting: @escaping @Sendable (isolated SSLSocket) throws(SocketFailure) -> Void
    ) async throws -> Int32 {
        // A server that does not take early data gets it again, protected like everything else.
        socket.earlyDataRejected.connect { socket in socket.write(early) }
        socket.encrypted.connect { socket in
            if let keyUpdateInterval { KeyUpdates.watch(socket, every: keyUpdateInterval) }
            for line in socket.session?.summary ?? [] { Console.complain("\(line.name): \(line.value)\n") }
            if let duration = socket.handshakeDuration {
                Console.complain("handshake time: \(duration.milliseconds)\n")
            }
            sendInput(to: socket)
        }
        socket.certificateRequestAnswered.connect { _, answer, _ in
            Console.complain("certificate after the handshake: \(answer)\n")
        }
        socket.readyRead.connect { socket in
            try? FileDescriptor.standardOutput.write(socket.readAll())
        }
        socket.errorOccurred.connect { socket, _ in
            Console.complain("gatehouse connect: \(socket.errorString)\n")
        }
        let (endings, continuation) = AsyncStream.makeStream(of: Bool.self)
        socket.disconnected.connect { socket, _ in
            continuation.yield(socket.error == nil)
            continuation.finish()
        }
        try await socket.run { socket throws(SocketFailure) in
            socket.writeEarlyData(early)
            try connecting(socket)
        }
        var isGood = false
        for await ending in endings { isGood = ending }
        return isGood ? 0 : 1
    }

    /// Reads standard input on a thread of its own. The next part is read when the last one has been taken.
    private static func sendInput(to socket: isolated SSLSocket) {
        let isTaken = DispatchSemaphore(value: 0)
        socket.bytesWritten.connect { socket, _ in
            if socket.bytesToWrite == 0 { isTaken.signal() }
        }
        socket.disconnected.connect { _, _ in isTaken.signal() }
        do {
            try SystemThread.start { [socket] in
                while let bytes = try? FileDescriptor.standardInput.read(atMost: chunk), !bytes.isEmpty {
                    socket.perform { $0.write(bytes) }
                    isTaken.wait()
                }
                socket.perform { $0.closeWriteChannel() }
            }
        } catch {
            Console.complain("gatehouse connect: \(error)\n")
            socket.disconnectFromHost()
        }
    }
}
