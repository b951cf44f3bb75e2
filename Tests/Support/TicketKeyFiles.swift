/// Files with the ticket keys a, b and c, and two names for those that are in use.
public final class TicketKeyFiles: Sendable {
    private let folder: TemporaryFolder

    /// Makes the keys, of both lengths; none is in use.
    public init() throws {
        folder = try TemporaryFolder()
        for (name, count) in [("a", 80), ("b", 48), ("c", 80)] {
            try folder.write((0..<count).map { _ in UInt8.random(in: 0...255) }, to: name)
        }
    }

    /// The files of those in use.
    public var paths: [String] { [folder.path("used/current"), folder.path("used/other")] }

    /// From now on the first seals, and the other one opens too: both names change in one step.
    public func use(_ current: String, _ other: String) throws {
        let pair = "\(current)-\(other)"
        if !folder.exists(pair) {
            try folder.makeFolder(pair)
            try folder.link("\(pair)/current", to: current)
            try folder.link("\(pair)/other", to: other)
        }
        try folder.link("used", to: pair)
    }
}
