import GatehouseCrypto
import TestSupport
import Testing

struct PublicKeyTests {
    private func rsa(_ modulus: [UInt8], _ exponent: [UInt8], isPSS: Bool = false) throws(CryptoError) -> PublicKey {
        try PublicKey(rsaModulus: modulus.span, exponent: exponent.span, isPSS: isPSS)
    }

    private func raw(_ algorithm: KeyAlgorithm, _ bytes: [UInt8]) throws(CryptoError) -> PublicKey {
        switch algorithm {
        case .p256: try PublicKey(p256: bytes.span)
        case .p384: try PublicKey(p384: bytes.span)
        case .p521: try PublicKey(p521: bytes.span)
        case .ed25519: try PublicKey(ed25519: bytes.span)
        case .ed448: try PublicKey(ed448: bytes.span)
        case .mlDSA(let parameters): try PublicKey(mlDSA: bytes.span, parameters)
        case .rsa, .rsaPSS: throw .unsupportedAlgorithm
        }
    }

    /// A modulus of so many bits; nobody knows its factors, and nothing here needs them.
    private func modulus(bits: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xA5, count: (bits + 7) / 8)
        bytes[0] = UInt8(truncatingIfNeeded: 1 << ((bits - 1) % 8))
        return bytes
    }

    @Test("F-03 RSA keys of every size from 512 to 16384 bits load and tell it")
    func sizes() throws {
        for bits in [512, 1023, 1024, 2047, 2048, 3072, 4096, 8192, 16384] {
            #expect(try rsa(modulus(bits: bits), [1, 0, 1]).algorithm == .rsa(bits: bits))
            #expect(try rsa([0, 0] + modulus(bits: bits), [0, 3], isPSS: true).algorithm == .rsaPSS(bits: bits))
        }
        for bits in [8, 511, 16385, 65536] {
            #expect(throws: CryptoError.invalidKey) { try rsa(modulus(bits: bits), [1, 0, 1]) }
        }
    }

    @Test("B-07 RSA keys with numbers that are not a key's or cost much are refused")
    func numbers() {
        let good = modulus(bits: 2048)
        let even = good.dropLast() + [0xA4]
        for exponent: [UInt8] in [[], [0], [1], [2], [1, 0, 0], [1] + [UInt8](repeating: 1, count: 8), good] {
            #expect(throws: CryptoError.invalidKey, "\(exponent.count) bytes") { try rsa(good, exponent) }
        }
        for modulus in [[], [0], [UInt8](repeating: 0, count: 256), Array(even)] {
            #expect(throws: CryptoError.invalidKey) { try rsa(modulus, [1, 0, 1]) }
        }
        #expect(throws: Never.self) { try rsa(good, [UInt8](repeating: 0xFF, count: 8)) }
    }

    @Test(
        "F-03 points and strings of every wrong length are refused",
        arguments: [(KeyAlgorithm.p256, 65), (.p384, 97), (.p521, 133), (.ed25519, 32), (.ed448, 57)])
    func lengths(algorithm: KeyAlgorithm, length: Int) throws {
        let info = try PrivateKey.generate(algorithm).subjectPublicKeyInfo
        let valid = Array(info.suffix(length))
        #expect(try raw(algorithm, valid).subjectPublicKeyInfo == info)
        for count in 0...200 where count != length {
            let bytes = Array((valid + valid + valid + valid + valid + valid + valid).prefix(count))
            #expect(throws: CryptoError.invalidKey, "\(count) bytes") { try raw(algorithm, bytes) }
        }
    }

    @Test(
        "F-03 points that are compressed, hybrid or off the curve are refused",
        arguments: [(KeyAlgorithm.p256, 65), (.p384, 97), (.p521, 133)])
    func points(algorithm: KeyAlgorithm, length: Int) throws {
        let valid = Array(try PrivateKey.generate(algorithm).subjectPublicKeyInfo.suffix(length))
        for form: UInt8 in [0, 1, 2, 3, 5, 6, 7, 255] {
            #expect(throws: CryptoError.invalidKey) { try raw(algorithm, [form] + valid[1...]) }
            #expect(throws: CryptoError.invalidKey) { try raw(algorithm, [form] + valid[1...(length / 2)]) }
        }
        for byte in 1..<length {
            var changed = valid
            changed[byte] ^= 1
            #expect(throws: CryptoError.invalidKey, "byte \(byte)") { try raw(algorithm, changed) }
        }
    }

    @Test(
        "F-03 many tasks sign and verify with one key at the same time",
        arguments: [KeyAlgorithm.p256, .ed25519, .rsa(bits: 2048)])
    func concurrency(algorithm: KeyAlgorithm) async throws {
        let key = try PrivateKey.generate(algorithm)
        let scheme = try #require(key.signatureSchemes.first)
        let valid = await withTaskGroup(of: Int.self) { tasks in
            for task in 0..<16 {
                tasks.addTask {
                    (0..<8).count { turn in
                        let message = [UInt8(task), UInt8(turn)]
                        let other = [UInt8(task), UInt8(turn + 1)]
                        guard let signature = try? key.sign(message.span, scheme: scheme) else { return false }
                        return key.publicKey.isValidSignature(signature.span, over: message.span, scheme: scheme)
                            && !key.publicKey.isValidSignature(signature.span, over: other.span, scheme: scheme)
                    }
                }
            }
            return await tasks.reduce(0, +)
        }
        #expect(valid == 16 * 8)
    }
}
