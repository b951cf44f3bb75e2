import GatehouseCrypto
import TestSupport
import Testing

@testable import GatehouseCertificates

@Suite("Certificates with ML-DSA (RFC 9881)")
struct PostQuantumCertificateTests {
    @Test(
        "F-03 keys and signatures have one identifier each, and no parameters; without libcrypto's help they are unknown",
        arguments: zip(MLDSAParameterSet.allCases, [UInt8(0x11), 0x12, 0x13]))
    func identifiers(parameters: MLDSAParameterSet, last: UInt8) throws {
        #expect(parameters.identifier.content == [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, last])
        func algorithm(_ hasParameters: Bool) -> [UInt8] {
            var writer = DERWriter()
            writer.write(.sequence) { algorithm in
                algorithm.write(parameters.identifier)
                if hasParameters { algorithm.write(.null, []) }
            }
            return writer.bytes
        }
        func key(_ count: Int, hasParameters: Bool = false) throws -> SubjectPublicKey {
            var writer = DERWriter()
            writer.write(.sequence) { info in
                info.write(encoded: algorithm(hasParameters))
                info.write(bitString: [UInt8](repeating: 1, count: count))
            }
            let bytes = writer.bytes
            return try SubjectPublicKey(onlyElement(.sequence, bytes.span), bytes.span)
        }
        func signature(_ hasParameters: Bool) throws -> SignatureAlgorithmIdentifier {
            let bytes = algorithm(hasParameters)
            return try SignatureAlgorithmIdentifier(onlyElement(.sequence, bytes.span), bytes.span)
        }
        let length = parameters.publicKeyLength
        #expect(try signature(true) == .unsupported(parameters.identifier))
        guard Libcrypto.hasPostQuantum else {
            #expect(try key(length) == .unsupported(.algorithm(parameters.identifier)))
            #expect(try signature(false) == .unsupported(parameters.identifier))
            return
        }
        #expect(try key(length).algorithm == .mlDSA(parameters))
        #expect(try signature(false) == .supported(.mlDSA(parameters)))
        #expect(try key(length, hasParameters: true) == .unsupported(.malformed))
        #expect(try key(length - 1) == .unsupported(.malformed))
        #expect(try key(length + 1) == .unsupported(.malformed))
    }

    @Test(
        "F-03 chains of OpenSSL's are verified, kept and broken",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)))
    func chains() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let spec = TestChain(
            root: .root.with { $0.key = ["ml-dsa-87"] }, intermediate: .intermediate.with { $0.key = ["ml-dsa-65"] },
            leaf: .leaf.with { $0.key = ["ml-dsa-44"] })
        let chain = try spec.make(with: openssl)
        #expect(chain.leaf.keyAlgorithm == .mlDSA(.mlDSA44))
        #expect(chain.verify().findings == [])
        let der = chain.leaf.der
        let changed = try Certificate(der: der.dropLast() + [der[der.count - 1] ^ 1])
        let verdict = CertificateVerifier(trustStore: TrustStore(anchors: [chain.root])).verify(
            [changed, chain.intermediate], name: nil, purpose: .serverAuthentication, at: chain.now)
        #expect(verdict.findings == ["certificateSignatureFailed at 0"])
    }

    @Test(
        "F-03 our own certificates too",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)),
        arguments: MLDSAParameterSet.allCases
    )
    func issuing(parameters: MLDSAParameterSet) throws {
        let key = try PrivateKey.generate(.mlDSA(parameters))
        var template = CertificateTemplate(commonName: "a", notBefore: 1000, notAfter: 2000)
        template.dnsNames = ["a.example"]
        template.role = .authority(pathLength: nil)
        let root = try template.selfSigned(with: key, serialNumber: [1])
        template.role = .endEntity
        let leaf = try template.issued(
            for: key.subjectPublicKeyInfo, by: root, issuerKey: key, serialNumber: [2])
        #expect(try key.isPair(of: leaf.publicKey()))
        #expect(leaf.isSigned(by: root))
        let verdict = CertificateVerifier(trustStore: TrustStore(anchors: [root]))
            .verify([leaf], name: .dns("a.example"), purpose: .serverAuthentication, at: 1500)
        #expect(verdict.isVerified)
    }
}
