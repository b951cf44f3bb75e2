import GatehouseCrypto
import TestSupport
import Testing

struct SignatureTests {
    private static let algorithms: [KeyAlgorithm] = [
        .p256, .p384, .p521, .ed25519, .ed448, .rsa(bits: 2048), .rsaPSS(bits: 2048),
    ]

    private static let schemes: [SignatureScheme] = [
        .ecdsaSecp256r1SHA256, .ecdsaSecp384r1SHA384, .ecdsaSecp521r1SHA512, .ed25519, .ed448, .rsaPSSRSAESHA256,
        .rsaPSSRSAESHA384, .rsaPSSRSAESHA512, .rsaPSSPSSSHA256, .rsaPSSPSSSHA384, .rsaPSSPSSSHA512, .rsaPKCS1SHA256,
        .rsaPKCS1SHA384, .rsaPKCS1SHA512,
    ]

    /// What RFC 9846 §4.3.3 lets a key of this kind sign in a handshake.
    private func handshakeSchemes(_ algorithm: KeyAlgorithm) -> [SignatureScheme] {
        switch algorithm {
        case .p256: [.ecdsaSecp256r1SHA256]
        case .p384: [.ecdsaSecp384r1SHA384]
        case .p521: [.ecdsaSecp521r1SHA512]
        case .ed25519: [.ed25519]
        case .ed448: [.ed448]
        case .rsa: [.rsaPSSRSAESHA256, .rsaPSSRSAESHA384, .rsaPSSRSAESHA512]
        case .rsaPSS: [.rsaPSSPSSSHA256, .rsaPSSPSSSHA384, .rsaPSSPSSSHA512]
        case .mlDSA(.mlDSA44): [.mlDSA44]
        case .mlDSA(.mlDSA65): [.mlDSA65]
        case .mlDSA(.mlDSA87): [.mlDSA87]
        }
    }

    private func isValid(
        _ key: PublicKey, _ signature: [UInt8], _ message: [UInt8], _ scheme: SignatureScheme
    ) -> Bool {
        key.isValidSignature(signature.span, over: message.span, scheme: scheme)
    }

    private func sign(_ key: PrivateKey, _ message: [UInt8], _ scheme: SignatureScheme) throws(CryptoError) -> [UInt8] {
        try key.sign(message.span, scheme: scheme)
    }

