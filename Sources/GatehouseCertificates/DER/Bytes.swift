/// Comparing and copying parts of an encoding.
extension Span<UInt8> {
    /// A copy of `range`, which must lie inside.
    func copy(_ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        for index in range {
            result.append(self[index])
        }
        return result
    }

    /// Whether the bytes of `range` are those of `other` in `otherRange`.
    func equal(_ range: Range<Int>, _ other: Span<UInt8>, _ otherRange: Range<Int>) -> Bool {
        guard range.count == otherRange.count else { return false }
        let distance = otherRange.lowerBound - range.lowerBound
        for index in range where self[index] != other[index + distance] {
            return false
        }
        return true
    }
}

extension UInt8 {
    /// The lower-case letter of an ASCII capital, and every other byte as it is.
    var asciiLowercased: UInt8 {
        0x41...0x5A ~= self ? self | 0x20 : self
    }
}
