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

    static func server(
        _ algorithm: KeyAlgorithm, names: [String] = ["localhost"],
        purposes: [Purpose] = [.serverAuthentication, .clientAuthentication]
    ) throws -> Credential {
        let key = try PrivateKey.generate(algorithm)
        return try Credential(chain: [certificate(key, names, purposes)], key: key)
    }

    /// A credential whose key the engine does not hold.
    static func external(_ key: PrivateKey, _ schemes: [SignatureScheme]) throws -> Credential {
        let certificate = try certificate(key, ["localhost"], [.serverAuthentication, .clientAuthentication])
        return try Credential(chain: [certificate], signatureSchemes: schemes)
    }

    private static func certificate(
        _ key: PrivateKey, _ names: [String], _ purposes: [Purpose]
    ) throws -> Certificate {
        let root = try root.get()
        var template = CertificateTemplate(
            commonName: "a server", notBefore: now - 86_400, notAfter: now + 86_400 * 30)
        template.dnsNames = names
        template.purposes = purposes
        return try template.issued(
            for: key.subjectPublicKeyInfo, by: root.certificate, issuerKey: root.key, serialNumber: [2])
    }

    static let p256 = Result { try server(.p256) }
}
