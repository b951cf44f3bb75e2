import Foundation
import GatehouseCertificates
import GatehouseCrypto
import TestSupport
import Testing

@Suite("Hostile certificates")
struct HostileInputTests {
    private static let now: UnixTime = 1_800_000_000

    private func template(_ name: String, isAuthority: Bool = true) -> CertificateTemplate {
        var template = CertificateTemplate(
            commonName: name, notBefore: Self.now - 1000, notAfter: Self.now + 1000)
        if isAuthority { template.role = .authority(pathLength: nil) } else { template.dnsNames = ["a.example"] }
        return template
    }

    /// A leaf, and `count` CAs that could all have issued each other: certificate n is issued with key n + 1.
    private func tangle(count: Int, names: Int, keys: Int) throws -> (root: Certificate, chain: [Certificate]) {
        let keys = try (0..<keys).map { _ in try PrivateKey.generate(.p256) }
        let issuers = try (0..<names).map { index in
            try template("CA \(index)").selfSigned(with: keys[0], serialNumber: [1])
        }
        let authorities = try (0..<count).map { index in
            try template("CA \((index + 1) % names)").issued(
                for: keys[index % keys.count].subjectPublicKeyInfo, by: issuers[index % names],
                issuerKey: keys[(index + 1) % keys.count], serialNumber: [UInt8(index % 200 + 1), UInt8(index / 200)])
        }
        let leaf = try template("leaf", isAuthority: false).issued(
            for: keys[0].subjectPublicKeyInfo, by: issuers[0], issuerKey: keys[0], serialNumber: [1])
        return (issuers[0], [leaf] + authorities)
    }

    @Test("B-11 a tangle of CAs without a root ends, within the budget", arguments: [(1, 1), (1, 10), (10, 1), (3, 5)])
    func tangles(names: Int, keys: Int) throws {
        let (_, chain) = try tangle(count: 100, names: names, keys: keys)
        let codes = CertificateVerifier(trustStore: .empty)
            .verify(chain, name: .dns("a.example"), purpose: .serverAuthentication, at: Self.now).problems.map(\.code)
        let endings: Set<CertificateProblem.Code> = [
            .budgetExceeded, .selfSignedCertificateInChain, .unableToGetLocalIssuerCertificate,
        ]
        #expect(codes.count == 1)
        #expect(endings.isSuperset(of: codes), "\(codes)")
    }

