import GatehouseCrypto
import GatehouseSystem

/// The keys that a server seals its tickets with: one for new tickets, and earlier ones that still open theirs.
///
/// It is a value: rotating gives another one, and connections keep the one that they began with.
///
/// ```swift
/// var keys = TicketKeys()
/// keys = keys.rotated(keeping: 2)
/// ```
public struct TicketKeys: Sendable {
    /// The length of a key's name, in bytes.
    public static let nameLength = 16
    /// The shortest key, in bytes.
    public static let minimumKeyLength = 32

    struct Key: Sendable {
        let name: [UInt8]
        let secret: SharedSecret
    }

    /// What seals.
    let sealing: Key
    /// All that open: the one that seals, and the earlier ones.
    let keys: [Key]

    private init(_ sealing: Key, earlier: some Collection<Key> = []) {
        self.sealing = sealing
        keys = [sealing] + earlier
    }

    /// A new random key, known to nobody else: tickets end with the process.
    public init() {
        self.init(Self.randomKey())
    }

    /// Keys that several servers share: the first seals, all open.
    ///
    /// - Parameter keys: for each a name of 16 bytes, which stands in the ticket, and at least 32 random bytes.
    /// - Throws: `ConfigurationError.invalidTicketKey` when there is none, one has another length, or is all zero.
    public init(sharing keys: [(name: [UInt8], key: [UInt8])]) throws(ConfigurationError) {
        for (name, key) in keys {
            guard name.count == Self.nameLength, key.count >= Self.minimumKeyLength, key.contains(where: { $0 != 0 })
            else { throw .invalidTicketKey }
        }
        let ring = keys.map { Key(name: $0.name, secret: SharedSecret(copying: $0.key)) }
        guard let sealing = ring.first else { throw .invalidTicketKey }
        self.init(sealing, earlier: ring.dropFirst())
    }

    /// The same keys behind a new random one.
    ///
    /// - Parameter count: how many of the earlier keys still open tickets.
    public func rotated(keeping count: Int) -> TicketKeys {
        TicketKeys(Self.randomKey(), earlier: keys.prefix(max(count, 0)))
    }

    private static func randomKey() -> Key {
        Key(
            name: SystemRandomness.bytes(nameLength),
            secret: SharedSecret(copying: SystemRandomness.bytes(minimumKeyLength)))
    }
}
