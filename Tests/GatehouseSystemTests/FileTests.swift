import GatehouseSystem
import Glibc
import Testing

@Suite struct FileTests {
    /// A fresh directory that is removed with its files afterwards.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/gatehouse-files-XXXXXX".utf8CString)
        #expect(mkdtemp(&template) != nil)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            for name in ["file", "log"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
        try body(path)
    }

    @Test("a file is read whole, up to its bound")
    func read() throws {
        try withDirectory { directory in
            let contents = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            try FileDescriptor.appending(to: "\(directory)/file").write(contents)
            #expect(try FileSystem.read("\(directory)/file") == contents)
            #expect(try FileSystem.read("\(directory)/file", limit: contents.count) == contents)
            let tooLarge = #expect(throws: SystemError.self) {
                try FileSystem.read("\(directory)/file", limit: contents.count - 1)
            }
            #expect(tooLarge?.code == EFBIG)
        }
    }

    @Test("what cannot be read says which file and why")
    func unreadable() {
        let missing = #expect(throws: SystemError.self) { try FileSystem.read("/nonexistent/file") }
        #expect(missing?.description == "cannot read /nonexistent/file: No such file or directory")
        let directory = #expect(throws: SystemError.self) { try FileSystem.read("/tmp") }
        #expect(directory?.description == "cannot read /tmp: Is a directory")
    }

    @Test("F-16 a log that is made belongs to its owner alone; what stands in it stays")
    func append() throws {
        try withDirectory { directory in
            let log = "\(directory)/log"
            let previous = umask(0)
            defer { umask(previous) }
            try FileDescriptor.appending(to: log).write(Array("one\n".utf8))
            try FileDescriptor.appending(to: log).write(Array("two\n".utf8))
            #expect(try FileSystem.read(log) == Array("one\ntwo\n".utf8))
            var status = stat()
            #expect(stat(log, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }
}
