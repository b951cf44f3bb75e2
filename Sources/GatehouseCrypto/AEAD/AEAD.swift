/// Authenticated encryption of single messages, each with a key and nonce of its own (RFC 5116).
///
/// Records have `RecordSealer` and `RecordOpener`, which keep their key prepared.
package enum AEAD {
    /// The ciphertext of `plaintext`, followed by the tag: 16 bytes more than `plaintext`.
    ///
    /// - Parameter nonce: 12 bytes that must never come twice under one key.
    /// - Throws: `invalidKey` when `key` or `nonce` has the wrong length.
    package static func seal(
        _ algorithm: AEADAlgorithm, key: borrowing Secret, nonce: Span<UInt8>, additionalData: Span<UInt8>,
        plaintext: Span<UInt8>
    ) throws(CryptoError) -> [UInt8] {
        guard nonce.count == AEADAlgorithm.nonceLength else { throw .invalidKey }
        let context = try CipherContext(algorithm, .seal, key: key)
        var output: [UInt8] = []
        try nonce.withUnsafeBytes { nonce throws(CryptoError) in
            try context.seal(
                nonce: nonce, additionalData: additionalData, plaintext: plaintext, suffix: Span(),
                appendingTo: &output)
        }
        return output
    }

    /// The plaintext of `ciphertext`, which ends with the tag.
    ///
    /// - Throws: `invalidKey` when `key` or `nonce` has the wrong length; `authenticationFailed`.
    package static func open(
        _ algorithm: AEADAlgorithm, key: borrowing Secret, nonce: Span<UInt8>, additionalData: Span<UInt8>,
        ciphertext: Span<UInt8>
    ) throws(CryptoError) -> [UInt8] {
        guard nonce.count == AEADAlgorithm.nonceLength else { throw .invalidKey }
        let context = try CipherContext(algorithm, .open, key: key)
        var buffer = ciphertext.withUnsafeBytes { [UInt8]($0) }
        let count = try nonce.withUnsafeBytes { nonce throws(CryptoError) in
            var span = buffer.mutableSpan
            return try context.open(nonce: nonce, additionalData: additionalData, &span, in: 0..<span.count)
        }
        buffer.removeSubrange(count...)
        return buffer
    }
}

extension CipherContext {
    /// Appends the ciphertext of `plaintext` and `suffix`, taken as one, and the tag to `output`.
    @inline(__always)
    func seal(
        nonce: UnsafeRawBufferPointer, additionalData: Span<UInt8>, plaintext: Span<UInt8>, suffix: Span<UInt8>,
        appendingTo output: inout [UInt8]
    ) throws(CryptoError) {
        let count = plaintext.count + suffix.count + AEADAlgorithm.tagLength
        try output.append(addingCapacity: count) { room throws(CryptoError) in
            try room.withUnsafeMutableBufferPointer { room, initializedCount throws(CryptoError) in
                // The capacity that was asked for is there, so that the buffer has a base address.
                guard let start = room.baseAddress else { throw .libraryFailure(code: 0) }
                try additionalData.withUnsafeBytes { additionalData throws(CryptoError) in
                    try plaintext.withUnsafeBytes { plaintext throws(CryptoError) in
                        try suffix.withUnsafeBytes { suffix throws(CryptoError) in
                            try seal(
                                nonce: nonce, additionalData: additionalData, plaintext: plaintext, suffix: suffix,
                                into: start)
                        }
                    }
                }
                initializedCount = count
            }
        }
    }

    /// Decrypts what stands in `buffer` at `range`, ciphertext and tag, in place; returns the plaintext's length.
    @inline(__always)
    func open(
        nonce: UnsafeRawBufferPointer, additionalData: Span<UInt8>, _ buffer: inout MutableSpan<UInt8>,
        in range: Range<Int>
    ) throws(CryptoError) -> Int {
        let count = range.count - AEADAlgorithm.tagLength
        guard count >= 0, range.lowerBound >= 0, range.upperBound <= buffer.count else { throw .authenticationFailed }
        try additionalData.withUnsafeBytes { additionalData throws(CryptoError) in
            try buffer.withUnsafeMutableBufferPointer { buffer throws(CryptoError) in
                guard let start = buffer.baseAddress else { throw .authenticationFailed }
                try open(nonce: nonce, additionalData: additionalData, start + range.lowerBound, count: count)
            }
        }
        return count
    }
}
