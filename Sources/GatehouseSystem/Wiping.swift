internal import CSystem

/// Overwrites `bytes` with zeros in a way that the compiler does not optimise away.
package func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    explicit_bzero(start, bytes.count)
}
