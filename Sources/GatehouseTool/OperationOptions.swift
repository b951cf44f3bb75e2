import Gatehouse
import GatehouseSystem

/// What `serve` is told about its work beside other processes: proxies, shared ticket keys, restarts.
struct OperationOptions {
    static let options = [
        Option(
            "--proxy-protocol", "RANGE", repeats: true,
            help: "addresses of proxies, such as 10.0.0.0/8, whose connections begin with a PROXY header"),
        Option(
            "--ticket-key-file", "FILE", repeats: true,
            help: "a ticket key of 48 or 80 bytes that several servers share; the first seals, all open"),
        Option("--reload", help: "take certificates, keys and ticket keys again when their files change"),
        Option("--allow-readable-secrets", help: "take keys from files that everybody can read"),
        Option("--max-connections", "N", help: "connections that may be open at once"),
        Option("--handshake-timeout", "SECONDS", help: "how long a handshake may take (default 5)"),
        Option("--idle-timeout", "SECONDS", help: "how long a connection may be idle"),
        Option("--write-timeout", "SECONDS", help: "how long a client may take for 16 KiB of what is written to it"),
        Option("--hand-over", "PATH", help: "take over from the server that offers it there, then offer it there"),
        Option("--grace", "SECONDS", help: "how long open connections get when the server ends (default 1)"),
    ]

    private let options: OptionParser.Result
    private let files: ConfigurationFiles
    private let trustedProxies: [AddressRange]
    private let maxConnections: Int?
    private let handshakeTimeout: Duration
    private let idleTimeout: Duration?
    private let writeTimeout: Duration?
    /// Connections that are still open when the server is told to end get this long.
    let gracePeriod: Duration

    /// - Parameter configuration: what was made of the other options.
    init(_ options: OptionParser.Result, _ configuration: SSLConfiguration) throws(UsageError) {
        self.options = options
        var files = ConfigurationFiles(base: configuration)
        let staples = options.all("--ocsp")
        files.credentials = zip(options.all("--certificate"), options.all("--key")).enumerated().map { index, pair in
            ConfigurationFiles.CredentialFiles(
                certificateChain: pair.0, privateKey: pair.1,
                ocspResponse: index < staples.count ? staples[index] : nil)
        }
        files.caCertificates = options.all("--client-ca")
        files.ticketKeys = options.all("--ticket-key-file")
        files.dangerouslyAllowsReadableSecrets = options.has("--allow-readable-secrets")
        self.files = files
        var ranges: [AddressRange] = []
        for text in options.all("--proxy-protocol") {
            guard let range = AddressRange(text) else { throw UsageError("\"\(text)\" is no range of addresses") }
            ranges.append(range)
        }
        trustedProxies = ranges
        maxConnections = try options.number("--max-connections", in: 1...Int.max)
        handshakeTimeout = .seconds(try options.number("--handshake-timeout", in: 1...1_000_000) ?? 5)
        idleTimeout = try options.number("--idle-timeout", in: 1...1_000_000).map { .seconds($0) }
        writeTimeout = try options.number("--write-timeout", in: 1...1_000_000).map { .seconds($0) }
        gracePeriod = .seconds(try options.number("--grace", in: 0...1_000_000) ?? 1)
    }

    func apply(to server: SSLServer) async throws(UsageError) {
        await server.run { server in
            server.trustedProxies = trustedProxies
            server.maxConnections = maxConnections ?? .max
            server.handshakeTimeout = handshakeTimeout
            server.idleTimeout = idleTimeout
            server.writeTimeout = writeTimeout
        }
        do {
            if options.has("--reload") {
                try await server.followConfiguration(from: files)
            } else if !files.ticketKeys.isEmpty {
                try await server.setSSLConfiguration(files.configuration())
            }
        } catch {
            throw UsageError("\(error)")
        }
    }

    /// Listens, on the socket of the server before this one if there is one.
    func listen(_ server: SSLServer, at place: ListeningPlace) async throws(UsageError) {
        guard let path = options.value("--hand-over") else { return try await place.listen(server) }
        do {
            if try await !server.takeOver(at: path) { try await place.listen(server) }
            try await server.offerHandOver(at: path)
        } catch let error as UsageError {
            throw error
        } catch {
            throw UsageError("\(path): \(error)")
        }
    }
}
