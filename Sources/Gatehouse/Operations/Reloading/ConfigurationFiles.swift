import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// A configuration whose certificates and keys stand in files: those that an operator, a certificate manager or an
/// orchestrator replaces while the server runs.
///
/// ```swift
/// var files = ConfigurationFiles(base: configuration)
/// files.credentials = [.init(certificateChain: "/etc/tls/chain.pem", privateKey: "/etc/tls/key.pem")]
/// files.ticketKeys = ["/etc/tls/ticket.key", "/etc/tls/ticket.previous"]
/// try await server.followConfiguration(from: files)
/// ```
public struct ConfigurationFiles: ConfigurationSource {
    /// A certificate chain and its key.
    public struct CredentialFiles: Sendable, Hashable {
        /// A PEM file, our own certificate first.
        public var certificateChain: String
        /// A PEM file with the key of the first certificate.
        public var privateKey: String
        /// A DER file with the OCSP response to staple to the first certificate; `nil`: none.
        public var ocspResponse: String?

        /// Names the files; chain and key may stand in one.
        public init(certificateChain: String, privateKey: String, ocspResponse: String? = nil) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
            self.ocspResponse = ocspResponse
        }

        var paths: [String] { [certificateChain, privateKey] + (ocspResponse.map { [$0] } ?? []) }
    }

    /// Everything that does not come from files.
    public var base: SSLConfiguration
    /// What the server shows; empty: the credentials of ``base``.
    public var credentials: [CredentialFiles] = []
    /// PEM files with the authorities whose clients are trusted; empty: those of ``base``.
    public var caCertificates: [String] = []
    /// Files with ticket keys in nginx's format, 48 or 80 random bytes each; empty: the resumption of ``base``. The
    /// first seals new tickets, the others still open theirs. Servers with the same files resume each other's sessions.
    ///
    /// To rotate: add the new key behind the first everywhere, then put it first everywhere, then drop the old one when
    /// its tickets have expired.
    public var ticketKeys: [String] = []
    /// Whether keys are read from files that everybody on the machine can read or write.
    public var dangerouslyAllowsReadableSecrets = false

    /// Files around a configuration.
    public init(base: SSLConfiguration = SSLConfiguration()) {
        self.base = base
    }

    /// Which files stand at the paths, by their numbers, lengths and times of change.
    public var version: String {
        let paths = credentials.flatMap(\.paths) + caCertificates + ticketKeys
        return paths.map { FileSystem.version(of: $0) }.joined(separator: " ")
    }

    /// Reads the files.
    ///
    /// - Throws: `SocketFailure` that names the file.
    public func configuration() throws -> SSLConfiguration {
        var configuration = base
        if !credentials.isEmpty { configuration.credentials = try credentials.map { try credential($0) } }
        if !caCertificates.isEmpty {
            configuration.caCertificates = try caCertificates.flatMap { try certificates(in: $0) }
        }
        if !ticketKeys.isEmpty {
            var files = try ticketKeys.map(secret)
            defer { for index in files.indices { wipe(&files[index].contents) } }
            configuration.sessionResumption = .tickets(try TicketKeyFiles.keys(files))
        }
        try configuration.validate(as: .server)
        return configuration
    }

    private func credential(_ files: CredentialFiles) throws -> Credential {
        let chain = try certificates(in: files.certificateChain)
        var contents = try secret(files.privateKey).contents
        defer { wipe(&contents) }
        var credential = try naming(files.privateKey) {
            try Credential(chain: chain, key: try SSLKey(pem: contents))
        }
        credential.ocspResponse = try files.ocspResponse.map { path in try naming(nil) { try FileSystem.read(path) } }
        return credential
    }

    private func certificates(in path: String) throws -> [SSLCertificate] {
        let found = try naming(path) { try SSLCertificate.certificates(pem: try FileSystem.read(path)) }
        guard !found.isEmpty else { throw SocketFailure(.sslInvalidUserData, "\(path): there is no certificate in it") }
        return found
    }

    private func secret(_ path: String) throws -> (path: String, contents: [UInt8]) {
        (path, try naming(nil) { try SecretFile.read(path, allowsOthers: dangerouslyAllowsReadableSecrets) })
    }

    /// Puts the file's name before what went wrong with it, where it is not there yet.
    private func naming<Value>(_ path: String?, _ body: () throws -> Value) throws(SocketFailure) -> Value {
        do {
            return try body()
        } catch let error as SystemError {
            throw SocketFailure(.sslInvalidUserData, error.description)
        } catch {
            throw SocketFailure(.sslInvalidUserData, (path.map { "\($0): " } ?? "") + "\(error)")
        }
    }
}
