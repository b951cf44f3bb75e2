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
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { block in
            let pad = UnsafeMutableRawBufferPointer(rebasing: block[..<algorithm.blockLength])
            pad.initializeMemory(as: UInt8.self, repeating: 0)
            if key.count > pad.count {
                var hasher = Hasher(algorithm)
                hasher.update(key)
                hasher.finish(into: UnsafeMutableRawBufferPointer(rebasing: pad[..<algorithm.digestLength]))
                hasher.wipe()
            } else {
                key.withUnsafeBytes { pad.copyMemory(from: $0) }
            }
            guard let start = pad.baseAddress else { return }
            for index in pad.indices { pad[index] ^= 0x36 }
            midstates.pointee.inner.compress(start, count: 1)
            for index in pad.indices { pad[index] ^= 0x36 ^ 0x5C }
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
