import GatehouseCrypto
import TestSupport
import Testing

@testable import GatehouseCertificates
@testable import GatehouseTLS

/// Certificates that are made to cost or to deceive, and the alert that each gets.
enum HostileChain: String, CaseIterable, CustomTestStringConvertible {
    case hugeRSA = "B-07 an RSA key of 16384 bits"
    case explicitCurve = "B-07 explicit curve parameters"
    case tangle = "B-11 a hundred CAs that could all have issued each other"
    case quadraticConstraints = "B-12 a thousand names under a thousand constraints"
    case constrainedName = "B-12 a name that its issuer may not give"
    case deepNesting = "B-15 ASN.1 nested two thousand deep"
    case garbage = "B-15 a length that promises more than there is, five thousand times"
    case authority = "B-19 a key that may sign certificates only"
    case foreign = "B-25 an issuer that nobody knows"

    var testDescription: String { rawValue }

    var alert: AlertDescription {
        switch self {
        case .hugeRSA, .explicitCurve, .constrainedName, .deepNesting, .garbage: .badCertificate
        case .tangle, .quadraticConstraints, .foreign: .unknownCA
        case .authority: .unsupportedCertificate
        }
    }

    /// The entries of the Certificate message.
    func entries() throws -> [CertificateMessage.Entry] {
        try certificates().map { CertificateMessage.Entry(data: $0) }
    }

    private func certificates() throws -> [[UInt8]] {
        switch self {
        case .hugeRSA: [try Self.issued(for: Self.rsaKey(bits: 16384))]
        case .explicitCurve:
            [try Self.issued(for: Certificate(der: Self.explicitCurveCertificate()).publicKeyInfo)]
        case .tangle: try Self.tangle()
        case .quadraticConstraints:
            try Self.constrainedCredential(
                to: (0..<1000).map { "n\($0).example" } + ["localhost"],
                names: [String](repeating: "n999.example", count: 1000) + ["localhost"]
            ).chain.map(\.der)
        case .constrainedName:
            try Self.constrainedCredential(to: ["localhost"], names: ["localhost", "a.example"]).chain.map(\.der)
        case .deepNesting: [(0..<2000).reduce([]) { inner, _ in derElement(0x30, inner) }]
        case .garbage: [[UInt8](repeating: 0x30, count: 5000)]
        case .authority:
            [
                try Self.issued(for: PrivateKey.generate(.p256).subjectPublicKeyInfo) {
                    $0.role = .authority(pathLength: nil)
                }
            ]
        case .foreign: [try Self.template("leaf").selfSigned(with: .generate(.p256), serialNumber: [1]).der]
        }
    }

    private static func explicitCurveCertificate() throws -> [UInt8] {
        [UInt8](try Repository.bytes(at: "Vectors/fuzz-corpus/certificates/explicit.der"))
    }

    private static func template(_ name: String) -> CertificateTemplate {
        var template = CertificateTemplate(
            commonName: name, notBefore: TestCredentials.now - 1000, notAfter: TestCredentials.now + 1000)
        template.dnsNames = ["localhost"]
        return template
    }

    /// A leaf below the root that everybody trusts.
    private static func issued(
        for publicKeyInfo: [UInt8], _ change: (inout CertificateTemplate) -> Void = { _ in }
    ) throws -> [UInt8] {
        let root = try TestCredentials.root.get()
        var template = template("leaf")
        change(&template)
        return try template.issued(
            for: publicKeyInfo, by: root.certificate, issuerKey: root.key, serialNumber: [9]
        ).der
    }

    /// A leaf, and CAs of one name: each is issued with the key of the next.
    private static func tangle() throws -> [[UInt8]] {
        let keys = try (0..<10).map { _ in try PrivateKey.generate(.p256) }
        var authority = template("CA")
        authority.dnsNames = []
        authority.role = .authority(pathLength: nil)
        let issuer = try authority.selfSigned(with: keys[0], serialNumber: [1])
        let authorities = try (0..<100).map { index in
            try authority.issued(
                for: keys[index % 10].subjectPublicKeyInfo, by: issuer, issuerKey: keys[(index + 1) % 10],
                serialNumber: [UInt8(index + 1)])
        }
        let leaf = try template("leaf").issued(
            for: keys[0].subjectPublicKeyInfo, by: issuer, issuerKey: keys[0], serialNumber: [1])
        return ([leaf] + authorities).map(\.der)
    }