    @Test("F-03 a fresh key signs with its schemes, and every change is noticed", arguments: algorithms)
    func roundTrip(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        #expect(key.algorithm == algorithm)
        #expect(key.signatureSchemes == handshakeSchemes(algorithm))
        for scheme in key.signatureSchemes {
            for message in [[], Array("a message".utf8), [UInt8](repeating: 7, count: 5000)] {
                let signature = try sign(key, message, scheme)
                #expect(isValid(key.publicKey, signature, message, scheme))
                #expect(!isValid(key.publicKey, signature, message + [0], scheme))
                #expect(!isValid(key.publicKey, signature + [0], message, scheme))
                #expect(!isValid(key.publicKey, [], message, scheme))
            }
            let message = Array("a message".utf8)
            let signature = try sign(key, message, scheme)
            for index in signature.indices {
                var changed = signature
                changed[index] ^= 0x10
                #expect(!isValid(key.publicKey, changed, message, scheme), "\(scheme), byte \(index)")
                #expect(
                    !isValid(key.publicKey, Array(signature[..<index]), message, scheme), "\(scheme), cut at \(index)")
            }
        }
    }

    @Test("B-27 a scheme that does not fit the key neither signs nor verifies", arguments: algorithms)
    func unfit(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let message = Array("a message".utf8)
        for scheme in Self.schemes + [SignatureScheme(rawValue: 0x0000), SignatureScheme(rawValue: 0x0203)] {
            let isPKCS1 = "\(scheme)".hasPrefix("rsa_pkcs1") && algorithm == .rsa(bits: 2048)
            let fits = handshakeSchemes(algorithm).contains(scheme) || isPKCS1
            #expect(scheme.fits(algorithm) == fits, "\(scheme)")
            guard !fits else { continue }
            #expect(throws: CryptoError.unsupportedAlgorithm, "\(scheme)") { try sign(key, message, scheme) }
            for own in handshakeSchemes(algorithm) {
                let signature = try sign(key, message, own)
                #expect(!isValid(key.publicKey, signature, message, scheme), "\(own) as \(scheme)")
            }
        }
    }

    @Test("F-03 a signature of another key is refused", arguments: algorithms)
    func otherKey(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let other = try PrivateKey.generate(algorithm)
        #expect(key.isPair(of: key.publicKey))
        #expect(!key.isPair(of: other.publicKey))
        let message = Array("a message".utf8)
        for scheme in key.signatureSchemes {
            #expect(!isValid(other.publicKey, try sign(key, message, scheme), message, scheme))
        }
    }

    @Test("F-03 keys of different kinds are no pair")
    func differentKinds() throws {
        let keys = try Self.algorithms.map { try PrivateKey.generate($0) }
        for (index, key) in keys.enumerated() {
            for (otherIndex, other) in keys.enumerated() {
                #expect(key.isPair(of: other.publicKey) == (index == otherIndex))
            }
        }
    }

    @Test("F-03 RSASSA-PKCS1-v1_5 verifies for certificates, with rsaEncryption keys only")
    func pkcs1() throws {
        let key = try PrivateKey.generate(.rsa(bits: 2048))
        #expect(!key.signatureSchemes.contains { "\($0)".hasPrefix("rsa_pkcs1") })
        let message = Array("a message".utf8)
        for scheme in [SignatureScheme.rsaPKCS1SHA256, .rsaPKCS1SHA384, .rsaPKCS1SHA512] {
            let signature = try sign(key, message, scheme)
            #expect(isValid(key.publicKey, signature, message, scheme))
            #expect(!isValid(key.publicKey, signature, message + [1], scheme))
        }
    }

    @Test("F-03 ECDSA in certificates: every hash with every curve", arguments: [KeyAlgorithm.p256, .p384, .p521])
    func ecdsaHashes(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let message = Array("a message".utf8)
        let scheme = try #require(key.signatureSchemes.first)
        let signature = try sign(key, message, scheme)
        for hash in [HashAlgorithm.sha256, .sha384, .sha512] {
            let isValid = key.publicKey.isValidSignature(
                signature.span, over: message.span, algorithm: .ecdsa(hash))
            #expect(isValid == (scheme.algorithm == .ecdsa(hash)))
        }
    }

    @Test("F-03 no key is made that is too small, too large or odd in size")
    func sizes() {
        for bits in [0, -1, 512, 1024, 2047, 16385, Int.max] {
            #expect(throws: KeyError.unsupportedAlgorithm("RSA-\(bits)")) { try PrivateKey.generate(.rsa(bits: bits)) }
        }
    }

    @Test("F-03 Ed25519 and Ed448: RFC 8032 §7.1 and §7.4")
    func publishedExamples() throws {
        let ed25519 = bytes(hex: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
        let ed25519Signature = bytes(
            hex: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")
        let key25519 = try PublicKey(ed25519: ed25519.span)
        #expect(isValid(key25519, ed25519Signature, [0xAF, 0x82], .ed25519))
        #expect(!isValid(key25519, ed25519Signature, [0xAF, 0x83], .ed25519))

        let ed448 = bytes(
            hex: "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c"
                + "235160627b4c3a9480")
        let ed448Signature = bytes(
            hex: "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633"
                + "fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f"
                + "f3348ab21aa4adafd1d234441cf807c03a00")
        let key448 = try PublicKey(ed448: ed448.span)
        #expect(isValid(key448, ed448Signature, [0x03], .ed448))
        #expect(!isValid(key448, ed448Signature, [0x04], .ed448))
    }

    @Test("F-03 ECDSA on P-256 with SHA-256: Wycheproof")
    func wycheproofECDSA() throws {
        try WycheproofRun.all("ecdsa_secp256r1_sha256_test") { test in
            let key = try PublicKey(p256: test.group.object("publicKey").bytes("uncompressed").span)
            return isValid(key, test.test.bytes("sig"), test.test.bytes("msg"), .ecdsaSecp256r1SHA256)
        }
    }

    @Test("F-03 Ed25519: Wycheproof")
    func wycheproofEd25519() throws {
        try WycheproofRun.all("ed25519_test") { test in
            let key = try PublicKey(ed25519: test.group.object("publicKey").bytes("pk").span)
            return isValid(key, test.test.bytes("sig"), test.test.bytes("msg"), .ed25519)
        }
    }

    @Test("F-03 RSASSA-PSS with SHA-256: Wycheproof")
    func wycheproofPSS() throws {
        try WycheproofRun.all("rsa_pss_2048_sha256_mgf1_32_test") { test in
            let numbers = test.group.object("publicKey")
            let modulus = numbers.bytes("modulus")
            let exponent = numbers.bytes("publicExponent")
            let key = try PublicKey(rsaModulus: modulus.span, exponent: exponent.span, isPSS: false)
            #expect(key.algorithm == .rsa(bits: 2048))
            return isValid(key, test.test.bytes("sig"), test.test.bytes("msg"), .rsaPSSRSAESHA256)
        }
    }
}
