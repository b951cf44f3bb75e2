import GatehouseCertificates
import GatehouseCrypto
import Testing

/// One rule: a chain that keeps it, how it is broken, and what is then found, all of it.
struct PathRule: Sendable {
    let description: String
    let findings: [String]
    var good = TestChainSpec()
    let broken: TestChainSpec

    /// - Parameters:
    ///   - good: how the chain that keeps the rule differs from the usual one.
    ///   - broken: how the chain that breaks it differs from the one that keeps it.
    init(
        _ description: String, _ findings: [String], good: (inout TestChainSpec) -> Void = { _ in },
        broken: (inout TestChainSpec) -> Void
    ) {
        self.description = description
        self.findings = findings
        good(&self.good)
        var spec = self.good
        broken(&spec)
        self.broken = spec
    }
}

/// A chain and the question about it.
struct TestChainSpec: Sendable {
    var root = CertificateSpec.root
    var intermediate = CertificateSpec.intermediate
    var leaf = CertificateSpec.leaf
    var name: ReferenceName? = .dns("www.example.com")
    var purpose = Purpose.serverAuthentication
    var policy = VerificationPolicy.default
    /// Days after the certificates were made.
    var day = 0.1

    /// What is found in `chain`, which is made to this specification.
    func findings(_ chain: MadeChain) -> [String] {
        chain.verify(
            name: name, purpose: purpose, policy: policy, at: chain.leaf.notBefore + UnixTime(day * 86_400)
        ).findings
    }
}

/// Makes chains in which what is the same down from the root is the same certificate: each is made once.
private struct Workshop {
    let openssl: OpenSSL
    /// The certificates by their specifications, each below those of its issuers.
    private var made: [[CertificateSpec]: (name: String, certificate: Certificate)] = [:]

    init(openssl: OpenSSL) {
        self.openssl = openssl
    }

    mutating func chain(_ spec: TestChainSpec) throws -> MadeChain {
        let root = try certificate([spec.root])
        let intermediate = try certificate([spec.root, spec.intermediate], by: root.name)
        let leaf = try certificate([spec.root, spec.intermediate, spec.leaf], by: intermediate.name)
        return MadeChain(root: root.certificate, intermediate: intermediate.certificate, leaf: leaf.certificate)
    }

    private mutating func certificate(
        _ path: [CertificateSpec], by issuer: String? = nil
    ) throws -> (name: String, certificate: Certificate) {
        if let certificate = made[path] { return certificate }
        let name = "\(made.count)"
        let new = (name, try openssl.issue(name, path[path.count - 1], by: issuer))
        made[path] = new
        return new
    }
}

