import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-06 which of its certificates a client shows")
struct CredentialChoiceTests {
    private static let usage = ObjectIdentifier("2.5.29.15")
    private static let purposes = ObjectIdentifier("2.5.29.37")
    /// DER of SEQUENCE { serverAuth }, { clientAuth } and of both.
    private static let server: [UInt8] = [0x30, 10, 6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 1]
    private static let client: [UInt8] = [0x30, 10, 6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 2]
    private static let both: [UInt8] = [0x30, 20] + server[2...] + client[2...]

    /// Which credential is shown, in the handshake and after it; they must be the same.
    private func shown(
        _ credentials: [Credential], _ change: (inout ClientCertificatePolicy) -> Void
    ) throws -> Int? {
        var policy = ClientCertificatePolicy.optional(.dangerouslyAcceptAnyCertificate)
        change(&policy)
        let choices = try [false, true].map { isLater in
            var (client, server) = try FullHandshakeTests.configurations()
            client.credentials = credentials
            client.offersPostHandshakeAuthentication = true
            if !isLater { server.clientAuthentication = policy }
            let loopback = try Loopback(client, server)
            try loopback.run()
            if isLater {
                _ = try loopback.server.requestClientCertificate(policy, output: &loopback.toClient)
                try loopback.run()
            }
            let chain = loopback.serverSession?.peerCertificates
            return credentials.firstIndex { $0.chain == chain }
        }
        #expect(choices[0] == choices[1])
        return choices[0]
    }

    @Test("F-06 the first whose key usage and purposes are what oid_filters ask for; unknown filters do not count")
    func filters() throws {
        let credentials = [
            try TestCredentials.server(.p256, purposes: [.serverAuthentication]),
            try TestCredentials.server(.p256, purposes: [.clientAuthentication]), try TestCredentials.server(.p256),
        ]
        let usage = try #require(Self.usage)
        let purposes = try #require(Self.purposes)
        let unknown = try #require(ObjectIdentifier("1.2.3.4"))
        let rows: [([OIDFilter], Int?)] = [
            ([], 0), ([OIDFilter(unknown, values: [1, 2, 3])], 0),
            ([OIDFilter(purposes, values: Self.server)], 0), ([OIDFilter(purposes, values: Self.client)], 1),
            ([OIDFilter(purposes, values: Self.both)], 2), ([OIDFilter(purposes, values: [0x30, 0])], 0),
            // digitalSignature is there, keyCertSign is not.
            ([OIDFilter(usage, values: [3, 2, 7, 0x80])], 0), ([OIDFilter(usage, values: [3, 2, 2, 0x84])], nil),
            ([OIDFilter(usage, values: [3, 2, 7, 0x80]), OIDFilter(purposes, values: Self.client)], 1),
            // codeSigning is in none of them, and what is no DER matches nothing.
            ([OIDFilter(purposes, values: [0x30, 10, 6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 3])], nil),
            ([OIDFilter(purposes, values: Array(Self.client.dropLast()))], nil),
            ([OIDFilter(purposes, values: [])], nil), ([OIDFilter(usage, values: [3, 1, 9])], nil),
        ]
        for (filters, expected) in rows {
            #expect(try shown(credentials) { $0.oidFilters = filters } == expected, "\(filters)")
        }
    }

    @Test("F-06 one that an authority of the server's list has issued, else the first")
    func authorities() throws {
        let key = try PrivateKey.generate(.p256)
        var template = CertificateTemplate(
            commonName: "self", notBefore: TestCredentials.now - 60, notAfter: TestCredentials.now + 60)
        template.dnsNames = ["client.example"]
        let own = try template.selfSigned(with: key, serialNumber: [9])
        let credentials = [try TestCredentials.server(.p256), try Credential(chain: [own], key: key)]
        let root = try TestCredentials.root.get().certificate.subject.der
        for (names, expected) in [
            ([root], 0), ([own.subject.der], 1), ([own.subject.der, root], 0), ([[0x30, 0]], 0),
        ] {
            #expect(try shown(credentials) { $0.certificateAuthorities = names } == expected)
        }
    }
}
