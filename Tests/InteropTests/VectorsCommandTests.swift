import Foundation
import TestSupport
import Testing

@testable import GatehouseTool

@Suite("gatehouse vectors")
struct VectorsCommandTests {
    private static let directory = Repository.root.appending(path: "Vectors/rfc8448").path

    @Test(
        "The published traces are equal, as a directory and as single files",
        arguments: [
            "", "/rfc8448.json", "/draft-ietf-tls-tls13-vectors.txt",
        ])
    func equal(_ file: String) async throws {
        #expect(try await runVectors([Self.directory + file]) == 0)
    }

    @Test("A changed trace makes the command fail")
    func changed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vectors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = String(decoding: try Repository.bytes(at: "Vectors/rfc8448/rfc8448.json"), as: UTF8.self)
        // The first bytes of the first trace's client_handshake_key.
        let changed = file.replacingOccurrences(of: "dbfaa693", with: "dbfaa694")
        #expect(changed != file)
        try changed.write(to: folder.appending(path: "changed.json"), atomically: false, encoding: .utf8)
        #expect(try await runVectors([folder.path]) == 1)
    }

    @Test("Files that are missing or hold no traces are told apart in one line")
    func unusable() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vectors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, contents) in [("a.json", "{"), ("b.json", "{}"), ("c.txt", "no trace"), ("d.bin", "")] {
            try contents.write(to: folder.appending(path: name), atomically: false, encoding: .utf8)
        }
        for path in ["a.json", "b.json", "c.txt", "d.bin", "missing.json"] {
            let error = await #expect(throws: UsageError.self) {
                try await runVectors([folder.appending(path: path).path])
            }
            #expect(error?.message.contains(path) == true)
            #expect(error?.message.contains("\n") == false)
        }
    }
}
