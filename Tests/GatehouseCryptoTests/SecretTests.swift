import GatehouseCrypto
import TestSupport
import Testing

struct SecretTests {
    @Test("a secret holds a copy of its bytes, and so does its copy")
    func copies() {
        let original = Array(UInt8(1)...40)
        let secret = Secret(copying: original.span)
        let held = copy(secret)
        let heldByCopy = copy(secret.copy())
        let zeros = copy(Secret(zeros: 48))
        #expect(held == original)
        #expect(heldByCopy == original)
        #expect(zeros == [UInt8](repeating: 0, count: 48))
    }

    @Test("an empty secret is possible")
    func empty() {
        let none = [UInt8]()
        let secret = Secret(copying: none.span)
        let held = copy(secret)
        let isEmpty = secret.isEqual(to: none.span)
        #expect(held == [])
        #expect(isEmpty)
    }

    @Test("a secret's description does not tell its bytes")
    func description() {
        let bytes: [UInt8] = [0xDE, 0xAD]
        let description = Secret(copying: bytes.span).description
        #expect(description == "Secret(2 bytes)")
    }

    @Test("comparison sees every single bit and the length")
    func comparison() {
        let bytes = Array(UInt8(0)..<32)
        let secret = Secret(copying: bytes.span)
        let same = secret.isEqual(to: bytes.span)
        let shorter = secret.isEqual(to: bytes.span.extracting(0..<31))
        let longer = secret.isEqual(to: (bytes + [0]).span)
        #expect(same)
        #expect(!shorter)
        #expect(!longer)
        for bit in 0..<256 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            let equal = secret.isEqual(to: changed.span)
            #expect(!equal, "bit \(bit)")
        }
    }
}
