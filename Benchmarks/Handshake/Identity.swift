import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// A server's certificate, issued directly by a root, with everything that either side needs of it.
struct Identity {
    /// The host name in the certificate.
    static let hostName = "bench.example"

    /// What kind of key certificate and root have, such as `P-256`.
    let name: String
    let credential: Credential
    let trustStore: TrustStore
    /// The root's private key: the floor signs with it what the chain's verification is timed on.
    let rootKey: PrivateKey
    /// The time at which the certificates are valid.
    let time: Int64

    init(_ algorithm: KeyAlgorithm) throws {
        let now = SystemClock.unixTime
        let validity = (from: now - 3_600, to: now + 86_400)
        var rootTemplate = CertificateTemplate(
            commonName: "Benchmark Root", notBefore: validity.from, notAfter: validity.to)
        rootTemplate.role = .authority(pathLength: nil)
        var template = CertificateTemplate(
            commonName: Self.hostName, notBefore: validity.from, notAfter: validity.to)
        template.dnsNames = [Self.hostName]

        let rootKey = try PrivateKey.generate(algorithm)
        let root = try rootTemplate.selfSigned(with: rootKey, serialNumber: SystemRandomness.bytes(16))
        let key = try PrivateKey.generate(algorithm)
        let certificate = try template.issued(
            for: key.subjectPublicKeyInfo, by: root, issuerKey: rootKey, serialNumber: SystemRandomness.bytes(16))
        name = "\(algorithm)"
        credential = try Credential(chain: [certificate], key: key)
        trustStore = TrustStore(anchors: [root])
        self.rootKey = rootKey
        time = now
    }
}
