extension Array where Element == UInt8 {
    /// A copy of what `span` holds.
    package init(copying span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { Array($0) }
    }

    /// Appends a copy of what `span` holds.
    package mutating func append(copying span: Span<UInt8>) {
        // Safe: `span` cannot be a view of this array, which is being mutated here.
        span.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
