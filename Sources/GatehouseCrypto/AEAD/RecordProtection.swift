/// Seals the records of one direction under one traffic key (RFC 9846 §5.2).
package struct RecordSealer: ~Copyable, Sendable {
    private let context: CipherContext
    private let nonce: RecordNonce

    /// - Throws: `invalidKey` when `key` or `iv` has the wrong length.
    package init(_ algorithm: AEADAlgorithm, key: borrowing Secret, iv: consuming Secret) throws(CryptoError) {
        let nonce = try RecordNonce(iv: iv)
        context = try CipherContext(algorithm, .seal, key: key)
        self.nonce = nonce
    }

    /// Appends the ciphertext of `plaintext` and `suffix`, taken as one, and then the tag to `output`:
    /// `plaintext.count + suffix.count + 16` bytes.
    ///
    /// - Parameters:
    ///   - sequence: the record's number, which must never come twice under one key.
    ///   - suffix: what TLSInnerPlaintext has after the content: its type and the padding.
    package mutating func seal(
        sequence: UInt64, additionalData: Span<UInt8>, plaintext: Span<UInt8>, suffix: Span<UInt8>,
        into output: inout [UInt8]
    ) throws(CryptoError) {
        try nonce.with(sequence: sequence) { nonce throws(CryptoError) in
            try context.seal(
                nonce: nonce, additionalData: additionalData, plaintext: plaintext, suffix: suffix, appendingTo: &output
            )
        }
    }
}

/// Opens the records of one direction under one traffic key (RFC 9846 §5.2).
package struct RecordOpener: ~Copyable, Sendable {
    private let context: CipherContext
    private let nonce: RecordNonce

    /// - Throws: `invalidKey` when `key` or `iv` has the wrong length.
    package init(_ algorithm: AEADAlgorithm, key: borrowing Secret, iv: consuming Secret) throws(CryptoError) {
        let nonce = try RecordNonce(iv: iv)
        context = try CipherContext(algorithm, .open, key: key)
        self.nonce = nonce
    }

    /// Decrypts the ciphertext and tag that stand in `buffer` at `range`, in place.
    ///
    /// - Returns: how many bytes of plaintext stand in `buffer` at the start of `range`: 16 less than it is long.
    /// - Throws: `authenticationFailed`, also when `range` is too short for a tag or not within `buffer`. What was
    ///   decrypted is overwritten with zeros then.
    package mutating func open(
        sequence: UInt64, additionalData: Span<UInt8>, _ buffer: inout MutableSpan<UInt8>, in range: Range<Int>
    ) throws(CryptoError) -> Int {
        try nonce.with(sequence: sequence) { nonce throws(CryptoError) in
            try context.open(nonce: nonce, additionalData: additionalData, &buffer, in: range)
        }
    }
}

/// The per-record nonce (RFC 9846 §5.3): "The 64-bit record sequence number is encoded in network byte order and padded
/// to the left with zeros to iv_length. The padded sequence number is XORed with either the static client_write_iv or
/// server_write_iv".
private struct RecordNonce: ~Copyable, Sendable {
    private let iv: Secret

    init(iv: consuming Secret) throws(CryptoError) {
        guard iv.count == AEADAlgorithm.nonceLength else { throw .invalidKey }
        self.iv = iv
    }

    @inline(__always)
    func with<R>(
        sequence: UInt64, _ body: (UnsafeRawBufferPointer) throws(CryptoError) -> R
    ) throws(CryptoError) -> R {
        // Twelve bytes, as `init` has checked: four that stay and eight that the number goes into.
        let (head, tail) = iv.withUnsafeBytes { iv in
            (
                iv.loadUnaligned(fromByteOffset: 0, as: UInt32.self),
                iv.loadUnaligned(fromByteOffset: 4, as: UInt64.self)
            )
        }
        let mixed = tail ^ sequence.bigEndian
        let low = UInt32(truncatingIfNeeded: mixed)
        let high = UInt32(truncatingIfNeeded: mixed &>> 32)
        #if _endian(little)
            let words: InlineArray<3, UInt32> = [head, low, high]
        #else
            let words: InlineArray<3, UInt32> = [head, high, low]
        #endif
        return try withUnsafeBytes(of: words, body)
    }
}
