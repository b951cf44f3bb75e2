/// Appends values in TLS presentation language (RFC 9846 §3).
struct ByteWriter {
    private(set) var bytes: [UInt8]
    /// Whether the length of a vector lies outside its bounds.
    private(set) var isOutOfBounds = false

    init(reserving count: Int = 256) {
        bytes = []
        bytes.reserveCapacity(count)
    }

    mutating func write(_ value: UInt8) {
        bytes.append(value)
    }

    mutating func write(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func write(_ value: UInt32) {
        write(UInt16(truncatingIfNeeded: value >> 16))
        write(UInt16(truncatingIfNeeded: value))
    }

    mutating func write(_ value: [UInt8]) {
        bytes.append(contentsOf: value)
    }

    mutating func write<Value: RawRepresentable>(_ value: Value) where Value.RawValue == UInt8 {
        write(value.rawValue)
    }

    mutating func write<Value: RawRepresentable>(_ value: Value) where Value.RawValue == UInt16 {
        write(value.rawValue)
    }

    /// What `body` writes, preceded by its length in as many bytes as `bounds` asks for.
    mutating func writeVector(_ bounds: VectorBounds, _ body: (inout ByteWriter) -> Void) {
        let width = bounds.lengthWidth
        let start = bytes.count
        for _ in 0..<width { bytes.append(0) }
        body(&self)
        var count = bytes.count - start - width
        if !bounds.contains(count) { isOutOfBounds = true }
        for index in (start..<start + width).reversed() {
            bytes[index] = UInt8(truncatingIfNeeded: count)
            count >>= 8
        }
    }

    mutating func writeOpaque(_ bounds: VectorBounds, _ value: [UInt8]) {
        writeVector(bounds) { $0.write(value) }
    }

    mutating func writeOpaqueList(_ bounds: VectorBounds, of entryBounds: VectorBounds, _ entries: [[UInt8]]) {
        writeVector(bounds) { writer in
            for entry in entries { writer.writeOpaque(entryBounds, entry) }
        }
    }

    mutating func writeList<Element: RawRepresentable>(_ bounds: VectorBounds, _ elements: [Element])
    where Element.RawValue == UInt16 {
        writeVector(bounds) { writer in
            for element in elements { writer.write(element) }
        }
    }
}
