import Foundation
import TestSupport

/// The kinds of keys that certificates have here.
enum KeyKind: String, CaseIterable, Sendable {
    case rsa = "RSA"
    case rsaPSS = "RSA-PSS"
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"
    case ed25519 = "Ed25519"
    case ed448 = "Ed448"

    /// What openssl genpkey is told.
    fileprivate var generation: [String] {
        switch self {
        case .rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        case .rsaPSS: ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"]
        case .p256, .p384, .p521: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(rawValue)"]
        case .ed25519: ["-algorithm", "ED25519"]
        case .ed448: ["-algorithm", "ED448"]
        }
    }

    /// What a signature with this key is called in the registry, for the hash that everybody prefers.
    var signatureScheme: String {
        switch self {
        case .rsa: "rsa_pss_rsae_sha256"
        case .rsaPSS: "rsa_pss_pss_sha256"
        case .p256: "ecdsa_secp256r1_sha256"
        case .p384: "ecdsa_secp384r1_sha384"
        case .p521: "ecdsa_secp521r1_sha512"
        case .ed25519: "ed25519"
        case .ed448: "ed448"
        }
    }
}

/// A CA, and for each kind of key a certificate for localhost that it issued: files that openssl made for this run.
final class CertificateFiles: Sendable {
    private static let shared = Result { try CertificateFiles() }

    private let folder: URL

    /// The files, made when they are first asked for.
    static func made() throws -> CertificateFiles { try shared.get() }

    var authority: String { path("ca.pem") }
    func certificate(_ kind: KeyKind) -> String { path("\(kind.rawValue).pem") }
    func key(_ kind: KeyKind) -> String { path("\(kind.rawValue).key") }
    /// A client's certificate, for Interop Client, and its key (P-256).
    var clientCertificate: String { path("client.pem") }
    var clientKey: String { path("client.key") }
    /// The OCSP response of the CA that a certificate is good.
    func ocspResponse(_ kind: KeyKind) -> String { path("\(kind.rawValue).ocsp") }
    /// The P-256 key, encrypted.
    var encryptedKey: String { path("encrypted.key") }
    /// A file that is neither a certificate nor a key.
    var garbage: String { path("garbage.pem") }
    /// A folder where a file is expected.
    var directory: String { folder.path }
    /// Where there is nothing.
    var missing: String { path("missing.pem") }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "interop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let openssl = try Tool("openssl")
        try Data(Self.configuration.utf8).write(to: folder.appending(path: "openssl.cnf"))
        try Data("garbage\n".utf8).write(to: folder.appending(path: "garbage.pem"))

        _ = try openssl.output(of: ["genpkey", "-out", path("ca.key")] + KeyKind.p256.generation)
        _ = try openssl.output(
            of: ["req", "-x509", "-config", path("openssl.cnf"), "-extensions", "ca", "-subj", "/CN=Interop CA"]
                + ["-key", path("ca.key"), "-out", authority, "-days", "2"])
        for kind in KeyKind.allCases {
            _ = try openssl.output(of: ["genpkey", "-out", key(kind)] + kind.generation)
            _ = try openssl.output(
                of: ["req", "-x509", "-config", path("openssl.cnf"), "-extensions", "leaf", "-subj", "/CN=localhost"]
                    + ["-CA", authority, "-CAkey", path("ca.key"), "-key", key(kind), "-out", certificate(kind)]
                    + ["-days", "2"])
        }
        _ = try openssl.output(of: ["genpkey", "-out", clientKey] + KeyKind.p256.generation)
        _ = try openssl.output(
            of: ["req", "-x509", "-config", path("openssl.cnf"), "-extensions", "client"]
                + ["-subj", "/CN=Interop Client", "-CA", authority, "-CAkey", path("ca.key")]
                + ["-key", clientKey, "-out", clientCertificate, "-days", "2"])
        for kind in [KeyKind.p256, .p384] { try issueResponse(about: kind, openssl) }
        _ = try openssl.output(
            of: ["pkey", "-in", key(.p256), "-aes256", "-passout", "pass:secret", "-out", encryptedKey])
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    private func issueResponse(about kind: KeyKind, _ openssl: Tool) throws {
        let serial = try openssl.output(of: ["x509", "-in", certificate(kind), "-noout", "-serial"])
        let number = String(decoding: serial, as: UTF8.self).dropFirst("serial=".count)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // What is valid, until when, its number, and whose it is.
        try Data("V\t400101000000Z\t\t\(number)\tunknown\t/CN=localhost\n".utf8)
            .write(to: folder.appending(path: "index"))
        _ = try openssl.output(
            of: ["ocsp", "-issuer", authority, "-cert", certificate(kind), "-no_nonce", "-reqout", path("request")])
        _ = try openssl.output(
            of: ["ocsp", "-index", path("index"), "-CA", authority, "-rsigner", authority, "-rkey", path("ca.key")]
                + ["-reqin", path("request"), "-ndays", "1", "-respout", ocspResponse(kind)])
    }

    private static let configuration = """
        [req]
        distinguished_name = name
        [name]
        [ca]
        basicConstraints = critical, CA:true
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash
        [leaf]
        basicConstraints = critical, CA:false
        keyUsage = critical, digitalSignature
        extendedKeyUsage = serverAuth
        subjectAltName = DNS:localhost, IP:127.0.0.1
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        [client]
        basicConstraints = critical, CA:false
        keyUsage = critical, digitalSignature
        extendedKeyUsage = clientAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid

        """
}
