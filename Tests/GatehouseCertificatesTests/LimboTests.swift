import Foundation
import TestSupport
import Testing

@testable import LimboHarness

/// The cases of x509-limbo in which the verifier says something else than the suite, and why: none.
private let differences: [String: String] = [:]

@Suite("x509-limbo")
struct LimboTests {
    @Test("every case comes out as the suite says, but for the listed differences")
    func cases() throws {
        let suite = try LimboSuite(json: Data(Repository.bytes(at: "Vectors/limbo/limbo-part.json")))
        #expect(suite.testcases.count == 637)
        let runner = LimboRunner(now: Int64(Date().timeIntervalSince1970))
        var differing: Set<String> = []
        for testCase in suite.testcases {
            let result = runner.run(testCase)
            guard result.actualResult != testCase.expectedResult else { continue }
            differing.insert(testCase.id)
            #expect(
                differences[testCase.id] != nil,
                "\(testCase.id): \(result.actualResult) instead of \(testCase.expectedResult): \(result.context ?? "")")
        }
        #expect(differing == Set(differences.keys))
    }
}
