internal import GatehouseSystem

/// A running SHA-2 computation (FIPS 180-4). It is a value: a copy goes on by itself, which is how a transcript hash is
/// taken in the middle.
package struct Hasher: Sendable {
    /// The hash function.
    package let algorithm: HashAlgorithm
    private var state: State
    /// The bytes that do not fill a block yet: the first `pendingCount` ones count.
    private var pending = InlineArray<128, UInt8>(repeating: 0)
    private var pendingCount = 0
    /// The number of bytes taken in so far.
    private var length: UInt64

    /// What a computation has come to between two blocks.
    enum State {
        case sha256(SHA256State)
        case sha512(SHA512State)

        /// Where a computation starts.
        init(_ algorithm: HashAlgorithm) {
            switch algorithm {
            case .sha256: self = .sha256(.sha256)
            case .sha384: self = .sha512(.sha384)
            case .sha512: self = .sha512(.sha512)
            }
        }

        /// `blocks` must be readable for `count` blocks of the algorithm.
        mutating func compress(_ blocks: UnsafeRawPointer, count: Int) {
            switch self {
            case .sha256(var state):
                state.compress(blocks, count: count)
                self = .sha256(state)
            case .sha512(var state):
                state.compress(blocks, count: count)
                self = .sha512(state)
            }
        }
    }

    /// Starts with no bytes taken in.
    package init(_ algorithm: HashAlgorithm) {
        self.init(algorithm, resuming: State(algorithm), length: 0)
    }

    /// Goes on from `state`, which `length` bytes led to; they filled their blocks.
    init(_ algorithm: HashAlgorithm, resuming state: State, length: Int) {
        self.algorithm = algorithm
        self.state = state
        self.length = UInt64(length)
    }

    /// The digest of `bytes`.
    package static func hash(_ algorithm: HashAlgorithm, _ bytes: Span<UInt8>) -> [UInt8] {
        var hasher = Hasher(algorithm)
        hasher.update(bytes)
        return hasher.digest()
    }

    /// Takes in more bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of everything taken in so far; the computation can go on.
    package func digest() -> [UInt8] {
        var copy = self
        return [UInt8](count: algorithm.digestLength) { copy.finish(into: $0) }
    }

    /// Takes in more bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard var next = bytes.baseAddress else { return }
        var remaining = bytes.count
        length &+= UInt64(remaining)
        let blockLength = algorithm.blockLength
        if pendingCount > 0 {
            let taken = min(blockLength - pendingCount, remaining)
            append(UnsafeRawBufferPointer(start: next, count: taken))
            next += taken
            remaining -= taken
            guard pendingCount == blockLength else { return }
            compressPending()
        }
        let blocks = remaining / blockLength
        if blocks > 0 {
            state.compress(next, count: blocks)
            next += blocks * blockLength
            remaining -= blocks * blockLength
        }
        append(UnsafeRawBufferPointer(start: next, count: remaining))
    }

    /// Pads (FIPS 180-4 §5.1) and writes the digest, whose length `output` has. Nothing may be taken in afterwards.
    mutating func finish(into output: UnsafeMutableRawBufferPointer) {
        let blockLength = algorithm.blockLength
        let lengthField = blockLength / 8
        let bitCount = (length &<< 3).bigEndian
        pending[pendingCount] = 0x80
        clearPending(from: pendingCount + 1)
        if pendingCount + 1 + lengthField > blockLength {
            compressPending()
            clearPending(from: 0)
        }
        withUnsafeMutableBytes(of: &pending) { pending in
            pending.storeBytes(of: bitCount, toByteOffset: blockLength - 8, as: UInt64.self)
        }
        compressPending()
        switch state {
        case .sha256(let state): state.write(into: output)
        case .sha512(let state): state.write(into: output)
        }
    }

    /// Overwrites everything that was derived from the bytes taken in; nothing but destruction may follow.
    mutating func wipe() {
        withUnsafeMutableBytes(of: &self) { GatehouseSystem.wipe($0) }
    }

    /// Adds fewer bytes than the pending block still takes, or exactly as many.
    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let offset = pendingCount
        withUnsafeMutableBytes(of: &pending) { pending in
            UnsafeMutableRawBufferPointer(rebasing: pending[offset...]).copyMemory(from: bytes)
        }
        pendingCount += bytes.count
    }

    private mutating func compressPending() {
        withUnsafeBytes(of: pending) { pending in
            if let start = pending.baseAddress { state.compress(start, count: 1) }
        }
        pendingCount = 0
    }

    private mutating func clearPending(from offset: Int) {
        withUnsafeMutableBytes(of: &pending) { pending in
            _ = UnsafeMutableRawBufferPointer(rebasing: pending[offset...]).initializeMemory(
                as: UInt8.self, repeating: 0)
        }
    }
}

extension [UInt8] {
    /// An array of `count` bytes that `body` writes.
    init(count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        // Faster than an initialiser with unsafe in its name: that one is not specialised in the standard library.
        self.init(repeating: 0, count: count)
        withUnsafeMutableBytes(body)
    }
}
