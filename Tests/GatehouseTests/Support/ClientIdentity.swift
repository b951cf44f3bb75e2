import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// Certificates that clients show, most of them issued by one authority.
enum ClientIdentity {
    private static let authorityKey = key()
    static let authority = certificate("Test authority", authorityKey) { $0.role = .authority(pathLength: nil) }
    /// The authority, asked whether its certificates are still good.
    static let responder = OCSPResponder(issuer: authority, key: authorityKey)
    private static let intermediateKey = key()
    private static let intermediate = certificate("Test intermediate", intermediateKey, by: (authority, authorityKey)) {
        $0.role = .authority(pathLength: 0)
    }

    static let good = credential("client") { $0.purposes = [.clientAuthentication] }
    static let serverOnly = credential("a server") { $0.purposes = [.serverAuthentication] }
    /// A server's, for localhost.
    static let localhost = credential("localhost") {
        $0.dnsNames = ["localhost"]
        $0.purposes = [.serverAuthentication]
    }
    /// The same behind an intermediate, which comes along.
    static let localhostChained = credential(throughIntermediate: "localhost") {
        $0.dnsNames = ["localhost"]
        $0.purposes = [.serverAuthentication]
    }
    static let expired = credential("expired") {
        $0.notBefore = SystemClock.unixTime - 7200
        $0.notAfter = SystemClock.unixTime - 3600
    }
    /// Its issuer is known to nobody.
    static let stranger: Credential = {
        let elsewhereKey = key()
        let elsewhere = certificate("Elsewhere", elsewhereKey) { $0.role = .authority(pathLength: nil) }
        return credential("stranger", by: (elsewhere, elsewhereKey))
    }()
    static let selfSigned: Credential = {
        let ownKey = key()
        return credential([certificate("self", ownKey)], ownKey)
    }()
    /// With its intermediate.
    static let chained = credential(throughIntermediate: "chained")

    /// A server's configuration that asks for certificates of the authority.
    static func server(
        _ mode: PeerVerifyMode, _ change: (inout SSLConfiguration) -> Void = { _ in }
    ) throws -> SSLConfiguration {
        var configuration = try Fixture.server()
        configuration.peerVerifyMode = mode
        configuration.caCertificates = [authority]
        change(&configuration)
        return configuration
    }

    /// A client's configuration with such a certificate, or none.
    static func client(
        _ credential: Credential?, _ change: (inout SSLConfiguration) -> Void = { _ in }
    ) throws -> SSLConfiguration {
        var configuration = try Fixture.client()
        configuration.credentials = [credential].compactMap { $0 }
        change(&configuration)
        return configuration
    }

    private static func credential(
        _ name: String, by issuer: (certificate: SSLCertificate, key: SSLKey) = (authority, authorityKey),
        _ change: (inout CertificateTemplate) -> Void = { _ in }
    ) -> Credential {
        let key = key()
        return credential([certificate(name, key, by: issuer, change)], key)
    }

    /// Issued by the intermediate, which comes along.
    private static func credential(
        throughIntermediate name: String, _ change: (inout CertificateTemplate) -> Void = { _ in }
    ) -> Credential {
        let key = key()
        return credential([certificate(name, key, by: (intermediate, intermediateKey), change), intermediate], key)
    }

    private static func credential(_ chain: [SSLCertificate], _ key: SSLKey) -> Credential {
        do {
            return try Credential(chain: chain, key: key)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static func key() -> SSLKey {
        do {
            return try SSLKey.generate(.p256)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static func certificate(
        _ name: String, _ key: SSLKey, by issuer: (certificate: SSLCertificate, key: SSLKey)? = nil,
        _ change: (inout CertificateTemplate) -> Void = { _ in }
    ) -> SSLCertificate {
        let now = SystemClock.unixTime
        var template = CertificateTemplate(commonName: name, notBefore: now - 60, notAfter: now + 86_400)
        change(&template)
        let number = SystemRandomness.bytes(16)
        do {
            guard let issuer else { return try template.selfSigned(with: key, serialNumber: number) }
            return try template.issued(
                for: key.subjectPublicKeyInfo, by: issuer.certificate, issuerKey: issuer.key, serialNumber: number)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
