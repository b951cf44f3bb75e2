import Gatehouse
import GatehouseSystem
import GatehouseTLS

private let parser = OptionParser(
    usage: "serve [OPTION…]",
    summary: """
        Runs a TLS 1.3 server until SIGINT or SIGTERM. Without a certificate it makes one for localhost that nobody \
        trusts and that is gone when it ends.
        """,
    options: ListeningPlace.options + [
        Option(
            "--mode", "MODE", help: "www: answer an HTTP/1.1 GET with what was negotiated (default); echo: send back"),
        Option("--certificate", "FILE", repeats: true, help: "a PEM file with a chain, the server's certificate first"),
        Option("--key", "FILE", repeats: true, help: "the PEM file with its private key; one for each --certificate"),
        Option("--alpn", "LIST", help: "application protocols in the order of preference, such as h2,http/1.1"),
        Settings.groupsOption,
        Settings.suitesOption,
        Option(
            "--keylog", "FILE", help: "append secrets in the SSLKEYLOGFILE format: who reads them reads the traffic"),
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
                service.serve(socket)
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
    let certificates = options.all("--certificate")
    let keys = options.all("--key")
    guard certificates.count == keys.count else {
        throw UsageError("each --certificate needs its --key: there are \(certificates.count) and \(keys.count)")
    }
    var credentials: [Credential] = []
    for (certificate, key) in zip(certificates, keys) {
        let chain = try Settings.certificates(in: certificate)
        let privateKey = try Settings.key(in: key)
        do {
            credentials.append(try Credential(chain: chain, key: privateKey))
        } catch {
            throw UsageError("\(certificate) with \(key): \(error)")
        }
    }
    let isEphemeral = credentials.isEmpty
    if isEphemeral { credentials = [try EphemeralCredential.make()] }
    var configuration = SSLConfiguration(credentials: credentials)
    try Settings.apply(options, to: &configuration, as: .server)
    if isEphemeral {
        Console.complain("no certificate is given: using an ephemeral self-signed one for localhost (P-256)\n")
    }
    return configuration
}
