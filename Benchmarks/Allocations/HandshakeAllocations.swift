import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// What each side allocates for a handshake with TLS_AES_128_GCM_SHA256 and X25519.
struct HandshakeAllocations {
    let name: String
    let counts: [Role: Int]

    /// A full handshake with a P-256 certificate below its root and one ticket, and one that resumes it.
    static func measure() throws -> [HandshakeAllocations] {
        let now = SystemClock.unixTime
        var rootTemplate = CertificateTemplate(commonName: "Root", notBefore: now - 60, notAfter: now + 86_400)
        rootTemplate.role = .authority(pathLength: nil)
        let rootKey = try PrivateKey.generate(.p256)
        let root = try rootTemplate.selfSigned(with: rootKey, serialNumber: [1])
        var template = CertificateTemplate(commonName: "localhost", notBefore: now - 60, notAfter: now + 86_400)
        template.dnsNames = ["localhost"]
        let key = try PrivateKey.generate(.p256)
        let certificate = try template.issued(
            for: key.subjectPublicKeyInfo, by: root, issuerKey: rootKey, serialNumber: [2])
        let client = ClientConfiguration(verification: .trustStore(TrustStore(anchors: [root])))
        var server = try ServerConfiguration(credentials: [Credential(chain: [certificate], key: key)])
        server.resumption = .tickets(TicketKeys())
        server.ticketCount = 1

        // The first handshakes of a process also fetch algorithms.
        var full = try Pair(client, server, serverName: "localhost", now: now)
        full = try Pair(client, server, serverName: "localhost", session: nil, now: now)
        _ = try Pair(client, server, serverName: "localhost", session: full.session, now: now)
        full = try Pair(client, server, serverName: "localhost", now: now)
        let resumed = try Pair(client, server, serverName: "localhost", session: full.session, now: now)
        return [
            HandshakeAllocations(name: "full, P-256 certificate, one ticket", counts: full.handshakeAllocations),
            HandshakeAllocations(name: "resumed, one ticket", counts: resumed.handshakeAllocations),
        ]
    }
}
