import CSystem

/// What this process has allocated: for tests and benchmarks that hold the library to its bounds.
package enum HeapUsage {
    /// The bytes in use, those of large blocks included.
    package static var bytes: Int {
        let counts = mallinfo2()
        return Int(counts.uordblks + counts.hblkhd)
    }
}
