public import Foundation

extension Process {
    /// Starts the program with these standard streams, which are its alone from then on.
    ///
    /// Foundation lists this process's descriptors whenever it starts another one, and reads past the end of that list
    /// when there are some 1,300: none may be left open here.
    public func start(input: FileHandle, output: FileHandle, errors: FileHandle) throws {
        standardInput = input
        standardOutput = output
        standardError = errors
        defer { for stream in [input, output, errors] { try? stream.close() } }
        while true {
            do {
                return try run()
            } catch let error as NSError where error.domain == NSPOSIXErrorDomain && error.code == EINTR {
                // Nothing was started: on a busy machine the call was interrupted.
            }
        }
    }
}
