internal import GatehouseSystem

/// Secret bytes: on the heap, owned once, overwritten with zeros when the owner goes away.
///
/// The bytes never move (moving inline storage would leave copies behind) and never change after the initialiser.
package struct Secret: ~Copyable, @unchecked Sendable {
    /// Valid for `count` bytes, initialised, and freed only by `deinit`.
    private let start: UnsafeMutablePointer<UInt8>
    /// The number of bytes.
    package let count: Int

    /// Copies `bytes`; the caller wipes the original.
    package init(copying bytes: Span<UInt8>) {
        self.init(count: bytes.count) { buffer in
            bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
        }
    }

    /// `count` zero bytes: the "0" that RFC 9846 §7.1 puts in where a secret is not available.
    package init(zeros count: Int) {
        self.init(count: count) { _ in }
    }

    /// Runs `body` on `count` zero bytes that become the secret.
    init<E: Error>(count: Int, initializingWith body: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        start = .allocate(capacity: max(count, 1))
        start.initialize(repeating: 0, count: max(count, 1))
        self.count = count
        try body(UnsafeMutableRawBufferPointer(start: start, count: count))
    }

    deinit {
        wipe(UnsafeMutableRawBufferPointer(start: start, count: count))
        start.deallocate()
    }

    /// Lends the bytes to `body`.
    package func withSpan<R: ~Copyable, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(UnsafeBufferPointer(start: start, count: count).span)
    }

    /// Lends the bytes to a call of libcrypto.
    func withUnsafeBytes<R: ~Copyable, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A second owner of the same bytes.
    package func copy() -> Secret {
        withSpan { Secret(copying: $0) }
    }

    /// Compares in a time that depends only on the two lengths.
    package func isEqual(to bytes: Span<UInt8>) -> Bool {
        withSpan { constantTimeEquals($0, bytes) }
    }

    /// Whether all bytes are zero, found in a time that depends only on their number.
    var isZero: Bool { isZero(in: 0..<count) }

    /// Whether all bytes of `range` are zero, found in a time that depends only on their number.
    func isZero(in range: Range<Int>) -> Bool {
        withSpan { bytes in
            var sum: UInt8 = 0
            for index in range { sum |= bytes[index] }
            return sum == 0
        }
    }

    /// Says how long the secret is, and no more.
    package var description: String {
        "Secret(\(count) bytes)"
    }
}
