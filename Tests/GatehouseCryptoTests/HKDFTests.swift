import GatehouseCrypto
import TestSupport
import Testing

struct HKDFTests {
    @Test("F-01 HKDF: RFC 5869 §A.1, §A.2 and §A.3")
    func publishedExamples() {
        check(
            inputKeyingMaterial: [UInt8](repeating: 0x0B, count: 22), salt: Array(0x00...0x0C),
            info: Array(0xF0...0xF9), key: "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        check(
            inputKeyingMaterial: Array(0x00...0x4F), salt: Array(0x60...0xAF), info: Array(0xB0...0xFF),
            key: "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87")
        check(
            inputKeyingMaterial: [UInt8](repeating: 0x0B, count: 22), salt: [], info: [],
            key: "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }

    private func check(inputKeyingMaterial: [UInt8], salt: [UInt8], info: [UInt8], key: String, output: String) {
        let extracted = HKDF.extract(.sha256, salt: salt.span, inputKeyingMaterial: inputKeyingMaterial.span)
        #expect(hex(copy(extracted)) == key)
        let hmac = extracted.withSpan { HMACKey(.sha256, key: $0) }
        let expanded = HKDF.expand(hmac, info: info.span, count: output.count / 2)
        #expect(hex(copy(expanded)) == output)
    }

    @Test(
        "F-01 HKDF: Wycheproof", arguments: [("hkdf_sha256_test", HashAlgorithm.sha256), ("hkdf_sha384_test", .sha384)])
    func wycheproof(name: String, algorithm: HashAlgorithm) throws {
        try WycheproofRun.all(name) { test in
            let size = test.test.integer("size")
            // RFC 5869 §2.3: "L: length of output keying material in octets (<= 255*HashLen)". Longer is a
            // precondition failure, which only a mistake of the caller can reach.
            guard size <= 255 * algorithm.digestLength else { return false }
            let inputKeyingMaterial = test.test.bytes("ikm")
            let salt = test.test.bytes("salt")
            let key = HKDF.extract(algorithm, salt: salt.span, inputKeyingMaterial: inputKeyingMaterial.span)
                .withSpan { HMACKey(algorithm, key: $0) }
            let output = HKDF.expand(key, info: test.test.bytes("info").span, count: size)
            return output.isEqual(to: test.test.bytes("okm").span)
        }
    }

    @Test("F-01 HKDF-Expand-Label: the secrets of RFC 8448 §3 from its handshake secret")
    func expandLabel() {
        let secret = bytes(hex: "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
        let transcriptHash = bytes(hex: "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")
        let key = HMACKey(.sha256, key: secret.span)
        let client = HKDF.expandLabel(key, label: "c hs traffic", context: transcriptHash.span, count: 32)
        #expect(hex(copy(client)) == "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
        let label = Array("s hs traffic".utf8)
        let server = HKDF.expandLabel(key, label: label.span, context: transcriptHash.span, count: 32)
        #expect(hex(copy(server)) == "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
        let empty = [UInt8]()
        let keyBytes = HKDF.expandLabel(
            server.withSpan { HMACKey(.sha256, key: $0) }, label: "key", context: empty.span, count: 16)
        #expect(hex(copy(keyBytes)) == "3fce516009c21727d0f2e4e86ee403bc")
    }
}

/// The bytes of `secret`, for comparison.
func copy(_ secret: borrowing Secret) -> [UInt8] {
    secret.withSpan { span in span.indices.map { span[$0] } }
}
