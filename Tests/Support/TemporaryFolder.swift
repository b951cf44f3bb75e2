internal import Foundation

/// A folder of a test's own, which goes with this value.
public final class TemporaryFolder: Sendable {
    private let url: URL

    /// Makes the folder, which is empty.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a file in the folder.
    public func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file in its place, its owner's alone unless `permissions` say otherwise.
    public func write(_ bytes: some Collection<UInt8>, to name: String, permissions: Int = 0o600) throws {
        try Data(bytes).write(to: url.appending(path: name))
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path(name))
    }

    /// Puts a file in the place of another, if there is one, in one step: whoever looks sees the one or the other.
    public func replace(_ name: String, with bytes: some Collection<UInt8>) throws {
        try write(bytes, to: "\(name).new")
        try rename("\(name).new", to: name)
    }

    /// Makes `name` a symbolic link to a file or folder here, in one step.
    public func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path("\(name).new"), withDestinationPath: path(target))
        try rename("\(name).new", to: name)
    }

    private func rename(_ name: String, to other: String) throws {
        guard Foundation.rename(path(name), path(other)) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Makes a folder in this one.
    public func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: false)
    }

    /// Whether there is such a file.
    public func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The mode of a file.
    public func permissions(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }
}
