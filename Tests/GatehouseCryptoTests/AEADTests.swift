import GatehouseCrypto
import TestSupport
import Testing

struct AEADTests {
    private static let algorithms: [AEADAlgorithm] = [.aes128GCM, .aes256GCM, .chacha20Poly1305]

    private func secret(_ bytes: some Collection<UInt8>) -> Secret {
        Secret(copying: Array(bytes).span)
    }

    @Test("F-01 AEAD: Wycheproof", arguments: ["aes_gcm_test", "chacha20_poly1305_test"])
    func wycheproof(name: String) throws {
        let file = try Wycheproof(name)
        #expect(file.cases.count == file.count)
        var ran: [String: Int] = [:]
        for test in file.cases {
            let sizes = ["keySize", "ivSize", "tagSize"].map { test.group.integer($0) }
            guard let algorithm = algorithm(name, keySize: sizes[0]), sizes[1...] == [96, 128] else {
                // TLS 1.3 has no AES-192, no nonces but those of 96 bits and no tags but those of 128.
                ran["left out", default: 0] += 1
                continue
            }
            let key = secret(test.test.bytes("key"))
            let nonce = test.test.bytes("iv")
            let additionalData = test.test.bytes("aad")
            let message = test.test.bytes("msg")
            let ciphertext = test.test.bytes("ct") + test.test.bytes("tag")
            let sealed = try AEAD.seal(
                algorithm, key: key, nonce: nonce.span, additionalData: additionalData.span, plaintext: message.span)
            let opened = try? AEAD.open(
                algorithm, key: key, nonce: nonce.span, additionalData: additionalData.span,
                ciphertext: ciphertext.span)
            #expect((sealed == ciphertext) == (test.result == .valid), "\(name) \(test.id): sealing")
            #expect(opened == (test.result == .valid ? message : nil), "\(name) \(test.id): opening")
            ran["\(algorithm) \(test.result)", default: 0] += 1
        }
        let report = ran.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        print("\(name): \(file.cases.count) cases: \(report)")
        let groups = Self.algorithms.filter { ("\($0)".hasPrefix("aes")) == name.hasPrefix("aes") }
        for group in groups {
            #expect(ran["\(group) valid", default: 0] > 0)
            #expect(ran["\(group) invalid", default: 0] > 0)
        }
    }

    private func algorithm(_ name: String, keySize: Int) -> AEADAlgorithm? {
        switch (name, keySize) {
        case ("aes_gcm_test", 128): .aes128GCM
        case ("aes_gcm_test", 256): .aes256GCM
        case ("chacha20_poly1305_test", 256): .chacha20Poly1305
        default: nil
        }
    }

    @Test(
        "F-01 record protection: what is sealed opens, at every size and with every sequence number's bytes in use",
        arguments: algorithms)
    func roundTrip(algorithm: AEADAlgorithm) throws {
        let key = secret((0..<UInt8(algorithm.keyLength)).map { $0 })
        let iv = secret(UInt8(100)..<112)
        var sealer = try RecordSealer(algorithm, key: key, iv: iv.copy())
        var opener = try RecordOpener(algorithm, key: key, iv: iv.copy())
        let additionalData: [UInt8] = [23, 3, 3, 0, 99]
        for (index, size) in [0, 1, 15, 16, 17, 64, 1000, 16384].enumerated() {
            let sequence = 0x0102_0304_0506_0708 &* UInt64(index)
            let plaintext = (0..<size).map { UInt8(truncatingIfNeeded: 31 &* $0) }
            let suffix: [UInt8] = [23] + [UInt8](repeating: 0, count: index)
            var output: [UInt8] = [1, 2, 3]
            try sealer.seal(
                sequence: sequence, additionalData: additionalData.span, plaintext: plaintext.span,
                suffix: suffix.span, into: &output)
            #expect(output.count == 3 + size + suffix.count + 16)
            #expect(output[..<3] == [1, 2, 3])

            let nonce = (0..<12).map {
                UInt8(100 + $0) ^ ($0 < 4 ? 0 : UInt8(truncatingIfNeeded: sequence >> (8 * (11 - $0))))
            }
            let alone = try AEAD.seal(
                algorithm, key: key, nonce: nonce.span, additionalData: additionalData.span,
                plaintext: (plaintext + suffix).span)
            #expect(Array(output[3...]) == alone)

            output += [4, 5]
            let count = try open(&opener, sequence, additionalData, &output, 3..<(output.count - 2))
            #expect(count == size + suffix.count)
            #expect(Array(output[3..<(3 + count)]) == plaintext + suffix)
            #expect(output[..<3] == [1, 2, 3] && output.suffix(2) == [4, 5])
        }
    }

