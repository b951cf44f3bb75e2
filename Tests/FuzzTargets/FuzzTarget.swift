import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// What is fed with arbitrary bytes. Whatever they are, it must come back soon and without a trap; what it promises
/// besides is checked with preconditions.
enum FuzzTarget: String, CaseIterable {
    /// A server gets the bytes from the network.
    case server
    /// A client that has sent its hello gets them.
    case client
    /// A client that has the keys of the handshake gets them in protected records, in the place of EncryptedExtensions
    /// to Finished.
    case serverFlight = "server-flight"
    /// A server that has asked for a certificate gets them in protected records, in the place of Certificate to
    /// Finished.
    case clientFlight = "client-flight"
    /// Both sides of a connection get them in protected records after the handshake.
    case connected
    /// One handshake message, decoded and encoded.
    case messages
    /// A certificate, parsed and judged.
    case certificates
    /// A stapled response and a revocation list.
    case revocation
    /// A client's session, imported and offered.
    case sessions
    /// Private and public keys, and PEM.
    case keys

    func run(_ bytes: [UInt8]) {
        switch self {
        case .server: Peers.runServer(bytes)
        case .client: Peers.runClient(bytes)
        case .serverFlight: Peers.runServerFlight(bytes)
        case .clientFlight: Peers.runClientFlight(bytes)
        case .connected: Peers.runConnected(bytes)
        case .messages: Self.runMessages(bytes)
        case .certificates: Self.runCertificates(bytes)
        case .revocation: Self.runRevocation(bytes)
        case .sessions: Peers.runSessions(bytes)
        case .keys: Self.runKeys(bytes)
        }
    }

    /// What was encoded decodes to the same.
    private static func runMessages(_ bytes: [UInt8]) {
        guard let encoded = try? MessageCodec.reencode(bytes) else { return }
        guard encoded.count > 4 + bytes.count else {
            precondition((try? MessageCodec.reencode(encoded)) == encoded, "another message comes out")
            return
        }
        preconditionFailure("a message has grown")
    }

    private static func runCertificates(_ bytes: [UInt8]) {
        let chain = (try? Certificate.certificates(pem: bytes)) ?? (try? [Certificate(der: bytes)]) ?? []
        for certificate in chain {
            precondition((try? Certificate(der: certificate.der)) == certificate, "another certificate comes out")
            _ = (certificate.subject.description, certificate.subjectAlternativeNames, certificate.validity)
        }
        for anchors in [[], chain] {
            let verifier = CertificateVerifier(trustStore: TrustStore(anchors: anchors + [Peers.root]), policy: .web)
            for (name, purpose) in [
                (ReferenceName.dns("localhost"), Purpose.serverAuthentication), (nil, .clientAuthentication),
            ] {
                let verdict = verifier.verify(chain + [Peers.root], name: name, purpose: purpose, at: Peers.now)
                _ = verdict.problems.map { "\($0)" }
            }
        }
    }

    private static func runRevocation(_ bytes: [UInt8]) {
        var evidence = RevocationEvidence.none
        evidence.stapledResponse = bytes
        if let list = try? CertificateRevocationList(der: bytes) { evidence.revocationLists = [list] }
        evidence.revocationLists += (try? CertificateRevocationList.lists(pem: bytes)) ?? []
        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [Peers.root]))
        let chain = Peers.credential.chain
        _ = verifier.verify(
            chain, name: nil, purpose: .serverAuthentication, at: Peers.now, evidence: evidence
        ).problems.map { "\($0)" }
    }

    private static func runKeys(_ bytes: [UInt8]) {
        if let blocks = try? PEM.decode(bytes) {
            for block in blocks { precondition((try? PEM.decode(Array(block.pem.utf8))) == [block]) }
        }
        for key in [try? PrivateKey(der: bytes), try? PrivateKey(pem: bytes)] {
            guard let key, let scheme = key.signatureSchemes.first else { continue }
            _ = try? key.sign(bytes.span, scheme: scheme)
        }
        if let key = try? RawPublicKey(der: bytes) { _ = (key, "\(key)") }
        _ = try? RawPublicKey(pem: bytes)
    }
}

extension PEM.Block {
    fileprivate var pem: String { PEM.encode(label: label, der: der) }
}
