import Foundation

/// A folder of a test's own, which goes with this value.
final class TemporaryFolder: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file in its place, its owner's alone unless `permissions` say otherwise.
    func write(_ bytes: some Collection<UInt8>, to name: String, permissions: Int = 0o600) throws {
        try Data(bytes).write(to: url.appending(path: name))
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path(name))
    }

    /// Puts a file in the place of another in one step.
    func replace(_ name: String, with bytes: some Collection<UInt8>) throws {
        try write(bytes, to: "\(name).new")
        guard rename(path("\(name).new"), path(name)) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func permissions(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }
}
