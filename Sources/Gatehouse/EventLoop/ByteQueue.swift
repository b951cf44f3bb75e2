/// Bytes that come in at one end and go out at the other.
package struct ByteQueue: Sendable {
    private var bytes: [UInt8] = []
    private var head = 0
    /// How many bytes at the front are known to hold no newline.
    private var searched = 0

    package init() {}

    package var count: Int { bytes.count - head }
    package var isEmpty: Bool { head == bytes.count }

    package mutating func append(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more)
    }

    /// Puts a byte before all others.
    package mutating func prepend(_ byte: UInt8) {
        searched = 0
        if head > 0 {
            head -= 1
            bytes[head] = byte
        } else {
            bytes.insert(byte, at: 0)
        }
    }

    /// How many bytes there are up to the first newline and with it, `nil` without one. What was searched before is not
    /// searched again.
    package mutating func countThroughNewline() -> Int? {
        let newline = bytes[(head + searched)...].firstIndex(of: UInt8(ascii: "\n"))
        searched = (newline ?? bytes.count) - head
        return newline.map { $0 - head + 1 }
    }

    /// Takes at most `limit` bytes from the front.
    package mutating func take(atMost limit: Int = .max) -> [UInt8] {
        if head == 0 && limit >= bytes.count {
            defer { removeAll() }
            return bytes
        }
        let end = head + min(max(limit, 0), count)
        defer { drop(end - head) }
        return Array(bytes[head..<end])
    }

    /// A copy of at most `limit` bytes from the front; they stay.
    package func peek(atMost limit: Int) -> [UInt8] {
        Array(bytes[head..<head + min(max(limit, 0), count)])
    }

    /// Lets `amount` bytes at the front go.
    package mutating func drop(_ amount: Int) {
        head += min(amount, count)
        searched = max(0, searched - amount)
        if head == bytes.count {
            // An idle connection keeps no buffer.
            removeAll()
        } else if head >= 1 << 16 && head * 2 >= bytes.count {
            bytes.removeFirst(head)
            head = 0
        }
    }

    package mutating func removeAll() {
        bytes = []
        head = 0
        searched = 0
    }

    /// Lends the storage, with the position of the first byte that is still there.
    package func withBytes<Result>(_ body: (_ bytes: [UInt8], _ head: Int) -> Result) -> Result {
        body(bytes, head)
    }
}
