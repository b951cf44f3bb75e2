import Foundation
import TestSupport
import Testing

@testable import FuzzTargets

@Suite("The corpus of the fuzzers")
struct FuzzCorpusTests {
    @Test("Whatever has been found once is endured", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let corpus = Corpus(folder: Repository.root.appending(path: "Vectors/fuzz-corpus"))
        #expect(try corpus.run(target) > 0)
    }
}
