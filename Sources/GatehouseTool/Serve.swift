import Gatehouse
import GatehouseSystem
import GatehouseTLS

private let parser = OptionParser(
    usage: "serve [OPTION…]",
    summary: """
        Runs a TLS 1.3 server until SIGINT or SIGTERM. Without a certificate and without --psk it makes a certificate \
        for localhost that nobody trusts and that is gone when it ends.
        """,
    options: ListeningPlace.options + [
        Option(
            "--mode", "MODE", help: "www: answer an HTTP/1.1 GET with what was negotiated (default); echo: send back")
    ] + CredentialOptions.options + [CredentialOptions.staple] + ClientCertificateOptions.options + [
        LaterAuthentication.serveOption,
        Option("--tickets", "N", help: "tickets for a client to come back with, 0 to \(Limits.tickets) (default 2)"),
        Option(
            "--early-data", "[BYTES]", defaultNumber: 16_384,
            help: "take 0-RTT data, up to so many bytes (16384 if not given): who saw it can send it again"),
    ] + Settings.options + [
        Option("--threads", "N", help: "event loops, each on a thread of its own (default 1)"),
        Option("--events", help: "print each signal as a line of JSON"),
    ] + OperationOptions.options,
    operands: 0...0)

/// `gatehouse serve`.
@Sendable func runServe(_ arguments: [String]) async throws -> Int32 {
    guard let options = try parser.parse(arguments) else {
        Console.say(parser.help)
        return 0
    }
    let mode = options.value("--mode") ?? "www"
    guard let service = Service(rawValue: mode) else { throw UsageError("--mode is www or echo, not \(mode)") }
    let place = try ListeningPlace(options)
    let threads = try options.number("--threads", in: 1...256) ?? 1
    let keyUpdateInterval = try KeyUpdates.interval(options)
    let configuration = try configuration(options)
    let operation = try OperationOptions(options, configuration)
    let server = try SSLServer(configuration: configuration, threads: threads)
    try await operation.apply(to: server)
    let events = options.has("--events") ? EventLog() : nil
    events?.follow(server)
    server.pendingConnectionAvailable.connect { server in
        while let socket = server.nextPendingConnection() {
            socket.perform { socket in
                events?.follow(socket)
                if let keyUpdateInterval { KeyUpdates.watch(socket, every: keyUpdateInterval) }
                if socket.sslConfiguration.postHandshakeAuthenticationEnabled {
                    LaterAuthentication.ask(socket) { service.serve($0) }
                } else {
                    service.serve(socket)
                }
            }
        }
    }
    ResourceLimits.raiseDescriptorLimit()
    try TerminationSignals.catchAll()
    let end = Occasion()
    server.handedOver.connect { _ in end.happen() }
    try await operation.listen(server, at: place)
    let listening = await server.listeningDescription
    if let events { await events.listening(server) } else { Console.say("listening on \(listening) (\(mode))\n") }
    try SystemThread.start {
        TerminationSignals.wait()
        end.happen()
    }
    await end.wait()
    await server.shutdown(gracePeriod: operation.gracePeriod)
    return 0
}

private func configuration(_ options: OptionParser.Result) throws(UsageError) -> SSLConfiguration {
    var credentials = try CredentialOptions.credentials(options)
    let isEphemeral = credentials.isEmpty && !options.has("--psk")
    if isEphemeral { credentials = [try EphemeralCredential.make()] }
    var configuration = SSLConfiguration(credentials: credentials)
    try ClientCertificateOptions.apply(options, to: &configuration)
    try LaterAuthentication.apply(options, needing: "--client-ca", to: &configuration)
    try applyResumption(options, to: &configuration)
    try Settings.apply(options, to: &configuration, as: .server)
    if isEphemeral {
        Console.complain("no certificate is given: using an ephemeral self-signed one for localhost (P-256)\n")
    }
    return configuration
}

private func applyResumption(
    _ options: OptionParser.Result, to configuration: inout SSLConfiguration
) throws(UsageError) {
    if let count = try options.number("--tickets", in: 0...Limits.tickets) {
        for option in ["--early-data", "--ticket-key-file"] where count == 0 && options.has(option) {
            throw UsageError("\(option) needs tickets, not --tickets 0")
        }
        configuration.sessionTicketCount = count
        if count == 0 { configuration.sessionResumption = .disabled }
    }
    configuration.maximumEarlyDataSize = UInt32(try options.number("--early-data", in: 1...1 << 24) ?? 0)
}