    /// A leaf with `names`, and its issuer, which may give names below `permitted` only.
    static func constrainedCredential(to permitted: [String], names: [String]) throws -> Credential {
        let root = try TestCredentials.root.get()
        let key = try PrivateKey.generate(.p256)
        var authority = template("constrained CA")
        authority.dnsNames = []
        authority.role = .authority(pathLength: nil)
        let issuer = try authority.issued(
            for: key.subjectPublicKeyInfo, by: root.certificate, issuerKey: root.key, serialNumber: [8],
            with: .nameConstraints, critical: true
        ) { value in
            value.write(.sequence) { constraints in
                constraints.write(.constructed(0)) { subtrees in
                    for name in permitted { subtrees.write(.sequence) { $0.write(.primitive(2), name.utf8) } }
                }
            }
        }
        var leaf = template("leaf")
        leaf.dnsNames = names
        let leafKey = try PrivateKey.generate(.p256)
        let certificate = try leaf.issued(
            for: leafKey.subjectPublicKeyInfo, by: issuer, issuerKey: key, serialNumber: [9])
        return try Credential(chain: [certificate, issuer], key: leafKey)
    }

    /// A SubjectPublicKeyInfo with an odd number of this length.
    private static func rsaKey(bits: Int) -> [UInt8] {
        let modulus = [0, 0xC0] + [UInt8](repeating: 0x5A, count: bits / 8 - 2) + [1]
        let key = derElement(0x30, derElement(0x02, modulus) + derElement(0x02, [1, 0, 1]))
        let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
        return derElement(
            0x30, derElement(0x30, derElement(0x06, rsaEncryption) + [5, 0]) + derElement(0x03, [0] + key))
    }
}

@Suite("Certificates made to cost or to deceive")
struct HostileCertificateTests {
    @Test("A server that shows them", arguments: HostileChain.allCases)
    func server(chain: HostileChain) throws {
        let (client, server) = try ClientStage.serverHello.start()
        let entries = try chain.entries()
        server.change(CertificateMessage.self) { $0.entries = entries }
        try expectAlert(chain.alert, client, server, try server.flight())
    }

    @Test("A client that shows them", arguments: HostileChain.allCases)
    func client(chain: HostileChain) throws {
        let (server, client) = try ServerStage.clientCertificate.start()
        let certificate = try client.say(CertificateMessage(context: [], entries: chain.entries()).encoded())
        try expectAlert(chain.alert, server, client, certificate + client.say(client.certificateVerify().encoded()))
    }

    @Test("B-13 thousands of names of which none is the one asked for: bad_certificate, and short words about it")
    func manyNames() throws {
        let credential = try TestCredentials.server(.p256, names: (0..<3000).map { "n\($0).example" })
        let (client, server) = try ClientStage.serverHello.start()
        server.credential = credential
        let error = try expectAlert(.badCertificate, client, server, try server.flight())
        #expect("\(try #require(error))".utf8.count < 2000)
    }

    @Test("B-11 B-13 a budget that is used up: unknown_ca", arguments: [true, false])
    func budget(ofSteps: Bool) throws {
        var policy = VerificationPolicy.default
        if ofSteps { policy.budget.steps = 0 } else { policy.budget.nameComparisons = 0 }
        let verifier = CertificateVerifier(trustStore: try TestCredentials.trustStore(), policy: policy)
        let (client, server) = try ClientStage.serverHello.start { $0.verification = .verifier(verifier) }
        try expectAlert(.unknownCA, client, server, try server.flight())

        policy.budget = PathBudget()
        policy.budget.steps = 0
        let strict = CertificateVerifier(trustStore: try TestCredentials.trustStore(), policy: policy)
        let (other, peer) = try ServerStage.clientCertificate.start {
            $0.clientAuthentication = .required(.verifier(strict))
        }
        let certificate = try peer.say(peer.certificate().encoded())
        try expectAlert(.unknownCA, other, peer, certificate + peer.say(peer.certificateVerify().encoded()))
    }

    @Test("B-12 constraints that permit the names of the chain, in either role")
    func permittedNames() throws {
        let credential = try HostileChain.constrainedCredential(to: ["localhost"], names: ["localhost", "a.localhost"])
        let (client, server) = try ClientStage.serverHello.start()
        server.credential = credential
        try client.receive(try server.flight())
        #expect(client.isEstablished)

        let (other, peer) = try ServerStage.clientCertificate.start()
        peer.credential = credential
        let certificate = try peer.say(peer.certificate().encoded())
        try other.receive(certificate + peer.say(peer.certificateVerify().encoded()) + peer.finishedRecord())
        #expect(other.isEstablished)
    }

