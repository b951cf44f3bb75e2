import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// Certificates made once for all tests: a root, and one server certificate of each key type for `localhost`.
enum TestCredentials {
    static let now: Int64 = 1_800_000_000

    struct Root: Sendable {
        let certificate: Certificate
        let key: PrivateKey

        init() throws {
            key = try PrivateKey.generate(.p256)
            var template = CertificateTemplate(
                commonName: "Gatehouse test root", notBefore: now - 86_400, notAfter: now + 86_400 * 365)
            template.role = .authority(pathLength: nil)
            certificate = try template.selfSigned(with: key, serialNumber: [1])
        }
    }

    static let root = Result { try Root() }

    static func trustStore() throws -> TrustStore {
        TrustStore(anchors: [try root.get().certificate])
    }

    static func server(_ algorithm: KeyAlgorithm, names: [String] = ["localhost"]) throws -> Credential {
        let root = try root.get()
        let key = try PrivateKey.generate(algorithm)
        var template = CertificateTemplate(
            commonName: "a server", notBefore: now - 86_400, notAfter: now + 86_400 * 30)
        template.dnsNames = names
        let certificate = try template.issued(
            for: key.subjectPublicKeyInfo, by: root.certificate, issuerKey: root.key, serialNumber: [2])
        return try Credential(chain: [certificate], key: key)
    }

    static let p256 = Result { try server(.p256) }
}