@Suite("Rules of paths, each kept and broken")
struct PathRuleTests {
    static let rules: [PathRule] = [
        // Validity.
        PathRule("the leaf's validity", ["certificateExpired at 0"]) { $0.day = 15 },
        PathRule(
            "every certificate's validity, from the anchor down",
            ["certificateExpired at 2", "certificateExpired at 1", "certificateExpired at 0"]
        ) { $0.day = 100 },
        PathRule(
            "the begin of validity",
            ["certificateNotYetValid at 2", "certificateNotYetValid at 1", "certificateNotYetValid at 0"]
        ) { $0.day = -1 },
        // CAs.
        PathRule("an issuer is a CA", ["invalidCACertificate at 1"]) {
            $0.intermediate = $0.intermediate.with("basicConstraints", "critical,CA:FALSE")
        },
        PathRule("an issuer says that it is a CA", ["invalidCACertificate at 1"]) {
            $0.intermediate = $0.intermediate.with("basicConstraints", nil)
        },
        PathRule("B-19 an issuer's key may sign certificates", ["invalidCACertificate at 1"]) {
            $0.intermediate = $0.intermediate.with("keyUsage", "critical,cRLSign")
        },
        PathRule(
            "the path length", ["pathLengthExceeded at 2"],
            good: { $0.root = $0.root.with("basicConstraints", "critical,CA:TRUE,pathlen:1") },
            broken: { $0.root = $0.root.with("basicConstraints", "critical,CA:TRUE,pathlen:0") }),
        PathRule("the depth setting", ["chainTooLong at 0"], good: { $0.policy.maximumIntermediates = 1 }) {
            $0.policy.maximumIntermediates = 0
        },
        // Purposes.
        PathRule("B-19 the leaf's key usage", ["invalidPurpose at 0"]) {
            $0.leaf = $0.leaf.with("keyUsage", "critical,keyAgreement")
        },
        PathRule("B-19 the leaf's extended key usage", ["invalidPurpose at 0"]) {
            $0.leaf = $0.leaf.with("extendedKeyUsage", "clientAuth")
        },
        PathRule(
            "B-19 the extended key usage of a client", ["invalidPurpose at 0"],
            good: {
                $0.purpose = .clientAuthentication
                $0.leaf = $0.leaf.with("extendedKeyUsage", "clientAuth")
            },
            broken: { $0.leaf = $0.leaf.with("extendedKeyUsage", "serverAuth") }),
        PathRule(
            "extended key usage down the chain", ["invalidPurpose at 1"],
            good: { $0.intermediate = $0.intermediate.with("extendedKeyUsage", "serverAuth,clientAuth") },
            broken: { $0.intermediate = $0.intermediate.with("extendedKeyUsage", "clientAuth") }),
        PathRule(
            "B-55 anyExtendedKeyUsage allows every purpose and switches no other check off",
            [
                "invalidPurpose at 0", "hostNameMismatch at 0", "certificateExpired at 0",
                "nameConstraintViolation at 0",
            ],
            good: { $0.leaf = $0.leaf.with("extendedKeyUsage", "anyExtendedKeyUsage") },
            broken: {
                $0.leaf = $0.leaf.with("keyUsage", "critical,keyAgreement")
                $0.name = .dns("other.example.com")
                $0.day = 15
                $0.intermediate = $0.intermediate.with("nameConstraints", "critical,excluded;DNS:example.com")
            }),
        // Keys and digests.
        PathRule("small RSA keys", ["weakKey at 0"], good: { $0.leaf.key = ["rsa:2048"] }) {
            $0.leaf.key = ["rsa:1024"]
        },
        PathRule(
            "B-07 large RSA keys", ["weakKey at 0"], good: { $0.leaf.key = ["rsa:2048"] },
            broken: { $0.policy.rsaBits = 1024...2040 }),
        PathRule("B-07 explicit curve parameters", ["weakKey at 0"]) {
            $0.leaf.key += ["-pkeyopt", "ec_param_enc:explicit"]
        },
        PathRule("unusual curves", ["weakKey at 0"]) {
            $0.leaf.key = ["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"]
        },
        PathRule("SHA-1", ["weakDigest at 0"]) { $0.leaf.signing = ["-sha1"] },
        PathRule(
            "SHA-1 with ECDSA, which the policy accepts", ["weakDigest at 0"],
            good: {
                $0.leaf.signing = ["-sha1"]
                $0.policy.dangerouslyAcceptedDigests = .sha1
            },
            broken: { $0.policy.dangerouslyAcceptedDigests = .md5 }),
        PathRule(
            "SHA-1 and MD5 with RSA, which the policy accepts", ["weakDigest at 0"],
            good: {
                $0.root.key = ["rsa:2048"]
                $0.intermediate.key = ["rsa:2048"]
                $0.intermediate.signing = ["-sha1"]
                $0.leaf.signing = ["-md5"]
                $0.policy.dangerouslyAcceptedDigests = [.md5, .sha1]
            },
            broken: { $0.policy.dangerouslyAcceptedDigests = [] }),
        PathRule(
            "RSASSA-PSS with a salt that is too long", ["unsupportedAlgorithm at 0"],
            good: {
                $0.intermediate.key = ["rsa:2048"]
                $0.leaf.signing = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
            },
            broken: {
                $0.leaf.signing = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64"]
            }),
        PathRule(
            "SHA-512 with P-384, Ed25519 and Ed448; SHA-1 in the middle", ["weakDigest at 1"],
            good: {
                $0.root.key = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]
                $0.root.signing = ["-sha1"]
                $0.intermediate.signing = ["-sha512"]
                $0.intermediate.key = ["ed25519"]
                $0.leaf.key = ["ed448"]
            },
            broken: { $0.intermediate.signing = ["-sha1"] }),
        PathRule(
            "an issuer's key bound to RSASSA-PSS with its parameters", ["weakKey at 1"],
            good: {
                $0.intermediate.key = [
                    "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha256", "-pkeyopt",
                    "rsa_pss_keygen_mgf1_md:sha256", "-pkeyopt", "rsa_pss_keygen_saltlen:32",
                ]
                $0.leaf.signing = ["-sha256", "-sigopt", "rsa_pss_saltlen:32"]
            },
            broken: { $0.policy.rsaBits = 3072...8192 }),
        PathRule(
            "B-54 the web: the digest that does not fit the key", ["weakDigest at 0"], good: { $0.policy = .web },
            broken: { $0.leaf.signing = ["-sha512"] }),
        // Serial numbers are any numbers of up to 20 bytes.
        PathRule(
            "a serial number that is zero, and one that is negative", ["certificateExpired at 0"],
            good: {
                $0.intermediate.signing = ["-set_serial", "0"]
                $0.leaf.signing = ["-set_serial", "-5"]
            },
            broken: { $0.day = 15 }),
        // Extensions.
        PathRule(
            "critical extensions that are not known", ["unhandledCriticalExtension at 0"],
            good: { $0.leaf.extensions.append("1.2.3.4=DER:0500") },
            broken: { $0.leaf = $0.leaf.with("1.2.3.4", "critical,DER:0500") }),
        PathRule(
            "critical extensions that nothing is done with", ["unhandledCriticalExtension at 1"],
            good: { $0.intermediate.extensions.append("issuerAltName=DNS:ca.example.com") },
            broken: { $0.intermediate = $0.intermediate.with("issuerAltName", "critical,DNS:ca.example.com") }),
        PathRule("name constraints are for CAs", ["invalidExtension at 0"]) {
            $0.leaf.extensions.append("nameConstraints=critical,permitted;DNS:example.com")
        },
        // Names.
        PathRule("the name asked for", ["hostNameMismatch at 0"]) { $0.name = .dns("example.com") },
        PathRule("B-51 the common name is not looked at", ["hostNameMismatch at 0"]) {
            $0.leaf = $0.leaf.with("subjectAltName", nil)
        },
        PathRule(
            "B-51 nor beside an alternative name of another kind", ["hostNameMismatch at 0"],
            good: { $0.leaf = $0.leaf.with("subjectAltName", "IP:192.0.2.1,DNS:www.example.com") },
            broken: { $0.leaf = $0.leaf.with("subjectAltName", "IP:192.0.2.1") }),
        PathRule(
            "wildcards stand for one label", ["hostNameMismatch at 0"],
            good: { $0.leaf = $0.leaf.with("subjectAltName", "DNS:*.example.com") },
            broken: { $0.name = .dns("a.www.example.com") }),
        PathRule(
            "addresses are compared with addresses", ["hostNameMismatch at 0"],
            good: {
                $0.name = ReferenceName(host: "192.0.2.1")
                $0.leaf = $0.leaf.with("subjectAltName", "IP:192.0.2.1")
            },
            broken: { $0.leaf = $0.leaf.with("subjectAltName", "DNS:192.0.2.1") }),
        // The web's profile.
        PathRule("the web: version and identifiers", ["invalidExtension at 0"], good: { $0.policy = .web }) {
            $0.leaf = $0.leaf.with("authorityKeyIdentifier", "none")
        },
        PathRule("the web: roots", ["invalidExtension at 2"], good: { $0.policy = .web }) {
            $0.root = $0.root.with("basicConstraints", "CA:TRUE")
        },
        PathRule("the web: anyExtendedKeyUsage", ["invalidExtension at 0"], good: { $0.policy = .web }) {
            $0.leaf = $0.leaf.with("extendedKeyUsage", "serverAuth,anyExtendedKeyUsage")
        },
        PathRule("the web: a CA is no server", ["invalidExtension at 0"], good: { $0.policy = .web }) {
            $0.leaf = $0.leaf.with("basicConstraints", "critical,CA:TRUE")
        },
        PathRule("the web: critical alternative names", ["invalidExtension at 0"], good: { $0.policy = .web }) {
            $0.leaf = $0.leaf.with("subjectAltName", "critical,DNS:www.example.com")
        },
        PathRule(
            "the web: a common name that is a sibling of the alternative names", ["invalidExtension at 0"],
            good: {
                $0.policy = .web
                $0.leaf.subject = "CN=www.example.org"
            },
            broken: { $0.leaf.subject = "CN=other.example.com" }),
        PathRule("the web: underscores", ["invalidExtension at 0"], good: { $0.policy = .web }) {
            $0.leaf = $0.leaf.with("subjectAltName", "DNS:www.example.com,DNS:a_b.example.com")
        },
    ]

    @Test("kept, then broken")
    func rule() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        var workshop = Workshop(openssl: openssl)
        for rule in Self.rules {
            #expect(rule.good.findings(try workshop.chain(rule.good)) == [], "\(rule.description)")
            #expect(rule.broken.findings(try workshop.chain(rule.broken)) == rule.findings, "\(rule.description)")
        }
    }
}
