internal import GatehouseSystem

/// A key for HMAC (RFC 2104), kept as the two hash states after its inner and outer pad, so that each use costs only
/// the blocks of the message and one more.
package struct HMACKey: ~Copyable, @unchecked Sendable {
    /// The hash function.
    package let algorithm: HashAlgorithm
    /// One initialised value, freed only by `deinit`; it never changes.
    private let midstates: UnsafeMutablePointer<Midstates>

    private struct Midstates {
        var inner: Hasher.State
        var outer: Hasher.State
    }

    /// Prepares `key`, which may have any length.
    package init(_ algorithm: HashAlgorithm, key: Span<UInt8>) {
        self.algorithm = algorithm
        midstates = .allocate(capacity: 1)
        midstates.initialize(to: Midstates(inner: Hasher.State(algorithm), outer: Hasher.State(algorithm)))
        let midstates = midstates
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 16) { block in
            let words = UnsafeMutableBufferPointer(rebasing: block[..<(algorithm.blockLength / 8)])
            words.initialize(repeating: 0)
            let pad = UnsafeMutableRawBufferPointer(words)
            if key.count > pad.count {
                var hasher = Hasher(algorithm)
                hasher.update(key)
                hasher.finish(into: UnsafeMutableRawBufferPointer(rebasing: pad[..<algorithm.digestLength]))
                hasher.wipe()
            } else {
                key.withUnsafeBytes { pad.copyMemory(from: $0) }
            }
            guard let start = pad.baseAddress else { return }
            for index in words.indices { words[index] ^= 0x3636_3636_3636_3636 }
            midstates.pointee.inner.compress(start, count: 1)
            for index in words.indices { words[index] ^= 0x3636_3636_3636_3636 ^ 0x5C5C_5C5C_5C5C_5C5C }
            midstates.pointee.outer.compress(start, count: 1)
            wipe(pad)
        }
    }

    deinit {
        wipe(UnsafeMutableRawBufferPointer(start: midstates, count: MemoryLayout<Midstates>.size))
        midstates.deallocate()
    }

    /// The authentication code of `message`, as long as the digest.
    package func authenticate(_ message: Span<UInt8>) -> [UInt8] {
        [UInt8](count: algorithm.digestLength) { output in
            authenticate(into: output) { $0.update(message) }
        }
    }

    /// Writes the authentication code of what `message` feeds in to `output`, which has the digest's length.
    @inline(__always)
    func authenticate(into output: UnsafeMutableRawBufferPointer, _ message: (inout Hasher) -> Void) {
        var hasher = Hasher(algorithm, resuming: midstates.pointee.inner, length: algorithm.blockLength)
        message(&hasher)
        hasher.finish(into: output)
        hasher = Hasher(algorithm, resuming: midstates.pointee.outer, length: algorithm.blockLength)
        hasher.update(UnsafeRawBufferPointer(output))
        hasher.finish(into: output)
        hasher.wipe()
    }
}
