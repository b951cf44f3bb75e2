import GatehouseCrypto

/// How much may be protected with one key (RFC 9846 §5.5).
enum KeyUsageLimits {
    /// The records after which we change our key: the limit, less what one call may still write.
    ///
    /// "For AES-GCM, up to 2^24.5 full-size records (about 24 million) may be encrypted on a given connection while
    /// keeping a safety margin of approximately 2^-57 for Authenticated Encryption (AE) security. For
    /// ChaCha20/Poly1305, the record sequence number would wrap before the safety limit is reached."
    static func records(_ aead: AEADAlgorithm) -> UInt64 {
        switch aead {
        case .aes128GCM, .aes256GCM: 1 << 24
        case .chacha20Poly1305: .max
        }
    }
}
