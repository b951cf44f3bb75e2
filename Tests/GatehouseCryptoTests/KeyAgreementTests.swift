import GatehouseCrypto
import TestSupport
import Testing

struct KeyAgreementTests {
    private static let montgomery: [(group: NamedGroup, length: Int)] = [(.x25519, 32), (.x448, 56)]
    private static let weierstrass: [(group: NamedGroup, length: Int)] = [
        (.secp256r1, 32), (.secp384r1, 48), (.secp521r1, 66),
    ]

    private func agree(_ group: NamedGroup, privateKey: [UInt8], peer: [UInt8]) throws(CryptoError) -> [UInt8] {
        let secret = try EphemeralKey(group, privateKey: privateKey.span).sharedSecret(with: peer.span)
        return copy(secret)
    }

    private func publicKey(_ group: NamedGroup, privateKey: [UInt8]) throws(CryptoError) -> [UInt8] {
        try EphemeralKey(group, privateKey: privateKey.span).publicKey
    }

    private func agree(_ group: NamedGroup, peer: [UInt8]) throws(CryptoError) -> [UInt8] {
        copy(try EphemeralKey.generate(group).sharedSecret(with: peer.span))
    }

    @Test("F-02 every group is there, in the order of preference, the hybrid ones first where libcrypto has them")
    func groups() throws {
        let hybrid: [NamedGroup] = [.x25519MLKEM768, .secp256r1MLKEM768, .secp384r1MLKEM1024]
        let classical: [NamedGroup] = [.x25519, .secp256r1, .x448, .secp384r1, .secp521r1]
        #expect(NamedGroup.supported == (Libcrypto.hasPostQuantum ? hybrid : []) + classical)
        #expect(NamedGroup.supported.filter(\.isPostQuantum) == (Libcrypto.hasPostQuantum ? hybrid : []))
        #expect(throws: CryptoError.unsupportedGroup) { _ = try EphemeralKey.generate(NamedGroup(rawValue: 0xFFFF)) }
    }

    @Test("F-02 two fresh keys agree, and each is another", arguments: montgomery + weierstrass)
    func roundTrip(group: NamedGroup, length: Int) throws {
        let first = try EphemeralKey.generate(group)
        let second = try EphemeralKey.generate(group)
        let firstPublic = first.publicKey
        let secondPublic = second.publicKey
        #expect(firstPublic != secondPublic)
        #expect(firstPublic.count == (group == .x25519 || group == .x448 ? length : 1 + 2 * length))
        let fromFirst = copy(try first.sharedSecret(with: secondPublic.span))
        let fromSecond = copy(try second.sharedSecret(with: firstPublic.span))
        #expect(fromFirst == fromSecond)
        #expect(fromFirst.count == length)
    }

