/// Whether `a` and `b` hold the same bytes, in a time that depends only on their lengths.
package func constantTimeEquals(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for index in a.indices {
        difference |= a[index] ^ b[index]
    }
    return isZero(difference)
}

/// Not inlined, so that the compiler does not see that only zero matters and leave the loop above early.
@inline(never)
private func isZero(_ value: UInt8) -> Bool {
    value == 0
}
