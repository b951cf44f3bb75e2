import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// A certificate for trying things out.
enum EphemeralCredential {
    /// A fresh P-256 key with a self-signed certificate for localhost, valid for 30 days.
    static func make() throws(UsageError) -> Credential {
        let now = SystemClock.unixTime
        var template = CertificateTemplate(
            commonName: "localhost", notBefore: now - 3600, notAfter: now + 30 * 86_400)
        template.dnsNames = ["localhost"]
        template.ipAddresses = [HostAddress.localHost.bytes, HostAddress.localHostIPv6.bytes]
        do {
            let key = try PrivateKey.generate(.p256)
            let certificate = try template.selfSigned(with: key, serialNumber: SystemRandomness.bytes(16))
            return try Credential(chain: [certificate], key: key)
        } catch {
            throw UsageError("cannot make a certificate: \(error)")
        }
    }
}
