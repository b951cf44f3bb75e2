internal import CSystem
internal import Glibc

/// Random bytes from the operating system's generator, getrandom(2).
package enum SystemRandomness {
    /// Overwrites every byte of `bytes` with a random one.
    package static func fill(_ bytes: inout MutableSpan<UInt8>) {
        bytes.withUnsafeMutableBytes { fill($0) }
    }

    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        // The initializer below would write to the storage that all empty arrays share.
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            initializedCount = count
        }
    }

    /// getrandom(2) returns short counts only for large requests or when a signal comes in; it fails for good only when
    /// the kernel has no such call or a sandbox forbids it, and nothing can be secure then: the process ends.
    private static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        var filled = 0
        while filled < bytes.count {
            let count = getrandom(bytes.baseAddress.map { $0 + filled }, bytes.count - filled, 0)
            if count > 0 {
                filled += count
            } else {
                precondition(count < 0 && errno == EINTR, "getrandom(2) gives no random bytes")
            }
        }
    }
}