    @Test("F-14 a certificate that demands a stapled response, without one: bad_certificate_status_response")
    func mustStaple() throws {
        let root = try TestCredentials.root.get()
        let key = try PrivateKey.generate(.p256)
        var template = CertificateTemplate(
            commonName: "leaf", notBefore: TestCredentials.now - 1000, notAfter: TestCredentials.now + 1000)
        template.dnsNames = ["localhost"]
        // RFC 7633 §4.1: a list of the extensions that the server has to answer with: status_request is 5.
        let certificate = try template.issued(
            for: key.subjectPublicKeyInfo, by: root.certificate, issuerKey: root.key, serialNumber: [9],
            with: .tlsFeature, critical: false
        ) { value in value.write(.sequence) { $0.write(5) } }
        let (client, server) = try ClientStage.serverHello.start { $0.requestsOCSPStaple = true }
        server.credential = try Credential(chain: [certificate], key: key)
        try expectAlert(.badCertificateStatusResponse, client, server, try server.flight())
    }

    @Test("B-19 a certificate for the other purpose: unsupported_certificate")
    func purposes() throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.credential = try TestCredentials.server(.p256, purposes: [.clientAuthentication])
        try expectAlert(.unsupportedCertificate, client, server, try server.flight())

        let (other, peer) = try ServerStage.clientCertificate.start()
        peer.credential = try TestCredentials.server(.p256, purposes: [.serverAuthentication])
        let certificate = try peer.say(peer.certificate().encoded())
        try expectAlert(
            .unsupportedCertificate, other, peer, certificate + peer.say(peer.certificateVerify().encoded()))
    }

    @Test("B-25 a client with nothing to check the server's name against does not start")
    func noName() throws {
        let store = try TestCredentials.trustStore()
        func start(_ verification: PeerVerification, _ name: String?) throws(ConnectionStartError) -> Int {
            var output: [UInt8] = []
            _ = try ClientConnection(
                ClientConfiguration(verification: verification), serverName: name, now: TestCredentials.now,
                output: &output)
            return output.count
        }
        #expect(throws: ConnectionStartError.configuration(.noServerName)) { try start(.trustStore(store), nil) }
        for name in ["", ".", "a b", "*.example", "exa\0mple", "a..b", String(repeating: "a", count: 300)] {
            #expect(throws: ConnectionStartError.configuration(.invalidServerName(name))) {
                try start(.trustStore(store), name)
            }
        }
        // The application takes it upon itself, or says that anything will do.
        #expect(try start(.asksForVerdict, nil) > 0)
        #expect(try start(.dangerouslyAcceptAnyCertificate, nil) > 0)
    }

    @Test("B-25 with an external pre-shared key no name is needed, and a certificate in its place is bad_certificate")
    func preSharedKeyInsteadOfName() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        let key = try PreSharedKeyTests.preSharedKey()
        client.preSharedKeys = [key]
        for isKnown in [true, false] {
            server.preSharedKeys = isKnown ? [key] : []
            let loopback = try Loopback(client, server, serverName: nil)
            if isKnown {
                try loopback.run()
                #expect(loopback.isEstablished && loopback.clientSession?.preSharedKeyIdentity == key.identity)
                continue
            }
            let error = #expect(throws: TLSError.self) { try loopback.run() }
            guard case .certificate(let rejected) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(rejected.problems.map(\.code) == [.hostNameMismatch] && error?.alert == .badCertificate)
            var bytes = loopback.toServer
            #expect(throws: TLSError.alertReceived(Alert(.badCertificate))) { try loopback.deliverToServer(&bytes) }
        }
    }

    /// What the peer sends ends the connection, and it is told with just this alert.
    @discardableResult
    private func expectAlert<Connection: TestedConnection & ~Copyable>(
        _ alert: AlertDescription, _ subject: Subject<Connection>, _ peer: any ScriptedPeer, _ bytes: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> TLSError? {
        let error = subject.failure(receiving: bytes, sourceLocation: sourceLocation)
        #expect(error?.alert == alert, "\(String(describing: error))", sourceLocation: sourceLocation)
        try peer.receive(subject.takeOutput())
        #expect(peer.heard.alerts == [[2, alert.rawValue]], sourceLocation: sourceLocation)
        #expect(!subject.isEstablished, sourceLocation: sourceLocation)
        return error
    }
}
