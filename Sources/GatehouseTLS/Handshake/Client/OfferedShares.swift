import GatehouseCrypto
import Synchronization

/// The client's key pairs, one for each share of its ClientHello (RFC 9846 §4.3.8).
struct OfferedShares: ~Copyable, Sendable {
    let entries: [KeyShareEntry]
    private let pairs: [KeyPair]

    /// A key pair that is used at most once. An array cannot hold the key itself.
    private final class KeyPair: Sendable {
        let key: Mutex<EphemeralKey?>

        init(_ key: consuming EphemeralKey) {
            self.key = Mutex(key)
        }
    }

    init(_ groups: [NamedGroup], _ core: borrowing ConnectionCore) throws(TLSError) {
        var entries: [KeyShareEntry] = []
        var pairs: [KeyPair] = []
        for group in groups {
            let key = try core.ephemeralKey(group)
            entries.append(KeyShareEntry(group: group, keyExchange: key.publicKey))
            pairs.append(KeyPair(key))
        }
        self.entries = entries
        self.pairs = pairs
    }

    func contains(_ group: NamedGroup) -> Bool {
        entries.contains { $0.group == group }
    }

    /// The key pair of the group that the server chose; the others are dropped. `nil`: there was no share of it.
    consuming func key(of group: NamedGroup) -> EphemeralKey? {
        guard let index = entries.firstIndex(where: { $0.group == group }) else { return nil }
        return pairs[index].key.withLock { $0.take() }
    }
}
