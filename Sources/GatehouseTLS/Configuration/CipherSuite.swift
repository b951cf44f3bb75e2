package import GatehouseCrypto

/// A cipher suite of TLS 1.3 (RFC 9846 §B.4).
///
/// The registry is open: a value that has no name here is kept as it came.
public struct CipherSuite: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS Cipher Suites" registry.
    public let rawValue: UInt16

    /// Makes the suite with this number, known or not.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// TLS_AES_128_GCM_SHA256.
    public static let aes128GCMSHA256 = CipherSuite(rawValue: 0x1301)
    /// TLS_AES_256_GCM_SHA384.
    public static let aes256GCMSHA384 = CipherSuite(rawValue: 0x1302)
    /// TLS_CHACHA20_POLY1305_SHA256.
    public static let chacha20Poly1305SHA256 = CipherSuite(rawValue: 0x1303)

    /// The suites that are spoken here, in the order of preference.
    public static let supported: [CipherSuite] = [.aes128GCMSHA256, .aes256GCMSHA384, .chacha20Poly1305SHA256]
}

extension CipherSuite: CustomStringConvertible {
    /// The name in IANA's registry, such as `TLS_AES_128_GCM_SHA256`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .aes128GCMSHA256: "TLS_AES_128_GCM_SHA256"
        case .aes256GCMSHA384: "TLS_AES_256_GCM_SHA384"
        case .chacha20Poly1305SHA256: "TLS_CHACHA20_POLY1305_SHA256"
        default: "CipherSuite(\(rawValue))"
        }
    }
}

/// What a cipher suite that is spoken here consists of.
package struct CipherSuiteParameters: Sendable, Equatable {
    package let suite: CipherSuite
    package let aead: AEADAlgorithm
    package let hash: HashAlgorithm

    /// `nil` for a suite that is not spoken here.
    package init?(_ suite: CipherSuite) {
        self.suite = suite
        switch suite {
        case .aes128GCMSHA256: (aead, hash) = (.aes128GCM, .sha256)
        case .aes256GCMSHA384: (aead, hash) = (.aes256GCM, .sha384)
        case .chacha20Poly1305SHA256: (aead, hash) = (.chacha20Poly1305, .sha256)
        default: return nil
        }
    }
}
