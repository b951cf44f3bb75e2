public import Foundation

/// Where the files of this repository are, found from where this source file stood when it was compiled.
public enum Repository {
    /// The folder that holds Package.swift.
    public static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The contents of the file at `path`, counted from the root.
    public static func bytes(at path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: root.appending(path: path)))
    }

    /// The lines of the text file at `path` that are not empty and do not begin with "#".
    public static func lines(at path: String) throws -> [String] {
        String(decoding: try bytes(at: path), as: UTF8.self)
            .split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map(String.init)
    }
}