    @Test("F-02 X25519 and X448: RFC 7748 §6.1 and §6.2")
    func publishedExamples() throws {
        let alice = bytes(hex: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
        let bob = bytes(hex: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
        let alicePublic = bytes(hex: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        let bobPublic = bytes(hex: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        let shared = bytes(hex: "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
        #expect(try publicKey(.x25519, privateKey: alice) == alicePublic)
        #expect(try publicKey(.x25519, privateKey: bob) == bobPublic)
        #expect(try agree(.x25519, privateKey: alice, peer: bobPublic) == shared)
        #expect(try agree(.x25519, privateKey: bob, peer: alicePublic) == shared)

        let alice448 = bytes(
            hex: "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d"
                + "9ac2d8c0a598726b")
        let bob448 = bytes(
            hex: "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0"
                + "366f10b65173992d")
        let alice448Public = bytes(
            hex: "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53"
                + "177f80e532c41fa0")
        let bob448Public = bytes(
            hex: "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae"
                + "07bdc1c67bf33609")
        let shared448 = bytes(
            hex: "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a"
                + "449a5037514a879d")
        #expect(try publicKey(.x448, privateKey: alice448) == alice448Public)
        #expect(try publicKey(.x448, privateKey: bob448) == bob448Public)
        #expect(try agree(.x448, privateKey: alice448, peer: bob448Public) == shared448)
        #expect(try agree(.x448, privateKey: bob448, peer: alice448Public) == shared448)
    }

    @Test("F-02 X25519: Wycheproof, and all-zero results are refused")
    func wycheproofX25519() throws {
        var zero = 0
        try WycheproofRun.all("x25519_test") { test in
            let shared = test.test.bytes("shared")
            let agreed = try? agree(
                .x25519, privateKey: test.test.bytes("private"), peer: test.test.bytes("public"))
            guard shared.contains(where: { $0 != 0 }) else {
                zero += 1
                #expect(agreed == nil, "x25519 \(test.id): an all-zero result")
                return false
            }
            // What remains of the acceptable cases are public keys in an unusual form, which RFC 7748 §5 wants accepted.
            #expect(agreed == shared, "x25519 \(test.id)")
            return agreed == shared
        }
        #expect(zero > 0)
    }

    @Test(
        "F-02 ECDH: Wycheproof",
        arguments: [
            ("ecdh_secp256r1_ecpoint_test", NamedGroup.secp256r1, 32),
            ("ecdh_secp384r1_ecpoint_test", .secp384r1, 48),
        ])
    func wycheproofECDH(name: String, group: NamedGroup, length: Int) throws {
        try WycheproofRun.all(name) { test in
            // The file writes private keys as integers: without leading zeros, or with one more for the sign.
            let digits = test.test.bytes("private").drop { $0 == 0 }
            let privateKey = [UInt8](repeating: 0, count: max(0, length - digits.count)) + digits
            let peer = test.test.bytes("public")
            let agreed = try? agree(group, privateKey: privateKey, peer: peer)
            if peer.count == 1 + length {
                #expect(agreed == nil, "\(name) \(test.id): a compressed point")
            }
            return agreed == test.test.bytes("shared")
        }
    }

    @Test("F-02 public keys of every wrong length are refused", arguments: montgomery + weierstrass)
    func lengths(group: NamedGroup, length: Int) throws {
        let valid = try EphemeralKey.generate(group).publicKey
        for count in 0...(valid.count + 70) where count != valid.count {
            let peer = Array((valid + valid + valid).prefix(count))
            #expect(throws: CryptoError.invalidKeyShare, "\(count) bytes") { try agree(group, peer: peer) }
        }
        #expect(throws: Never.self) { try agree(group, peer: valid) }
    }

    @Test(
        "F-02 points that are compressed, hybrid, infinite, off the curve or out of range are refused",
        arguments: weierstrass)
    func points(group: NamedGroup, length: Int) throws {
        let valid = try EphemeralKey.generate(group).publicKey
        let parity = (valid.last ?? 0) & 1
        for form in UInt8.min...UInt8.max where form != 4 {
            #expect(throws: CryptoError.invalidKeyShare, "form \(form)") {
                try agree(group, peer: [form] + valid[1...])
            }
        }
        let compressed = [2 + parity] + valid[1...length]
        let hybrid = [6 + parity] + valid[1...]
        let zeros = [4] + [UInt8](repeating: 0, count: 2 * length)
        let ones = [4] + [UInt8](repeating: 0xFF, count: 2 * length)
        for peer in [compressed, hybrid, [0], zeros, ones] {
            #expect(throws: CryptoError.invalidKeyShare) { try agree(group, peer: peer) }
        }
        for bit in stride(from: 8, to: 8 * valid.count, by: 7) {
            var changed = valid
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CryptoError.invalidKeyShare, "bit \(bit)") { try agree(group, peer: changed) }
        }
    }

    @Test("F-02 points of small order are refused", arguments: montgomery)
    func smallOrder(group: NamedGroup, length: Int) {
        let zero = [UInt8](repeating: 0, count: length)
        let one = [1] + [UInt8](repeating: 0, count: length - 1)
        for peer in [zero, one] {
            #expect(throws: CryptoError.invalidKeyShare) { try agree(group, peer: peer) }
        }
    }

    @Test("F-02 private keys of a wrong length or out of range are refused", arguments: montgomery + weierstrass)
    func privateKeys(group: NamedGroup, length: Int) {
        for count in [0, 1, length - 1, length + 1, 2 * length] {
            let key = [UInt8](repeating: 1, count: count)
            #expect(throws: CryptoError.invalidKey) { try publicKey(group, privateKey: key) }
        }
        guard group != .x25519 && group != .x448 else { return }
        for byte: UInt8 in [0, 0xFF] {
            let key = [UInt8](repeating: byte, count: length)
            #expect(throws: CryptoError.invalidKey) { try publicKey(group, privateKey: key) }
        }
    }

    @Test(
        "F-02 many tasks at once share the pools, and bad shares among them harm nobody",
        arguments: montgomery + weierstrass)
    func concurrency(group: NamedGroup, length: Int) async throws {
        let bad = [UInt8](repeating: 0, count: try EphemeralKey.generate(group).publicKey.count)
        let agreements = await withTaskGroup(of: Bool.self) { tasks in
            for _ in 0..<16 {
                tasks.addTask {
                    (0..<12).allSatisfy { _ in
                        guard let first = try? EphemeralKey.generate(group),
                            let second = try? EphemeralKey.generate(group)
                        else { return false }
                        let firstPublic = first.publicKey
                        let secondPublic = second.publicKey
                        guard (try? agree(group, peer: bad)) == nil,
                            let one = try? first.sharedSecret(with: secondPublic.span),
                            let other = try? second.sharedSecret(with: firstPublic.span)
                        else { return false }
                        return other.withSpan { one.isEqual(to: $0) }
                    }
                }
            }
            return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(agreements == 16)
    }
}
