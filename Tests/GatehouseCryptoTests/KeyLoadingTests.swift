import GatehouseCrypto
import TestSupport
import Testing

/// Keys made by the `openssl` program on the spot, in every form that it writes.
struct KeyLoadingTests {
    private static let passphrase = "correct horse"

    /// A kind of key, what makes it, and what it is after loading.
    struct Kind: Sendable, CustomTestStringConvertible {
        let algorithm: KeyAlgorithm
        let options: [String]
        var testDescription: String { "\(algorithm)" }

        /// The key as PKCS#8 in PEM.
        func make() throws -> [UInt8] {
            try Tool("openssl").output(of: ["genpkey"] + options)
        }
    }

    static let kinds: [Kind] =
        [
            Kind(algorithm: .p256, options: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            Kind(algorithm: .p384, options: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
            Kind(algorithm: .p521, options: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
            Kind(algorithm: .ed25519, options: ["-algorithm", "ED25519"]),
            Kind(algorithm: .ed448, options: ["-algorithm", "ED448"]),
            Kind(algorithm: .rsa(bits: 2048), options: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
            Kind(algorithm: .rsa(bits: 1024), options: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]),
            Kind(
                algorithm: .rsaPSS(bits: 2048), options: ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ]
        + MLDSAParameterSet.allCases.filter(\.isSupported).map { parameters in
            Kind(algorithm: .mlDSA(parameters), options: ["-algorithm", "ML-DSA-\(parameters.rawValue)"])
        }

    /// The forms that have a type of key in their name: PKCS#1 and SEC1.
    static let traditionalKinds = kinds.filter { kind in
        switch kind.algorithm {
        case .p256, .p384, .p521, .rsa: true
        case .rsaPSS, .ed25519, .ed448, .mlDSA: false
        }
    }

    private func check(_ key: PrivateKey, _ kind: Kind, _ form: String) throws {
        #expect(key.algorithm == kind.algorithm, "\(form)")
        #expect(!key.signatureSchemes.isEmpty, "\(form)")
        let message = Array("what every key signs".utf8)
        for scheme in key.signatureSchemes {
            let signature = try key.sign(message.span, scheme: scheme)
            let isValid = key.publicKey.isValidSignature(signature.span, over: message.span, scheme: scheme)
            #expect(isValid, "\(form): \(scheme)")
        }
    }

    @Test("F-03 every kind of key loads as PKCS#8, in PEM and DER, and signs", arguments: kinds)
    func pkcs8(kind: Kind) throws {
        let openssl = try Tool("openssl")
        let pem = try kind.make()
        let der = try openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", input: pem)
        let info = try openssl("pkey", "-pubout", "-outform", "DER", input: pem)
        try check(PrivateKey(pem: pem), kind, "PEM")
        try check(PrivateKey(pem: String(decoding: pem, as: UTF8.self)), kind, "PEM as text")
        try check(PrivateKey(der: der), kind, "DER")
        #expect(try PrivateKey(pem: pem).subjectPublicKeyInfo == info)
        // A passphrase that is not needed does no harm.
        try check(PrivateKey(pem: pem, passphrase: "not needed"), kind, "PEM with a passphrase")
        try check(PrivateKey(der: der, passphrase: "not needed"), kind, "DER with a passphrase")
    }

    @Test("F-03 keys load as PKCS#1 and SEC1, in PEM and DER, and sign", arguments: traditionalKinds)
    func traditional(kind: Kind) throws {
        let openssl = try Tool("openssl")
        let pkcs8 = try kind.make()
        let pem = try openssl("pkey", "-traditional", input: pkcs8)
        #expect(!String(decoding: pem, as: UTF8.self).contains("BEGIN PRIVATE KEY"))
        let der = try openssl("pkey", "-traditional", "-outform", "DER", input: pkcs8)
        try check(PrivateKey(pem: pem), kind, "PEM")
        try check(PrivateKey(der: der), kind, "DER")
    }

    @Test("F-03 encrypted keys load with their passphrase, and say what is wrong without it", arguments: kinds)
    func encrypted(kind: Kind) throws {
        let openssl = try Tool("openssl")
        let plain = try kind.make()
        let pem = try openssl("pkcs8", "-topk8", "-passout", "pass:\(Self.passphrase)", input: plain)
        let der = try openssl(
            "pkcs8", "-topk8", "-outform", "DER", "-passout", "pass:\(Self.passphrase)", input: plain)
        try check(PrivateKey(pem: pem, passphrase: Self.passphrase), kind, "PEM")
        try check(PrivateKey(der: der, passphrase: Self.passphrase), kind, "DER")
        expectPassphraseErrors(pem: pem)
        #expect(throws: KeyError.passphraseRequired) { try PrivateKey(der: der) }
        for wrong in ["", "incorrect horse", String(repeating: "x", count: 5000)] {
            #expect(throws: KeyError.wrongPassphrase) { try PrivateKey(der: der, passphrase: wrong) }
        }
    }

    @Test("F-03 keys encrypted in the old PEM way load with their passphrase", arguments: traditionalKinds)
    func traditionalEncrypted(kind: Kind) throws {
        let pem = try Tool("openssl")(
            "pkey", "-traditional", "-aes128", "-passout", "pass:\(Self.passphrase)", input: try kind.make())
        #expect(String(decoding: pem, as: UTF8.self).contains("DEK-Info"))
        try check(PrivateKey(pem: pem, passphrase: Self.passphrase), kind, "PEM")
        expectPassphraseErrors(pem: pem)
    }

    private func expectPassphraseErrors(pem: [UInt8]) {
        #expect(throws: KeyError.passphraseRequired) { try PrivateKey(pem: pem) }
        for wrong in ["", "incorrect horse", String(repeating: "x", count: 5000)] {
            #expect(throws: KeyError.wrongPassphrase) { try PrivateKey(pem: pem, passphrase: wrong) }
        }
    }

    @Test("F-03 a PEM file may hold parameters, certificates and remarks before and after the key")
    func surroundings() throws {
        let openssl = try Tool("openssl")
        let kind = Self.kinds[0]
        let withParameters = try openssl("ecparam", "-name", "prime256v1", "-genkey")
        #expect(String(decoding: withParameters, as: UTF8.self).contains("BEGIN EC PARAMETERS"))
        try check(PrivateKey(pem: withParameters), kind, "after EC PARAMETERS")
        let key = try kind.make()
        let certificate = try selfSigned(key)
        try check(PrivateKey(pem: certificate + key), kind, "after a certificate")
        try check(PrivateKey(pem: key + certificate), kind, "before a certificate")
        let remarks = Array("Bag Attributes\n    friendlyName: x\r\n\r\n".utf8)
        try check(PrivateKey(pem: remarks + key + remarks), kind, "between remarks")
    }

    private func selfSigned(_ key: [UInt8]) throws -> [UInt8] {
        try Tool("openssl")(
            "req", "-x509", "-new", "-key", "key.pem", "-subj", "/CN=test", "-days", "2", files: ["key.pem": key])
    }

    @Test("F-03 a certificate or a public key is called by its name")
    func notPrivate() throws {
        let openssl = try Tool("openssl")
        let key = try Self.kinds[0].make()
        let certificate = try selfSigned(key)
        #expect(throws: KeyError.certificate) { try PrivateKey(pem: certificate) }
        let der = try openssl("x509", "-outform", "DER", input: certificate)
        #expect(throws: KeyError.certificate) { try PrivateKey(der: der) }
        #expect(throws: KeyError.publicKey) { try PrivateKey(pem: openssl("pkey", "-pubout", input: key)) }
        #expect(throws: KeyError.publicKey) {
            try PrivateKey(der: openssl("pkey", "-pubout", "-outform", "DER", input: key))
        }
    }

    @Test(
        "F-03 keys that cannot sign in TLS 1.3 are called by their name",
        arguments: [
            ("X25519", ["-algorithm", "X25519"]),
            ("EC on secp256k1", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]),
            (
                "EC with explicit parameters",
                ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"]
            ),
        ])
    func unsupported(name: String, options: [String]) throws {
        let pem = try Kind(algorithm: .p256, options: options).make()
        #expect(throws: KeyError.unsupportedAlgorithm(name)) { try PrivateKey(pem: pem) }
    }

    @Test("F-03 a restricted RSASSA-PSS key signs only with what it allows")
    func restrictedPSS() throws {
        let options = [
            "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha384",
            "-pkeyopt", "rsa_pss_keygen_mgf1_md:sha384", "-pkeyopt", "rsa_pss_keygen_saltlen:48",
        ]
        let key = try PrivateKey(pem: Kind(algorithm: .rsaPSS(bits: 2048), options: options).make())
        #expect(key.signatureSchemes == [.rsaPSSPSSSHA384])
    }

    @Test("F-03 an RSA-1024 key has no room for SHA-512 with its salt")
    func smallRSA() throws {
        let kind = try #require(Self.kinds.first { $0.algorithm == .rsa(bits: 1024) })
        let key = try PrivateKey(pem: kind.make())
        #expect(key.signatureSchemes == [.rsaPSSRSAESHA256, .rsaPSSRSAESHA384])
    }

    /// Where a key of so many bytes is cut off: everywhere near its ends, and at every place of a line and of a number
    /// between them.
    private static func cuts(_ count: Int) -> [Int] {
        (0..<count).filter { $0 < 160 || $0 >= count - 160 || $0.isMultiple(of: 17) }
    }

    @Test("F-03 a key cut off anywhere, or with something after it, is refused", arguments: kinds)
    func truncated(kind: Kind) throws {
        let openssl = try Tool("openssl")
        let pem = try kind.make()
        let der = try openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", input: pem)
        for count in Self.cuts(der.count) {
            #expect(throws: KeyError.notAKey, "DER, \(count) bytes") { try PrivateKey(der: Array(der[..<count])) }
        }
        #expect(throws: KeyError.notAKey) { try PrivateKey(der: der + [0]) }
        // Without the last line, or a part of it, it is not a PEM file any more; the line's end does not matter.
        for count in Self.cuts(pem.count - 1) {
            #expect(throws: KeyError.notAKey, "PEM, \(count) bytes") { try PrivateKey(pem: Array(pem[..<count])) }
        }
    }

    @Test("F-03 a cut-off encrypted key is refused with any passphrase or none")
    func truncatedEncrypted() throws {
        let der = try Tool("openssl")(
            "pkcs8", "-topk8", "-outform", "DER", "-iter", "1", "-passout", "pass:\(Self.passphrase)",
            input: try Self.kinds[0].make())
        for count in 0..<der.count {
            #expect(throws: KeyError.self) { try PrivateKey(der: Array(der[..<count])) }
            #expect(throws: KeyError.self) { try PrivateKey(der: Array(der[..<count]), passphrase: Self.passphrase) }
        }
    }

    @Test("F-03 bytes that are not a key are refused, in whatever form")
    func garbage() {
        let texts = [
            "", "\n", "not a key", "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN EC PRIVATE KEY-----\n!!!!\n-----END EC PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
            String(repeating: "-", count: 100_000),
        ]
        for text in texts {
            #expect(throws: KeyError.notAKey, "\(text.prefix(60))") { try PrivateKey(pem: text) }
            #expect(throws: KeyError.notAKey, "\(text.prefix(60))") { try PrivateKey(der: Array(text.utf8)) }
        }
        var state: UInt32 = 1
        for count in 0..<300 {
            let noise = (0..<count).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(truncatingIfNeeded: state >> 24)
            }
            #expect(throws: KeyError.notAKey) { try PrivateKey(der: noise) }
            #expect(throws: KeyError.notAKey) { try PrivateKey(pem: noise) }
            #expect(throws: KeyError.notAKey) { try PrivateKey(der: [0x30, 0x82, 0x01, 0x00] + noise) }
        }
    }

    @Test(
        "F-03 a key with a damaged number is refused, never used",
        arguments: kinds.filter { $0.algorithm != .ed25519 && $0.algorithm != .ed448 })
    func damaged(kind: Kind) throws {
        let der = try Tool("openssl")("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", input: try kind.make())
        for index in stride(from: der.count - 1, to: der.count / 4, by: -max(1, der.count / 97)) {
            var changed = der
            changed[index] ^= 0x04
            guard let key = try? PrivateKey(der: changed) else { continue }
            // A change that libcrypto does not read, such as one in an attribute, leaves a key that works.
            try check(key, kind, "byte \(index) changed")
        }
    }

    @Test("every error says in words what to do")
    func descriptions() {
        #expect("\(KeyError.passphraseRequired)" == "the private key is encrypted: a passphrase is needed")
        #expect("\(KeyError.unsupportedAlgorithm("DSA"))" == "a private key of the kind DSA cannot sign in TLS 1.3")
        let errors: [KeyError] = [
            .notAKey, .certificate, .publicKey, .passphraseRequired, .wrongPassphrase, .inconsistent,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
