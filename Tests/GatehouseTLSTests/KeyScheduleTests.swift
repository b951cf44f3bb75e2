import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Key schedule")
struct KeyScheduleTests {
    @Test(
        "without a pre-shared key the handshake stage is that after an early stage of zeros",
        arguments: [HashAlgorithm.sha256, .sha384, .sha512])
    func withoutPreSharedKey(hash: HashAlgorithm) {
        let sharedSecret = Secret(copying: [UInt8](repeating: 0x5A, count: 32).span)
        let direct = HandshakeSecret.withoutPreSharedKey(hash, sharedSecret)
        let staged = EarlySecret(hash, preSharedKey: Secret(zeros: hash.digestLength)).handshakeSecret(sharedSecret)
        let directBytes = direct.stage.secret.withSpan { [UInt8](copying: $0) }
        let stagedBytes = staged.stage.secret.withSpan { [UInt8](copying: $0) }
        #expect(directBytes == stagedBytes)
        #expect(directBytes.count == hash.digestLength)
    }

    @Test("the digest of nothing is that of a hash that has taken in nothing")
    func digestOfNothing() {
        for hash in [HashAlgorithm.sha256, .sha384, .sha512] {
            #expect(hash.digestOfNothing == Hasher.hash(hash, Span()))
        }
    }
}
