import GatehouseTLS
import Testing

@testable import AllocationBench

@Suite("Allocations")
struct AllocationTests {
    @Test("An allocation of this thread is counted")
    func counts() {
        #expect(countAllocations { _ = [UInt8](repeating: 1, count: Int.random(in: 100...200)) } >= 1)
        #expect(countAllocations {} == 0)
    }

    @Test("F-01 F-17 Nothing is allocated per record, sent or received, by a client or a server")
    func records() throws {
        let results = try RecordAllocations.measure()
        #expect(results.count == CipherSuite.supported.count * RecordAllocations.paddings.count * 2 * 5)
        for result in results {
            #expect(
                result.sending == 0 && result.receiving == 0,
                "\(result.suite), padding \(result.padding), \(result.size) bytes from the \(result.sender.rawValue)")
        }
    }
}