    @Test(
        "F-01 record protection: every changed bit is refused, leaves zeros and does not disturb the next record",
        arguments: algorithms)
    func changedBits(algorithm: AEADAlgorithm) throws {
        let key = secret((0..<UInt8(algorithm.keyLength)).map { $0 })
        let iv = secret(UInt8(100)..<112)
        var sealer = try RecordSealer(algorithm, key: key, iv: iv.copy())
        var opener = try RecordOpener(algorithm, key: key, iv: iv.copy())
        let additionalData: [UInt8] = [23, 3, 3, 0, 37]
        let plaintext = (0..<20).map { UInt8(truncatingIfNeeded: 31 &* $0) }
        let suffix: [UInt8] = [23]
        var sealed: [UInt8] = []
        try sealer.seal(
            sequence: 7, additionalData: additionalData.span, plaintext: plaintext.span, suffix: suffix.span,
            into: &sealed)
        for bit in 0..<(8 * sealed.count) {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CryptoError.authenticationFailed, "ciphertext bit \(bit)") {
                try open(&opener, 7, additionalData, &changed, 0..<changed.count)
            }
            #expect(changed[..<21].allSatisfy { $0 == 0 })
        }
        for bit in 0..<(8 * additionalData.count) {
            var changed = additionalData
            changed[bit / 8] ^= 1 << (bit % 8)
            var buffer = sealed
            #expect(throws: CryptoError.authenticationFailed, "additional data bit \(bit)") {
                try open(&opener, 7, changed, &buffer, 0..<buffer.count)
            }
        }
        for bit in 0..<64 {
            var buffer = sealed
            #expect(throws: CryptoError.authenticationFailed, "sequence number bit \(bit)") {
                try open(&opener, 7 ^ (1 << bit), additionalData, &buffer, 0..<buffer.count)
            }
        }
        let count = try open(&opener, 7, additionalData, &sealed, 0..<sealed.count)
        #expect(Array(sealed[..<count]) == plaintext + suffix)
    }

    @Test("F-01 record protection: ranges too short for a tag or outside the buffer are refused", arguments: algorithms)
    func ranges(algorithm: AEADAlgorithm) throws {
        var opener = try RecordOpener(
            algorithm, key: Secret(zeros: algorithm.keyLength), iv: Secret(zeros: AEADAlgorithm.nonceLength))
        var buffer = [UInt8](repeating: 0, count: 32)
        for range in [0..<0, 0..<15, 31..<32, 17..<33, 0..<33, -1..<20, 40..<80] {
            #expect(throws: CryptoError.authenticationFailed, "\(range)") {
                try open(&opener, 0, [], &buffer, range)
            }
        }
        var empty: [UInt8] = []
        #expect(throws: CryptoError.authenticationFailed) { try open(&opener, 0, [], &empty, 0..<0) }
    }

    @Test("F-01 record protection: keys and nonces of a wrong length are refused", arguments: algorithms)
    func lengths(algorithm: AEADAlgorithm) {
        for length in 0...48 where length != algorithm.keyLength {
            #expect(throws: CryptoError.invalidKey) {
                _ = try RecordSealer(algorithm, key: Secret(zeros: length), iv: Secret(zeros: 12))
            }
            #expect(throws: CryptoError.invalidKey) {
                _ = try RecordOpener(algorithm, key: Secret(zeros: length), iv: Secret(zeros: 12))
            }
        }
        for length in 0...24 where length != AEADAlgorithm.nonceLength {
            #expect(throws: CryptoError.invalidKey) {
                _ = try RecordSealer(algorithm, key: Secret(zeros: algorithm.keyLength), iv: Secret(zeros: length))
            }
            #expect(throws: CryptoError.invalidKey) {
                _ = try RecordOpener(algorithm, key: Secret(zeros: algorithm.keyLength), iv: Secret(zeros: length))
            }
            let nonce = [UInt8](repeating: 0, count: length)
            #expect(throws: CryptoError.invalidKey) {
                try AEAD.seal(
                    algorithm, key: Secret(zeros: algorithm.keyLength), nonce: nonce.span, additionalData: nonce.span,
                    plaintext: nonce.span)
            }
        }
    }

    private func open(
        _ opener: inout RecordOpener, _ sequence: UInt64, _ additionalData: [UInt8], _ buffer: inout [UInt8],
        _ range: Range<Int>
    ) throws(CryptoError) -> Int {
        var span = buffer.mutableSpan
        return try opener.open(sequence: sequence, additionalData: additionalData.span, &span, in: range)
    }
}
