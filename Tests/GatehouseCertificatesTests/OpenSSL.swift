import Foundation
import GatehouseCertificates
import TestSupport

/// What the tests use of the `openssl` program: it makes the certificates, so that nothing of ours judges itself.
struct OpenSSL {
    struct Failure: Error {
        let arguments: [String]
        let output: String
    }

    /// The folder that everything is made in; it goes with `remove()`.
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }

    func run(_ arguments: [String]) throws {
        let log = folder.appending(path: "\(UUID().uuidString).log")
        try Data().write(to: log)
        let process = try ChildProcess(
            Tool("openssl").executable, arguments, in: folder,
            input: FileHandle(forReadingFrom: URL(filePath: "/dev/null")), output: FileHandle(forWritingTo: log),
            errors: FileHandle(forUpdating: log))
        guard process.waitUntilExit() == 0 else {
            throw Failure(arguments: arguments, output: String(decoding: try Data(contentsOf: log), as: UTF8.self))
        }
    }

    func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    func certificate(_ name: String) throws -> Certificate {
        guard let certificate = try Certificate.certificates(pem: read("\(name).pem")).first else {
            throw Failure(arguments: [name], output: "no certificate")
        }
        return certificate
    }

    /// Makes `name.pem` and `name.key`: a certificate with its own key, signed by `issuer` or by itself.
    @discardableResult
    func issue(_ name: String, _ spec: CertificateSpec, by issuer: String? = nil) throws -> Certificate {
        let sections = spec.sections.map { "[\($0.key)]\n\($0.value)\n" }.joined()
        let extensions = spec.extensions.isEmpty ? "" : "x509_extensions=extensions\n"
        try write(
            """
            [req]
            distinguished_name=subject
            prompt=no
            utf8=yes
            string_mask=utf8only
            \(extensions)
            [subject]
            \(spec.subject)
            [extensions]
            \(spec.extensions.joined(separator: "\n"))
            \(sections)
            """, "\(name).cnf")
        var arguments = ["req", "-x509", "-config", "\(name).cnf", "-out", "\(name).pem", "-days", "\(spec.days)"]
        if let key = spec.existingKey {
            arguments += ["-key", "\(key).key"]
        } else {
            arguments += ["-newkey"] + spec.key + ["-nodes", "-keyout", "\(name).key"]
        }
        if let issuer { arguments += ["-CA", "\(issuer).pem", "-CAkey", "\(issuer).key"] }
        try run(arguments + spec.signing)
        return try certificate(name)
    }
}

/// A certificate to be made.
struct CertificateSpec: Sendable, Hashable {
    var subject: String
    var extensions: [String]
    /// Further sections of the configuration file, by name.
    var sections: [String: String] = [:]
    /// The arguments behind `-newkey`.
    var key = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    /// The key of another certificate, used instead of a new one.
    var existingKey: String?
    /// Digest and padding.
    var signing: [String] = []
    var days = 30

    static let root = CertificateSpec(
        subject: "CN=Test Root",
        extensions: [
            "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash",
        ], days: 40)

    static let intermediate = CertificateSpec(
        subject: "CN=Test Intermediate",
        extensions: [
            "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash",
            "authorityKeyIdentifier=keyid",
        ], days: 20)

    static let leaf = CertificateSpec(
        subject: "CN=www.example.com",
        extensions: [
            "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth", "subjectKeyIdentifier=hash",
            "authorityKeyIdentifier=keyid", "subjectAltName=DNS:www.example.com",
        ], days: 10)

    /// The same with another value for an extension, or without it.
    func with(_ name: String, _ value: String?) -> CertificateSpec {
        var copy = self
        copy.extensions.removeAll { $0.hasPrefix("\(name)=") }
        if let value { copy.extensions.append("\(name)=\(value)") }
        return copy
    }

    func with(_ change: (inout CertificateSpec) -> Void) -> CertificateSpec {
        var copy = self
        change(&copy)
        return copy
    }
}

/// A leaf below an intermediate below a root, as most tests start from.
struct TestChain {
    var root = CertificateSpec.root
    var intermediate = CertificateSpec.intermediate
    var leaf = CertificateSpec.leaf

    func make(with openssl: OpenSSL) throws -> MadeChain {
        MadeChain(
            root: try openssl.issue("root", root),
            intermediate: try openssl.issue("intermediate", intermediate, by: "root"),
            leaf: try openssl.issue("leaf", leaf, by: "intermediate"))
    }
}

struct MadeChain {
    let root: Certificate
    let intermediate: Certificate
    let leaf: Certificate

    /// An hour after it was made.
    var now: UnixTime { leaf.notBefore + 3600 }

    func verify(
        name: ReferenceName? = .dns("www.example.com"), purpose: Purpose = .serverAuthentication,
        policy: VerificationPolicy = .default, at time: UnixTime? = nil, evidence: RevocationEvidence = .none
    ) -> Verdict {
        CertificateVerifier(trustStore: TrustStore(anchors: [root]), policy: policy)
            .verify([leaf, intermediate], name: name, purpose: purpose, at: time ?? now, evidence: evidence)
    }
}

extension Verdict {
    /// The problems as `code at depth`.
    var findings: [String] { problems.map { "\($0.code) at \($0.depth)" } }
}
