/// An algorithm for authenticated encryption with associated data (RFC 5116), of those that TLS 1.3 uses.
public enum AEADAlgorithm: Sendable, Hashable {
    /// AES with a 128-bit key in Galois/Counter Mode.
    case aes128GCM
    /// AES with a 256-bit key in Galois/Counter Mode.
    case aes256GCM
    /// ChaCha20 with Poly1305 (RFC 8439).
    case chacha20Poly1305

    /// The key's size in bytes: 16 or 32.
    package var keyLength: Int {
        switch self {
        case .aes128GCM: 16
        case .aes256GCM, .chacha20Poly1305: 32
        }
    }

    /// The tag's size in bytes.
    package static let tagLength = 16
    /// The nonce's size in bytes.
    package static let nonceLength = 12
}
