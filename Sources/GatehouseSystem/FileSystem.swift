import Glibc

/// Files, as far as a server needs them: keys and certificates in, key logs out.
package enum FileSystem {
    /// Reads a whole file. One that holds more than `limit` bytes is refused with `EFBIG`.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
        try read(FileDescriptor.open(path, O_RDONLY, operation: "read \(path)"), path, limit: limit)
    }

    static func read(_ file: borrowing FileDescriptor, _ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        var contents: [UInt8] = []
        while true {
            let part = try file.read(atMost: 1 << 16, operation: "read \(path)")
            if part.isEmpty { return contents }
            guard contents.count + part.count <= limit else { throw SystemError("read \(path)", code: EFBIG) }
            contents += part
        }
    }
}

extension FileSystem {
    /// Writes a file that belongs to its owner alone (mode 0600), in place of the one that is there. Whoever opens it
    /// finds the old contents or the new ones, never a part.
    package static func replace(_ path: String, with contents: [UInt8]) throws(SystemError) {
        let draft = "\(path).\(getpid())"
        let operation = "write \(path)"
        let file = try FileDescriptor.open(draft, O_WRONLY | O_CREAT | O_EXCL, operation: operation)
        do throws(SystemError) {
            try file.write(contents, operation: operation)
            guard rename(draft, path) == 0 else { throw SystemError(operation) }
        } catch {
            unlink(draft)
            throw error
        }
    }
}

/// A descriptor of a file, closed when it goes.
package struct FileDescriptor: ~Copyable, Sendable {
    let descriptor: Int32
    private let isOwned: Bool

    private init(_ descriptor: Int32, isOwned: Bool) {
        self.descriptor = descriptor
        self.isOwned = isOwned
    }

    deinit {
        if isOwned { _ = Glibc.close(descriptor) }
    }

    /// The process's standard input.
    package static var standardInput: FileDescriptor { FileDescriptor(STDIN_FILENO, isOwned: false) }
    /// The process's standard output.
    package static var standardOutput: FileDescriptor { FileDescriptor(STDOUT_FILENO, isOwned: false) }
    /// The process's standard error.
    package static var standardError: FileDescriptor { FileDescriptor(STDERR_FILENO, isOwned: false) }

    /// Opens a file that everything is appended to. A new file belongs to its owner alone (mode 0600): RFC 9850 §4
    /// warns that who reads a key log reads the traffic.
    package static func appending(to path: String) throws(SystemError) -> FileDescriptor {
        try open(path, O_WRONLY | O_CREAT | O_APPEND, operation: "write \(path)")
    }

    static func open(
        _ path: String, _ flags: Int32, operation: String
    ) throws(SystemError) -> FileDescriptor {
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
            if descriptor >= 0 { return FileDescriptor(descriptor, isOwned: true) }
            guard errno == EINTR else { throw SystemError(operation) }
        }
    }

    /// Waits for bytes and returns what there is, at most `count`; empty at the end.
    package func read(atMost count: Int, operation: String = "read") throws(SystemError) -> [UInt8] {
        while true {
            var result = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                // read(2) writes at most `count` bytes and returns how many.
                result = Glibc.read(descriptor, buffer.baseAddress, count)
                initialized = max(result, 0)
            }
            if result >= 0 { return bytes }
            guard errno == EINTR else { throw SystemError(operation) }
        }
    }

    /// Writes everything, waiting where it has to.
    package func write(_ bytes: [UInt8], operation: String = "write") throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[offset...])
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                offset += count
            } else if errno != EINTR {
                throw SystemError(operation)
            }
        }
    }
}
