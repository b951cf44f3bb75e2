import TestSupport
import Testing

@Suite("README")
struct ReadmeTests {
    @Test("the example in it is the one that is built")
    func example() throws {
        let readme = String(decoding: try Repository.bytes(at: "README.md"), as: UTF8.self)
        let source = String(decoding: try Repository.bytes(at: "Sources/Examples/Echo/main.swift"), as: UTF8.self)
        let start = try #require(readme.firstRange(of: "```swift\n"))
        let end = try #require(readme[start.upperBound...].firstRange(of: "```\n"))
        #expect(readme[start.upperBound..<end.lowerBound] == source)
        #expect(source.split(separator: "\n", omittingEmptySubsequences: false).count <= 31)
    }
}
