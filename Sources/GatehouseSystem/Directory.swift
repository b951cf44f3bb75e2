import Glibc

extension FileSystem {
    /// The names in a directory, sorted, without `.` and `..`; at most `limit` of them.
    package static func entries(of path: String, limit: Int = 4096) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError("read \(path)") }
        defer { closedir(directory) }
        var names: [String] = []
        // readdir(3) returns a pointer into the stream, which is valid until the next call; the name in it ends with a
        // zero byte.
        while names.count < limit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
