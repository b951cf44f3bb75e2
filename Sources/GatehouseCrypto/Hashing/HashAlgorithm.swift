/// A hash function of the SHA-2 family (FIPS 180-4).
public enum HashAlgorithm: Sendable, Hashable {
    case sha256
    case sha384
    case sha512

    /// The digest's size in bytes: 32, 48 or 64.
    public var digestLength: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The size in bytes of the block that the compression function takes: 64 or 128.
    package var blockLength: Int {
        switch self {
        case .sha256: 64
        case .sha384, .sha512: 128
        }
    }

    /// The digest of no bytes at all.
    package var digestOfNothing: [UInt8] {
        switch self {
        case .sha256: Self.sha256OfNothing
        case .sha384: Self.sha384OfNothing
        case .sha512: Self.sha512OfNothing
        }
    }

    private static let sha256OfNothing = Hasher(.sha256).digest()
    private static let sha384OfNothing = Hasher(.sha384).digest()
    private static let sha512OfNothing = Hasher(.sha512).digest()
}
