internal import Foundation

/// One of Wycheproof's files of test cases, from Vectors/wycheproof.
///
/// A file has groups and a group has tests; all members are looked up by name, since they differ from file to file.
public struct Wycheproof {
    /// One test with the group that it stands in.
    public struct Case {
        /// The members of the group but its tests.
        public let group: Members
        /// The members of the test.
        public let test: Members

        /// The test's number, which is unique in its file.
        public var id: Int { test.integer("tcId") }
        /// What Wycheproof expects.
        public var result: Result { Result(rawValue: test.string("result")) ?? .invalid }
    }

    /// What Wycheproof expects of an implementation.
    public enum Result: String, Sendable {
        /// It must succeed.
        case valid
        /// It must be refused.
        case invalid
        /// Either way will do.
        case acceptable
    }

    /// The members of a JSON object. A member that is missing or of another type ends the test run.
    public struct Members {
        let values: [String: Any]

        /// A string member.
        public func string(_ name: String) -> String { member(name) }
        /// An integer member.
        public func integer(_ name: String) -> Int { member(name) }
        /// The bytes of a member written in hexadecimal.
        public func bytes(_ name: String) -> [UInt8] { TestSupport.bytes(hex: string(name)) }
        /// A member that is an object.
        public func object(_ name: String) -> Members { Members(values: member(name)) }
        /// The strings of an array member.
        public func strings(_ name: String) -> [String] { member(name) }

        private func member<Value>(_ name: String) -> Value {
            guard let value = values[name] as? Value else {
                preconditionFailure("no member \"\(name)\" of the type \(Value.self)")
            }
            return value
        }
    }

    /// The number of tests that the file says it has.
    public let count: Int
    /// All tests of all groups.
    public let cases: [Case]

    /// Reads `name`.json.
    public init(_ name: String) throws {
        let data = Data(try Repository.bytes(at: "Vectors/wycheproof/\(name).json"))
        guard let file = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw CocoaError(.fileReadCorruptFile)
        }
        let members = Members(values: file)
        count = members.integer("numberOfTests")
        cases = (file["testGroups"] as? [[String: Any]] ?? []).flatMap { group in
            (group["tests"] as? [[String: Any]] ?? []).map { test in
                Case(group: Members(values: group.filter { $0.key != "tests" }), test: Members(values: test))
            }
        }
    }
}
