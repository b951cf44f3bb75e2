import GatehouseCertificates
import GatehouseCrypto

/// A leaf below an intermediate below a root, all with keys of one kind.
struct SampleChain {
    let root: Certificate
    let intermediate: Certificate
    let leaf: Certificate

    init(_ algorithm: KeyAlgorithm, now: UnixTime) throws {
        let (rootKey, intermediateKey) = (try PrivateKey.generate(algorithm), try PrivateKey.generate(algorithm))
        let leafKey = try PrivateKey.generate(algorithm)
        let serial: [UInt8] = Array(1...16)
        var template = CertificateTemplate(commonName: "Example Root", notBefore: now - 1000, notAfter: now + 1000)
        template.role = .authority(pathLength: nil)
        root = try template.selfSigned(with: rootKey, serialNumber: serial)
        template.commonName = "Example Intermediate"
        template.role = .authority(pathLength: 0)
        intermediate = try template.issued(
            for: intermediateKey.subjectPublicKeyInfo, by: root, issuerKey: rootKey, serialNumber: serial)
        template.commonName = "www.example.com"
        template.role = .endEntity
        template.dnsNames = ["example.com", "www.example.com"]
        leaf = try template.issued(
            for: leafKey.subjectPublicKeyInfo, by: intermediate, issuerKey: intermediateKey, serialNumber: serial)
    }

    /// The signature checks of a verdict, and nothing else.
    func checkSignatures() {
        guard intermediate.isSigned(by: root), leaf.isSigned(by: intermediate) else { fatalError("not signed") }
    }

    /// The signature checks of a verdict that sees the chain for the first time: the intermediate's key is brought into
    /// the crypto library, which gets it ready when it is first used; the root's key stays. One certificate is parsed.
    func checkSignaturesWithNewKey() {
        guard let intermediate = try? Certificate(der: intermediate.der), intermediate.isSigned(by: root),
            leaf.isSigned(by: intermediate)
        else { fatalError("not signed") }
    }

    @discardableResult
    func parse() -> [Certificate] {
        [leaf, intermediate].compactMap { try? Certificate(der: $0.der) }
    }
}

/// Certificates that are made to be hard to judge.
struct HostileChain {
    let name: String
    let store: TrustStore
    let chain: [Certificate]

    static func all(_ algorithms: [KeyAlgorithm], now: UnixTime) throws -> [HostileChain] {
        try algorithms.flatMap { algorithm in
            [
                try tangle("\(algorithm): 100 CAs of one name and one key", algorithm, keys: 1, names: 1, now: now),
                try tangle("\(algorithm): 100 CAs of one name, 10 keys", algorithm, keys: 10, names: 1, now: now),
                try tangle("\(algorithm): 100 CAs of 10 names, one key", algorithm, keys: 1, names: 10, now: now),
                try tangle(
                    "\(algorithm): the same below a trusted root, expired leaf", algorithm, keys: 1, names: 10,
                    isRooted: true, now: now),
            ]
        }
    }

    /// A hundred CAs that may all have issued each other, and no root.
    private static func tangle(
        _ name: String, _ algorithm: KeyAlgorithm, keys: Int, names: Int, isRooted: Bool = false, now: UnixTime
    ) throws -> HostileChain {
        let keys = try (0..<keys).map { _ in try PrivateKey.generate(algorithm) }
        var template = CertificateTemplate(commonName: "CA", notBefore: now - 1000, notAfter: now + 1000)
        template.role = .authority(pathLength: nil)
        let issuers = try (0..<names).map { index in
            template.commonName = "CA \(index)"
            return try template.selfSigned(with: keys[0], serialNumber: [1])
        }
        let authorities = try (0..<100).map { index in
            template.commonName = "CA \((index + 1) % names)"
            let key = keys[index % keys.count]
            return try template.issued(
                for: key.subjectPublicKeyInfo, by: issuers[index % names], issuerKey: keys[(index + 1) % keys.count],
                serialNumber: [UInt8(index + 1)])
        }
        var leaf = CertificateTemplate(commonName: "x.example", notBefore: now - 1000, notAfter: now + 1000)
        leaf.dnsNames = ["x.example"]
        if isRooted { leaf.notAfter = now - 1 }
        let certificate = try leaf.issued(
            for: keys[0].subjectPublicKeyInfo, by: issuers[0], issuerKey: keys[0], serialNumber: [1])
        return HostileChain(
            name: name, store: isRooted ? TrustStore(anchors: issuers) : .empty, chain: [certificate] + authorities)
    }
}
