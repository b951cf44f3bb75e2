import GatehouseCrypto
import TestSupport
import Testing

struct HashTests {
    private static let algorithms: [HashAlgorithm] = [.sha256, .sha384, .sha512]

    private func digest(_ algorithm: HashAlgorithm, _ bytes: [UInt8]) -> [UInt8] {
        Hasher.hash(algorithm, bytes.span)
    }

    /// The message that Vectors/sha2 describes.
    private func message(_ length: Int) -> [UInt8] {
        (0..<length).map { UInt8((7 * $0 + length) % 251) }
    }

    @Test("F-01 SHA-2: the examples of FIPS 180-4")
    func publishedExamples() {
        let abc = Array("abc".utf8)
        let twoBlocks = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        let wideTwoBlocks = Array(
            ("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu").utf8)
        #expect(
            hex(digest(.sha256, abc)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex(digest(.sha256, twoBlocks))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            hex(digest(.sha384, abc))
                == "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                + "8086072ba1e7cc2358baeca134c825a7")
        #expect(
            hex(digest(.sha384, wideTwoBlocks))
                == "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
                + "fcc7c71a557e2db966c3e9fa91746039")
        #expect(
            hex(digest(.sha512, abc))
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
        #expect(
            hex(digest(.sha512, wideTwoBlocks))
                == "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                + "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909")
    }

    @Test("F-01 SHA-2: every length from 0 to 300 as another implementation has it")
    func everyLength() throws {
        let lines = try Repository.lines(at: "Vectors/sha2/digests.txt")
        #expect(lines.count == 301)
        for (length, line) in lines.enumerated() {
            let message = message(length)
            let digests = Self.algorithms.map { hex(digest($0, message)) }
            #expect(line == "\(length) \(digests.joined(separator: " "))")
        }
    }

    @Test("F-01 SHA-2: the pieces that a message comes in do not matter", arguments: algorithms)
    func pieces(algorithm: HashAlgorithm) {
        let message = message(300)
        let expected = digest(algorithm, message)
        for cut in 0...300 {
            var hasher = Hasher(algorithm)
            hasher.update(message.span.extracting(0..<cut))
            hasher.update(message.span.extracting(cut..<300))
            #expect(hasher.digest() == expected, "cut at \(cut)")
        }
        for step in [1, 3, 63, 64, 65, 127, 128, 129] {
            var hasher = Hasher(algorithm)
            for start in stride(from: 0, to: 300, by: step) {
                hasher.update(message.span.extracting(start..<min(start + step, 300)))
            }
            #expect(hasher.digest() == expected, "steps of \(step)")
        }
    }

    @Test("F-01 SHA-2: a copy forks the computation, and a digest does not end it", arguments: algorithms)
    func forks(algorithm: HashAlgorithm) {
        let message = message(200)
        var hasher = Hasher(algorithm)
        hasher.update(message.span.extracting(0..<100))
        var fork = hasher
        #expect(hasher.digest() == digest(algorithm, Array(message[..<100])))
        fork.update(message.span.extracting(0..<100))
        hasher.update(message.span.extracting(100..<200))
        #expect(hasher.digest() == digest(algorithm, message))
        let doubled = Array(message[..<100]) + Array(message[..<100])
        #expect(fork.digest() == digest(algorithm, doubled))
    }

    @Test("F-01 HMAC: every key length from 0 to 300 as another implementation has it")
    func everyKeyLength() throws {
        let lines = try Repository.lines(at: "Vectors/sha2/hmac.txt")
        #expect(lines.count == 301)
        for (length, line) in lines.enumerated() {
            let message = message(300 - length)
            let codes = Self.algorithms.map { algorithm in
                hex(HMACKey(algorithm, key: self.message(length).span).authenticate(message.span))
            }
            #expect(line == "\(length) \(codes.joined(separator: " "))")
        }
    }

    @Test(
        "F-01 HMAC: Wycheproof", arguments: [("hmac_sha256_test", HashAlgorithm.sha256), ("hmac_sha384_test", .sha384)])
    func wycheproofHMAC(name: String, algorithm: HashAlgorithm) throws {
        try WycheproofRun.all(name) { test in
            let tag = test.test.bytes("tag")
            let key = test.test.bytes("key")
            let code = HMACKey(algorithm, key: key.span).authenticate(test.test.bytes("msg").span)
            let truncated = Array(code.prefix(tag.count))
            return constantTimeEquals(truncated.span, tag.span)
        }
    }
}
