/// DNS names as certificates hold them.
enum DNSName {
    /// Whether the bytes of `range` are labels of 1 to 63 letters, digits, hyphens and underscores, 253 bytes in all at
    /// most, separated by dots: the "preferred name syntax" of RFC 1034 §3.5 (with the underscores that real names
    /// have). With `allowingWildcard`, the first label may be `*` and nothing else (RFC 9525 §6.3).
    static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>, allowingWildcard: Bool = false) -> Bool {
        guard 1...253 ~= range.count else { return false }
        var range = range
        if allowingWildcard, isWildcard(bytes, range) { range = range.lowerBound + 2..<range.upperBound }
        var labelLength = 0
        for index in range {
            switch bytes[index] {
            case UInt8(ascii: "."):
                guard labelLength > 0 else { return false }
                labelLength = 0
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"):
                labelLength += 1
                guard labelLength <= 63 else { return false }
            default:
                return false
            }
        }
        return labelLength > 0
    }

    /// Whether the name starts with `*.`.
    static func isWildcard(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count > 2 && bytes[range.lowerBound] == UInt8(ascii: "*")
            && bytes[range.lowerBound + 1] == UInt8(ascii: ".")
    }

    static func lastLabelIsNumeric(_ name: ArraySlice<UInt8>) -> Bool {
        let label = name[(name.lastIndex(of: UInt8(ascii: ".")).map { $0 + 1 } ?? name.startIndex)...]
        return !label.isEmpty && label.allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// Whether the certificate's name in `range` is `reference` (RFC 9525 §6.3).
    static func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, reference: Span<UInt8>) -> Bool {
        guard isValid(bytes, range, allowingWildcard: true) else { return false }
        guard isWildcard(bytes, range) else {
            return equalIgnoringCase(bytes, range, reference, reference.indices)
        }
        // "There is exactly one wildcard character … the wildcard character appears only as the complete left-most
        // label": it stands for exactly one label of the reference.
        var dot = 0
        while dot < reference.count, reference[dot] != UInt8(ascii: ".") { dot += 1 }
        guard dot > 0, dot < reference.count else { return false }
        return equalIgnoringCase(bytes, range.lowerBound + 1..<range.upperBound, reference, dot..<reference.count)
    }

    static func equalIgnoringCase(
        _ left: Span<UInt8>, _ leftRange: Range<Int>, _ right: Span<UInt8>, _ rightRange: Range<Int>
    ) -> Bool {
        guard leftRange.count == rightRange.count else { return false }
        let distance = rightRange.lowerBound - leftRange.lowerBound
        for index in leftRange where left[index].asciiLowercased != right[index + distance].asciiLowercased {
            return false
        }
        return true
    }
}
