import GatehouseSystem

/// The system's randomness, drawn in one call and handed out in small pieces: the standard generator asks the kernel
/// for each number.
struct BufferedRandomness: RandomNumberGenerator {
    private static let size = 512
    private var bytes: [UInt8] = []

    mutating func next() -> UInt64 {
        if bytes.count < 8 { bytes = SystemRandomness.bytes(Self.size) }
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(bytes.removeLast()) }
        return value
    }
}
