import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-06 which of its certificates a side shows")
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
        let credentials = [try TestCredentials.server(.p256), try Self.selfSigned("client.example")]
        let own = credentials[1].chain[0]
        let root = try TestCredentials.root.get().certificate.subject.der
        for (names, expected) in [
            ([root], 0), ([own.subject.der], 1), ([own.subject.der, root], 0), ([[0x30, 0]], 0),
        ] {
            #expect(try shown(credentials) { $0.certificateAuthorities = names } == expected)
        }
    }

    @Test("F-06 a server's choice: of those with the name, one that an authority of the client's list has issued")
    func serversChoice() throws {
        let credentials = [
            try TestCredentials.server(.p256), try Self.selfSigned("localhost"), try Self.selfSigned("other.example"),
        ]
        let names = credentials.map { $0.chain[0].issuer.der }
        let rows: [(name: String?, authorities: [[UInt8]]?, expected: Int)] = [
            ("localhost", nil, 0), ("localhost", [[0x30, 0]], 0), ("localhost", [names[0]], 0),
            ("localhost", [names[1]], 1), ("localhost", [names[1], names[0]], 0),
            // The name matters more.
            ("localhost", [names[2]], 0), ("localhost", [names[2], names[1]], 1), ("other.example", [names[0]], 2),
            // No name was asked for, or none of theirs.
            (nil, [names[2]], 2), (nil, [names[1], names[2]], 1), ("third.example", [names[1]], 1),
            ("third.example", [[0x30, 0]], 0),
        ]
        for row in rows {
            let (server, client) = try ServerStage.clientHello.start { $0.credentials = credentials }
            client.hello.serverName = row.name.map { Array($0.utf8) }
            if row.name != nil { client.hello.extensions.order.append(.serverName) }
            client.hello.certificateAuthorities = row.authorities
            if row.authorities != nil { client.hello.extensions.order.append(.certificateAuthorities) }
            client.helloBytes = client.hello.encoded()
            try server.receive(try client.helloRecords())
            try client.receive(server.takeOutput())
            let certificate = try #require(client.heard.messages.first { $0.type == .certificate })
            let shown = try certificate.decode(as: CertificateMessage.self).entries.first?.data
            #expect(shown == credentials[row.expected].chain[0].der, "\(row)")
        }
    }

    private static func selfSigned(_ name: String) throws -> Credential {
        let key = try PrivateKey.generate(.p256)
        var template = CertificateTemplate(
            commonName: name, notBefore: TestCredentials.now - 60, notAfter: TestCredentials.now + 60)
        template.dnsNames = [name]
        return try Credential(chain: [template.selfSigned(with: key, serialNumber: [9])], key: key)
    }
}
