import CSystem
import Glibc

/// Files that hold keys.
package enum SecretFile {
    /// Why a secret is not read.
    package enum Failure: Error, Sendable, CustomStringConvertible {
        case system(SystemError)
        /// Others than the owner and the group can read it, or write to it.
        case openToOthers(String)

        package var description: String {
            switch self {
            case .system(let error): error.description
            case .openToOthers(let path): "others can read \(path), or write to it: chmod o-rw"
            }
        }
    }

    /// Reads a whole file of at most `limit` bytes. One that everybody can read is refused unless `allowsOthers`.
    package static func read(
        _ path: String, allowsOthers: Bool, limit: Int = 1 << 20
    ) throws(Failure) -> [UInt8] {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try FileDescriptor.open(path, O_RDONLY, operation: "read \(path)")
        } catch {
            throw .system(error)
        }
        var status = stat()
        // The file that is open is asked, not what stands at the path by now.
        guard fstat(file.descriptor, &status) == 0 else { throw .system(SystemError("read \(path)")) }
        guard allowsOthers || status.st_mode & (S_IROTH | S_IWOTH) == 0 else { throw .openToOthers(path) }
        do throws(SystemError) {
            return try FileSystem.read(file, path, limit: limit)
        } catch {
            throw .system(error)
        }
    }
}

/// Overwrites a secret that was read into an array.
package func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { wipe($0) }
}

extension FileSystem {
    /// What tells one state of a file from the next without reading it: another file in its place, another length, or
    /// another time of change. Links are followed.
    package static func version(of path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "none" }
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        return "\(status.st_dev).\(status.st_ino).\(status.st_size).\(modified.tv_sec).\(modified.tv_nsec)"
            + ".\(changed.tv_sec).\(changed.tv_nsec)"
    }
}
