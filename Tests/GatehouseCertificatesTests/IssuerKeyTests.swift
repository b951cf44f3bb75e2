import GatehouseCrypto
import Testing

@testable import GatehouseCertificates

@Suite("Keys bound to RSASSA-PSS")
struct IssuerKeyTests {
    private static let now: UnixTime = 1_800_000_000

    /// RFC 4055 §3.1: a key with these parameters. OpenSSL would not sign against them, so that the key is one without
    /// any, and only its certificate says otherwise.
    private func publicKeyInfo(
        of key: PrivateKey, _ hash: ObjectIdentifier, shortestSalt: Int
    ) -> [UInt8] {
        var writer = DERWriter()
        writer.write(.sequence) { info in
            info.write(.sequence) { algorithm in
                algorithm.write(.rsassaPSS)
                algorithm.write(.sequence) { parameters in
                    parameters.write(.constructed(0)) { wrapper in wrapper.write(.sequence) { $0.write(hash) } }
                    parameters.write(.constructed(1)) { wrapper in
                        wrapper.write(.sequence) { mask in
                            mask.write(.mgf1)
                            mask.write(.sequence) { $0.write(hash) }
                        }
                    }
                    parameters.write(.constructed(2)) { $0.write(shortestSalt) }
                }
            }
            info.write(bitString: SubjectPublicKey.bits(of: key.subjectPublicKeyInfo))
        }
        return writer.bytes
    }

    @Test(
        "an issuer's key signs with its own hash function and no shorter salt (RFC 4055 §3.3)",
        arguments: [
            (ObjectIdentifier.sha256, 32, true), (.sha256, 0, true), (.sha256, 20, true), (.sha384, 32, false),
            (.sha512, 32, false),
        ])
    func parameters(hash: ObjectIdentifier, shortestSalt: Int, isAllowed: Bool) throws {
        let (rootKey, issuerKey) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.rsa(bits: 2048)))
        var template = CertificateTemplate(commonName: "root", notBefore: Self.now - 100, notAfter: Self.now + 100)
        template.role = .authority(pathLength: nil)
        let root = try template.selfSigned(with: rootKey, serialNumber: [1])
        template.commonName = "issuer"
        let issuer = try template.issued(
            for: publicKeyInfo(of: issuerKey, hash, shortestSalt: shortestSalt), by: root, issuerKey: rootKey,
            serialNumber: [2])
        #expect(issuer.keyAlgorithm == .rsaPSS(bits: 2048))
        template.commonName = "leaf"
        template.role = .endEntity
        // Signed with SHA-256 and a salt of 32 bytes.
        let leaf = try template.issued(
            for: rootKey.subjectPublicKeyInfo, by: issuer, issuerKey: issuerKey, serialNumber: [3])
        let verdict = CertificateVerifier(trustStore: TrustStore(anchors: [root]))
            .verify([leaf, issuer], name: nil, purpose: .serverAuthentication, at: Self.now)
        #expect(verdict.findings == (isAllowed ? [] : ["unsupportedAlgorithm at 0"]))
    }

    @Test("a key whose parameters ask for a longer salt than its hash function has is none that is supported")
    func longSalt() throws {
        let key = try PrivateKey.generate(.rsa(bits: 2048))
        let info = publicKeyInfo(of: key, .sha256, shortestSalt: 33)
        let parsed = try SubjectPublicKey(onlyElement(.sequence, info.span), info.span)
        #expect(parsed == .unsupported(.algorithm(.rsassaPSS)))
    }
}
