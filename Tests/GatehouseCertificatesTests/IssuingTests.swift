import GatehouseCertificates
import GatehouseCrypto
import Testing

private let now: UnixTime = 1_800_000_000
private let serial: [UInt8] = Array(1...20)

@Suite("Making certificates")
struct IssuingTests {
    private func template(_ commonName: String) -> CertificateTemplate {
        CertificateTemplate(commonName: commonName, notBefore: now - 3600, notAfter: now + 3600)
    }

    @Test(
        "a self-signed certificate is trusted when it is an anchor, for its names",
        arguments: [
            KeyAlgorithm.p256, .p384, .p521, .ed25519, .ed448, .rsa(bits: 2048),
        ])
    func selfSigned(algorithm: KeyAlgorithm) throws {
        var template = template("localhost")
        template.dnsNames = ["localhost"]
        template.ipAddresses = [[127, 0, 0, 1]]
        let key = try PrivateKey.generate(algorithm)
        let certificate = try template.selfSigned(with: key, serialNumber: serial)
        #expect(try key.isPair(of: certificate.publicKey()))
        #expect(certificate.subject.description == "CN=localhost")
        #expect(certificate.subjectAlternativeNames == [.dns("localhost"), .ipAddress([127, 0, 0, 1])])
        #expect(certificate.serialNumber.count == 20)

        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [certificate]))
        for host in ["localhost", "LOCALHOST.", "127.0.0.1"] {
            let verdict = verifier.verify(
                [certificate], name: ReferenceName(host: host), purpose: .serverAuthentication, at: now)
            #expect(verdict == .verified(path: [certificate]), "\(host)")
        }
        let other = verifier.verify(
            [certificate], name: .dns("example.com"), purpose: .serverAuthentication, at: now)
        #expect(other.problems.map(\.code) == [.hostNameMismatch])
        let stranger = CertificateVerifier(trustStore: .empty).verify(
            [certificate], name: .dns("localhost"), purpose: .serverAuthentication, at: now)
        #expect(stranger.problems.map(\.code) == [.selfSignedCertificate])
    }

    @Test("a leaf below an intermediate below a root is trusted; without the intermediate it is not")
    func chain() throws {
        let (rootKey, intermediateKey, leafKey) = (
            try PrivateKey.generate(.p384), try PrivateKey.generate(.rsa(bits: 2048)), try PrivateKey.generate(.p256)
        )
        var root = template("root")
        root.role = .authority(pathLength: 1)
        var intermediate = template("intermediate")
        intermediate.role = .authority(pathLength: 0)
        var leaf = template("leaf")
        leaf.dnsNames = ["*.example.com"]
        let rootCertificate = try root.selfSigned(with: rootKey, serialNumber: serial)
        let intermediateCertificate = try intermediate.issued(
            for: intermediateKey.subjectPublicKeyInfo, by: rootCertificate, issuerKey: rootKey, serialNumber: serial)
        let leafCertificate = try leaf.issued(
            for: leafKey.subjectPublicKeyInfo, by: intermediateCertificate, issuerKey: intermediateKey,
            serialNumber: serial)

        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [rootCertificate]), policy: .web)
        let verdict = verifier.verify(
            [leafCertificate, intermediateCertificate], name: .dns("www.example.com"), purpose: .serverAuthentication,
            at: now)
        #expect(verdict == .verified(path: [leafCertificate, intermediateCertificate, rootCertificate]))
        let alone = verifier.verify(
            [leafCertificate], name: .dns("www.example.com"), purpose: .serverAuthentication, at: now)
        #expect(
            alone.problems.map(\.code) == [.unableToGetLocalIssuerCertificate, .unableToVerifyFirstCertificate])
    }

    @Test("PEM there and back again")
    func pem() throws {
        let key = try PrivateKey.generate(.p256)
        let certificate = try template("localhost").selfSigned(with: key, serialNumber: serial)
        let text = "leading text\n" + certificate.pem + certificate.pem.replacing("\n", with: "\r\n")
        #expect(try Certificate.certificates(pem: Array(text.utf8)) == [certificate, certificate])
    }
}
