import GatehouseCrypto
import Glibc
import Testing

/// libcrypto keeps a queue of errors per thread: what one call leaves there, a later one takes for its own.
struct ErrorQueueTests {
    /// Whether nothing is in this thread's queue. The function is looked up in the process, so that this target needs no
    /// header of libcrypto.
    private func queueIsEmpty() throws -> Bool {
        let symbol = try #require(dlsym(dlopen(nil, RTLD_NOW), "ERR_peek_error"))
        return unsafeBitCast(symbol, to: (@convention(c) () -> UInt).self)() == 0
    }

    @Test("failures of key agreement leave libcrypto's error queue empty", arguments: NamedGroup.supported)
    func keyAgreement(group: NamedGroup) throws {
        let length = try EphemeralKey.generate(group).publicKey.count
        for first: UInt8 in [0, 4] {
            let peer = [first] + [UInt8](repeating: 0, count: length - 1)
            for peer in [peer, Array(peer.dropLast()), peer + [1], Array(peer.dropLast()) + [1]] {
                let key = try EphemeralKey.generate(group)
                _ = try? key.sharedSecret(with: peer.span)
                #expect(try queueIsEmpty())
                _ = try? EphemeralKey(group, privateKey: peer.span)
                #expect(try queueIsEmpty())
            }
        }
    }

    @Test("a record that does not open leaves libcrypto's error queue empty")
    func records() throws {
        var opener = try RecordOpener(.aes128GCM, key: Secret(zeros: 16), iv: Secret(zeros: 12))
        var buffer = [UInt8](repeating: 0, count: 40)
        let none = [UInt8]()
        var span = buffer.mutableSpan
        _ = try? opener.open(sequence: 0, additionalData: none.span, &span, in: 0..<40)
        #expect(try queueIsEmpty())
    }

    @Test(
        "signatures and keys that are refused leave libcrypto's error queue empty",
        arguments: [KeyAlgorithm.p256, .ed25519, .rsa(bits: 2048)])
    func signatures(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let bytes = [UInt8](repeating: 0x30, count: 65)
        let point = [4] + bytes[1...]
        for scheme in key.signatureSchemes {
            _ = key.publicKey.isValidSignature(bytes.span, over: bytes.span, scheme: scheme)
            #expect(try queueIsEmpty())
        }
        _ = try? PublicKey(p256: point.span)
        #expect(try queueIsEmpty())
        _ = try? PublicKey(ed25519: bytes.span)
        #expect(try queueIsEmpty())
        _ = key.isPair(of: try PrivateKey.generate(algorithm).publicKey)
        #expect(try queueIsEmpty())
        _ = try? PrivateKey(der: bytes)
        #expect(try queueIsEmpty())
        _ = try? PrivateKey(pem: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        #expect(try queueIsEmpty())
        _ = try? PrivateKey.generate(.rsa(bits: 1))
        #expect(try queueIsEmpty())
    }
}
