import Foundation
import TestSupport
import Testing

@testable import LimboHarness

/// The cases of x509-limbo in which the verifier says something else than the suite, and why.
private let differences: [String: String] = [
    "webpki::cn::not-in-san": """
    The common name is a host that is not among the alternative names. Nothing is decided by a common name \
    (RFC 9525 §2), and the suite itself wants such certificates accepted elsewhere (bettertls::nameconstraints::tc1724).
    """
]

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
