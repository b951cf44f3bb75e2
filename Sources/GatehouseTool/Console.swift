import GatehouseSystem

/// The program's two outputs. A reader that has gone away is no reason to fail.
enum Console {
    /// Writes to standard output.
    static func say(_ text: String) {
        try? FileDescriptor.standardOutput.write(Array(text.utf8))
    }

    /// Writes to standard error.
    static func complain(_ text: String) {
        try? FileDescriptor.standardError.write(Array(text.utf8))
    }
}
