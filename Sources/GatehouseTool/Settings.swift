import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// Options and files that more than one command reads.
enum Settings {
    /// What both roles take.
    static let options =
        [
            Option("--alpn", "LIST", help: "application protocols in the order of preference, such as h2,http/1.1"),
            Option(
                "--groups", "LIST", help: "groups in the order of preference: \(names(of: NamedGroup.supported))"),
            Option(
                "--suites", "LIST",
                help: "cipher suites in the order of preference: \(names(of: SSLCipher.supported))"),
        ] + PreSharedKeyOptions.options + [
            Option("--record-size-limit", "N", help: "the longest record to receive, in bytes, 64 to 16385 (RFC 8449)"),
            KeyUpdates.option,
            Option(
                "--keylog", "FILE",
                help: "append secrets in the SSLKEYLOGFILE format: who reads them reads the traffic"),
        ]

    private static func names(of values: [some CustomStringConvertible]) -> String {
        values.map(\.description).joined(separator: ",")
    }

    /// The values with these names, without regard to case.
    private static func values<Value: CustomStringConvertible>(
        _ names: [String]?, of all: [Value], _ kind: String
    ) throws(UsageError) -> [Value] {
        guard let names else { return all }
        var values: [Value] = []
        for name in names {
            guard let value = all.first(where: { $0.description.lowercased() == name.lowercased() }) else {
                throw UsageError("no \(kind) \"\(name)\"; there are \(Self.names(of: all))")
            }
            values.append(value)
        }
        return values
    }

    private static func suites(_ options: OptionParser.Result) throws(UsageError) -> [SSLCipher] {
        try values(options.list("--suites"), of: SSLCipher.supported, "cipher suite")
    }

    private static func groups(_ options: OptionParser.Result) throws(UsageError) -> [NamedGroup] {
        guard let names = options.list("--groups") else { return NamedGroup.supported }
        return try values(names, of: NamedGroup.supported + NamedGroup.supportedWhenListed, "group")
    }

    /// Takes over the options that both roles have, and checks the whole.
    static func apply(
        _ options: OptionParser.Result, to configuration: inout SSLConfiguration, as role: SSLConfiguration.Role
    ) throws(UsageError) {
        configuration.allowedNextProtocols = options.list("--alpn") ?? []
        configuration.ciphers = try suites(options)
        configuration.groups = try groups(options)
        configuration.recordSizeLimit = try options.number("--record-size-limit", in: 64...16_385)
        try PreSharedKeyOptions.apply(options, to: &configuration)
        configuration.keyLog = try keyLog(options.value("--keylog"))
        do {
            try configuration.validate(as: role)
        } catch {
            throw UsageError("\(error)")
        }
    }

    /// Reads a file whole.
    static func contents(of path: String) throws(UsageError) -> [UInt8] {
        do {
            return try FileSystem.read(path)
        } catch {
            throw UsageError(error.description)
        }
    }

    /// The certificates of a PEM file.
    static func certificates(in path: String) throws(UsageError) -> [SSLCertificate] {
        let contents = try contents(of: path)
        let certificates: [SSLCertificate]
        do {
            certificates = try SSLCertificate.certificates(pem: contents)
        } catch {
            throw UsageError("\(path): \(error)")
        }
        guard !certificates.isEmpty else { throw UsageError("\(path): there is no certificate in PEM form in it") }
        return certificates
    }

    /// The private key of a PEM file.
    static func key(in path: String) throws(UsageError) -> SSLKey {
        let contents = try contents(of: path)
        do {
            return try SSLKey(pem: contents)
        } catch {
            throw UsageError("\(path): \(error)")
        }
    }

    /// Appends secrets to a file, which is its owner's alone when it is made.
    private static func keyLog(_ path: String?) throws(UsageError) -> SSLConfiguration.KeyLog? {
        guard let path else { return nil }
        let file: KeyLogFile
        do {
            file = KeyLogFile(descriptor: try FileDescriptor.appending(to: path))
        } catch {
            throw UsageError(error.description)
        }
        // A full disk does not end connections.
        return { lines in try? file.descriptor.write(lines) }
    }

    private final class KeyLogFile: Sendable {
        let descriptor: FileDescriptor

        init(descriptor: consuming FileDescriptor) {
            self.descriptor = descriptor
        }
    }
}

extension NegotiatedSession {
    /// What was negotiated, as names and values for a person.
    var summary: [(name: String, value: String)] {
        [
            ("protocol", "\(protocolVersion)"),
            ("cipher suite", cipherSuite.description),
            ("group", group?.description ?? "none"),
            ("signature scheme", signatureScheme?.description ?? "none"),
            ("ALPN", applicationProtocol ?? "none"),
            ("server name", serverName ?? "none"),
            ("resumed", isResumed ? "yes" : "no"),
            ("pre-shared key", preSharedKeyIdentity.map(printable) ?? "none"),
            ("peer certificate", peerCertificates.first?.subject.description ?? "none"),
            ("early data", isEarlyDataAccepted ? "accepted" : "none"),
            ("round trips", "\(roundTrips)"),
        ]
    }
}

/// Bytes that may be a name: what is no printable ASCII comes as a question mark.
private func printable(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
}

extension Duration {
    /// As a person reads it: `1.25 ms`.
    var milliseconds: String {
        let (seconds, attoseconds) = components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let fraction = String(1000 + microseconds % 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction) ms"
    }
}