    @Test("B-11 a tangle below a trusted root whose paths are all invalid ends, within the budget")
    func rootedTangle() throws {
        let (root, chain) = try tangle(count: 100, names: 1, keys: 10)
        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [root]))
        let verdict = verifier.verify(chain, name: .dns("b.example"), purpose: .serverAuthentication, at: Self.now)
        #expect(verdict.problems.map(\.code) == [.budgetExceeded])
        let good = verifier.verify(chain, name: .dns("a.example"), purpose: .serverAuthentication, at: Self.now)
        #expect(good.isVerified)
    }

    @Test("B-11 a budget of no signatures, steps or comparisons is exceeded by any chain")
    func budget() throws {
        let (root, chain) = try tangle(count: 1, names: 1, keys: 1)
        for field in [\PathBudget.steps, \.nameComparisons, \.signatureMicroseconds] {
            var policy = VerificationPolicy.default
            policy.budget[keyPath: field] = 0
            let verdict = CertificateVerifier(trustStore: TrustStore(anchors: [root]), policy: policy)
                .verify(chain, name: .dns("a.example"), purpose: .serverAuthentication, at: Self.now)
            #expect(verdict.problems.map(\.code) == [.budgetExceeded])
        }
    }

    @Test("B-06 a chain of 255 intermediates is judged when the policy allows it, and refused when it does not")
    func deepChain() throws {
        let keys = try (0..<2).map { _ in try PrivateKey.generate(.ed25519) }
        let root = try template("CA 0").selfSigned(with: keys[0], serialNumber: [1])
        var chain = [root]
        for depth in 1...255 {
            chain.append(
                try template("CA \(depth)").issued(
                    for: keys[depth % 2].subjectPublicKeyInfo, by: chain[depth - 1], issuerKey: keys[(depth - 1) % 2],
                    serialNumber: [1]))
        }
        chain.append(
            try template("leaf", isAuthority: false).issued(
                for: keys[0].subjectPublicKeyInfo, by: chain[255], issuerKey: keys[1], serialNumber: [1]))
        var policy = VerificationPolicy.default
        func verify() -> Verdict {
            CertificateVerifier(trustStore: TrustStore(anchors: [root]), policy: policy)
                .verify(chain.reversed(), name: nil, purpose: .serverAuthentication, at: Self.now)
        }
        #expect(verify().problems.map(\.code) == [.chainTooLong])
        policy.maximumIntermediates = 255
        policy.budget.signatureMicroseconds = 100_000
        #expect(verify() == .verified(path: chain.reversed()))
    }

    @Test("loops of cross-signed CAs end, and do not keep from finding the way out")
    func loops() throws {
        let keys = try (0..<3).map { _ in try PrivateKey.generate(.p256) }
        let selfSigned = try (0..<3).map { try template("CA \($0)").selfSigned(with: keys[$0], serialNumber: [1]) }
        var crossSigned: [Certificate] = []
        for subject in 0..<3 {
            for issuer in 0..<3 where issuer != subject {
                crossSigned.append(
                    try template("CA \(subject)").issued(
                        for: keys[subject].subjectPublicKeyInfo, by: selfSigned[issuer], issuerKey: keys[issuer],
                        serialNumber: [2]))
            }
        }
        let leaf = try template("leaf", isAuthority: false).issued(
            for: keys[0].subjectPublicKeyInfo, by: selfSigned[0], issuerKey: keys[0], serialNumber: [3])
        func verify(_ anchors: [Certificate]) -> Verdict {
            CertificateVerifier(trustStore: TrustStore(anchors: anchors))
                .verify([leaf] + crossSigned, name: nil, purpose: .serverAuthentication, at: Self.now)
        }
        for root in selfSigned {
            #expect(verify([root]).isVerified)
        }
        #expect(verify([]).problems.map(\.code) == [.unableToGetLocalIssuerCertificate])
    }

    @Test("an expired cross-sign does not keep from the path that is valid")
    func expiredCrossSign() throws {
        let keys = try (0..<3).map { _ in try PrivateKey.generate(.p256) }
        let old = try template("old root").selfSigned(with: keys[0], serialNumber: [1])
        let new = try template("new root").selfSigned(with: keys[1], serialNumber: [1])
        var expired = template("new root")
        expired.notAfter = Self.now - 10
        let crossSign = try expired.issued(
            for: keys[1].subjectPublicKeyInfo, by: old, issuerKey: keys[0], serialNumber: [2])
        let leaf = try template("leaf", isAuthority: false).issued(
            for: keys[2].subjectPublicKeyInfo, by: new, issuerKey: keys[1], serialNumber: [3])
        func verify(_ anchors: [Certificate]) -> Verdict {
            CertificateVerifier(trustStore: TrustStore(anchors: anchors))
                .verify([leaf, crossSign], name: nil, purpose: .serverAuthentication, at: Self.now)
        }
        #expect(verify([old, new]) == .verified(path: [leaf, new]))
        #expect(verify([old]).findings == ["certificateExpired at 1"])
    }

    @Test("an anchor that is a bare key, and a leaf that is an anchor")
    func anchors() throws {
        let (rootKey, leafKey) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.p256))
        let root = try template("root").selfSigned(with: rootKey, serialNumber: [1])
        let leaf = try template("leaf", isAuthority: false).issued(
            for: leafKey.subjectPublicKeyInfo, by: root, issuerKey: rootKey, serialNumber: [1])
        let bare = try TrustAnchor(subject: root.subject, publicKeyInfo: rootKey.subjectPublicKeyInfo)
        func verify(_ store: TrustStore, at time: UnixTime) -> Verdict {
            CertificateVerifier(trustStore: store)
                .verify([leaf], name: .dns("a.example"), purpose: .serverAuthentication, at: time)
        }
        #expect(verify(TrustStore([bare]), at: Self.now) == .verified(path: [leaf]))
        let other = try TrustAnchor(subject: root.subject, publicKeyInfo: leafKey.subjectPublicKeyInfo)
        #expect(verify(TrustStore([other]), at: Self.now).findings == ["certificateSignatureFailed at 0"])
        #expect(verify(TrustStore(anchors: [leaf]), at: Self.now) == .verified(path: [leaf]))
        #expect(verify(TrustStore(anchors: [leaf]), at: Self.now + 2000).findings == ["certificateExpired at 0"])
    }

    @Test("B-12 thousands of constraints against thousands of names end, within the budget")
    func quadraticConstraints() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        var root = CertificateSpec.root
        root.extensions.append("nameConstraints=critical,@constraints")
        root.sections["constraints"] = (0..<1000).map { "permitted;DNS.\($0)=n\($0).example" }.joined(separator: "\n")
        var leaf = CertificateSpec.leaf.with("subjectAltName", "@names")
        leaf.sections["names"] = (0..<1000).map { "DNS.\($0)=n999.example" }.joined(separator: "\n")
        let chain = try TestChain(root: root, leaf: leaf).make(with: openssl)
        #expect(chain.verify(name: .dns("n999.example")).findings == ["budgetExceeded at 0"])
    }

    @Test("B-13 names are matched last and counted, and a verdict's text stays short")
    func manyNames() throws {
        var leaf = template("leaf", isAuthority: false)
        leaf.commonName = String(repeating: "\u{1B}[31m", count: 500)
        leaf.dnsNames = (0..<5000).map { "n\($0).example" }
        let key = try PrivateKey.generate(.p256)
        let certificate = try leaf.selfSigned(with: key, serialNumber: [1])
        var policy = VerificationPolicy.default
        let verdict = CertificateVerifier(trustStore: .empty, policy: policy)
            .verify([certificate], name: .dns("other.example"), purpose: .serverAuthentication, at: Self.now)
        #expect(verdict.problems.map(\.code) == [.selfSignedCertificate, .hostNameMismatch])
        for problem in verdict.problems {
            #expect(problem.description.count < 600)
            #expect(problem.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        }
        policy.budget.nameComparisons = 4999
        let bounded = CertificateVerifier(trustStore: TrustStore(anchors: [certificate]), policy: policy)
            .verify([certificate], name: .dns("other.example"), purpose: .serverAuthentication, at: Self.now)
        #expect(bounded.problems.map(\.code) == [.budgetExceeded])
    }

    @Test("B-15 deep nesting is an error, not a deep recursion")
    func deepNesting() throws {
        var der: [UInt8] = []
        for _ in 0..<20_000 {
            let length = der.count
            let octets: [UInt8] =
                length < 0x80
                ? [UInt8(length)]
                : length < 0x1_0000
                    ? [0x82, UInt8(length >> 8), UInt8(length & 0xFF)]
                    : [0x83, UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
            der = [0x30] + octets + der
            if der.count > 60_000 { break }
        }
        #expect(throws: CertificateError.self) { try Certificate(der: der) }
    }

    @Test("every truncation of a certificate is an error")
    func truncations() throws {
        for path in try Self.corpus() {
            let der = try Repository.bytes(at: path)
            for count in der.indices {
                #expect(throws: CertificateError.self) { try Certificate(der: Array(der[..<count])) }
            }
            #expect(throws: CertificateError.self) { try Certificate(der: der + [0]) }
        }
    }

    @Test("a certificate with any one byte changed does not parse or is not believed")
    func changes() throws {
        let (root, chain) = try tangle(count: 0, names: 1, keys: 1)
        let der = chain[0].der
        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [root]))
        for index in der.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var changed = der
                changed[index] ^= mask
                guard let certificate = try? Certificate(der: changed) else { continue }
                let verdict = verifier.verify(
                    [certificate], name: .dns("a.example"), purpose: .serverAuthentication, at: Self.now)
                #expect(!verdict.isVerified, "byte \(index) xor \(mask)")
            }
        }
    }

    @Test("a corpus of certificates with any one byte changed is survived")
    func corpusChanges() throws {
        for path in try Self.corpus() {
            let der = try Repository.bytes(at: path)
            for index in der.indices {
                var changed = der
                changed[index] = changed[index] &+ UInt8(truncatingIfNeeded: index | 1)
                guard let certificate = try? Certificate(der: changed) else { continue }
                let verdict = CertificateVerifier(trustStore: .empty)
                    .verify([certificate], name: .dns("a.example"), purpose: .serverAuthentication, at: Self.now)
                #expect(!verdict.isVerified)
                #expect(verdict.problems.allSatisfy { $0.description.count < 1000 })
            }
        }
    }

    private static func corpus() throws -> [String] {
        let folder = "Vectors/fuzz-corpus/certificates"
        let names = try FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: folder).path())
        try #require(!names.isEmpty)
        return names.sorted().map { "\(folder)/\($0)" }
    }
}
