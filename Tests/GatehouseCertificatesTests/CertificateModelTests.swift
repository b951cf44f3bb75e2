import GatehouseCertificates
import GatehouseCrypto
import TestSupport
import Testing

@Suite("The certificate model")
struct CertificateModelTests {
    private func sample() throws -> Certificate {
        var template = CertificateTemplate(commonName: "a", notBefore: 1000, notAfter: 2000)
        template.dnsNames = ["a.example"]
        return try template.selfSigned(with: .generate(.p256), serialNumber: [1])
    }

    @Test("B-54 the signature algorithms inside and outside must be the same")
    func algorithms() throws {
        let der = try sample().der
        let sha256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
        let positions = der.indices.filter { der[$0...].starts(with: sha256) }
        #expect(positions.count == 2)
        for position in positions {
            var changed = der
            changed[position + 7] = 0x03
            let error = #expect(throws: CertificateError.self) { try Certificate(der: changed) }
            #expect(error?.reason == .signatureAlgorithmMismatch)
        }
    }

    @Test("B-54 a signature of another kind than the issuer's key makes does not verify")
    func keyMismatch() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let chain = try TestChain(leaf: .leaf.with { $0.signing = ["-sha512"] }).make(with: openssl)
        #expect(chain.verify().findings == [])
        let rsa = try openssl.issue("rsa", CertificateSpec.intermediate.with { $0.key = ["rsa:2048"] }, by: "root")
        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [chain.root]))
        let verdict = verifier.verify([chain.leaf, rsa], name: nil, purpose: .serverAuthentication, at: chain.now)
        // The key identifiers differ: by them, this is not the issuer that is looked for.
        #expect(
            verdict.findings == ["unableToGetLocalIssuerCertificate at 0", "unableToVerifyFirstCertificate at 0"])
    }

    @Test("what a certificate with everything says")
    func everything() throws {
        let leaf = try Certificate(der: Repository.bytes(at: "Vectors/fuzz-corpus/certificates/leaf.der"))
        #expect(
            leaf.subjectAlternativeNames == [
                .dns("a.example"), .dns("*.b.example"), .ipAddress([192, 0, 2, 1]),
                .ipAddress([0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), .email("a@b.example"),
                .uri("https://a.example/"), .other, .other, .other,
            ])
        #expect(leaf.mustStaple)
        #expect(leaf.keyUsage == .digitalSignature)
        #expect(leaf.keyAlgorithm == .p256)
        #expect(leaf.version == 3)
        #expect(leaf.isSelfIssued)
        #expect(!leaf.isAuthority)
        let authority = try Certificate(der: Repository.bytes(at: "Vectors/fuzz-corpus/certificates/authority.der"))
        #expect(authority.isAuthority)
        #expect(authority.keyUsage == [.keyCertSign, .cRLSign])
        #expect(authority.keyAlgorithm == .rsa(bits: 2048))
        let pss = try Certificate(der: Repository.bytes(at: "Vectors/fuzz-corpus/certificates/pss.der"))
        #expect(pss.keyAlgorithm == .rsaPSS(bits: 2048))
        let explicit = try Certificate(der: Repository.bytes(at: "Vectors/fuzz-corpus/certificates/explicit.der"))
        #expect(explicit.keyAlgorithm == nil)
    }

    @Test("self-signed and unknown issuers, told apart as OpenSSL does, with the name checked all the same")
    func unknownIssuers() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let chain = try TestChain().make(with: openssl)
        let stranger = CertificateVerifier(trustStore: .empty)
        func findings(_ certificates: [Certificate], _ name: String = "www.example.com") -> [String] {
            stranger.verify(certificates, name: .dns(name), purpose: .serverAuthentication, at: chain.now).findings
        }
        #expect(findings([]) == ["noPeerCertificate at 0"])
        #expect(
            findings([chain.leaf]) == [
                "unableToGetLocalIssuerCertificate at 0", "unableToVerifyFirstCertificate at 0",
            ])
        #expect(findings([chain.root, chain.root], "a.example").first == "selfSignedCertificate at 0")
        #expect(findings([chain.leaf, chain.intermediate]) == ["unableToGetLocalIssuerCertificate at 1"])
        #expect(
            findings([chain.leaf, chain.root, chain.intermediate], "b.example")
                == ["selfSignedCertificateInChain at 2", "hostNameMismatch at 0"])
    }
}

@Suite("The verdict cache")
struct VerdictCacheTests {
    @Test("good verdicts are found again, for the same question and in time only")
    func cache() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let chain = try TestChain().make(with: openssl)
        let cache = VerdictCache(capacity: 2)
        var verifier = CertificateVerifier(trustStore: TrustStore(anchors: [chain.root]))
        verifier.cache = cache
        func verify(_ name: String = "www.example.com", _ purpose: Purpose = .serverAuthentication, at time: UnixTime)
            -> Bool
        {
            verifier.verify([chain.leaf, chain.intermediate], name: .dns(name), purpose: purpose, at: time).isVerified
        }
        let now = chain.now
        #expect(verify(at: now))
        #expect(cache.count == 1)
        #expect(verify(at: now + 10))
        #expect(cache.count == 1)
        // Bad verdicts are not kept, and a kept one does not answer another question.
        #expect(!verify("other.example", at: now))
        #expect(!verify("www.example.com", .clientAuthentication, at: now))
        #expect(!verify(at: chain.leaf.notAfter + 1))
        #expect(!verify(at: chain.leaf.notBefore - 1))
        #expect(cache.count == 1)
        // Another store, another policy: other questions. The oldest answer makes room.
        verifier.trustStore = .empty
        #expect(!verify(at: now))
        verifier.trustStore = TrustStore(anchors: [chain.root])
        #expect(verify(at: now))
        verifier.policy.maximumIntermediates = 3
        #expect(verify(at: now))
        #expect(cache.count == 2)
        verifier.policy.maximumIntermediates = 0
        #expect(!verify(at: now))
    }
}
