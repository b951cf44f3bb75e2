import GatehouseSystem
import Testing

struct RandomnessTests {
    @Test("random bytes are as many as asked for, and others each time")
    func bytes() {
        for count in [0, 1, 16, 255, 256, 257, 100_000] {
            #expect(SystemRandomness.bytes(count).count == count)
        }
        #expect(SystemRandomness.bytes(32) != SystemRandomness.bytes(32))
    }

    @Test("every byte is overwritten with a random one")
    func fill() {
        var seen = [UInt8](repeating: 0, count: 600)
        for _ in 0..<40 {
            var bytes = [UInt8](repeating: 0, count: 600)
            var span = bytes.mutableSpan
            SystemRandomness.fill(&span)
            for index in bytes.indices { seen[index] |= bytes[index] }
        }
        // A byte that is random stays zero forty times once in 2^320.
        #expect(seen.allSatisfy { $0 != 0 })
    }

    @Test("wiping leaves zeros, and nothing else is touched")
    func wiping() {
        var bytes = [UInt8](repeating: 7, count: 100)
        bytes.withUnsafeMutableBytes { wipe(UnsafeMutableRawBufferPointer(rebasing: $0[10..<90])) }
        #expect(bytes[..<10].allSatisfy { $0 == 7 })
        #expect(bytes[10..<90].allSatisfy { $0 == 0 })
        #expect(bytes[90...].allSatisfy { $0 == 7 })
        wipe(UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }
}
