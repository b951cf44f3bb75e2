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

    /// The first seals; all open.
    let keys: [Key]

    private init(_ keys: [Key]) {
        self.keys = keys
    }

    /// A new random key, known to nobody else: tickets end with the process.
    public init() {
        keys = [Self.randomKey()]
    }

    /// Keys that several servers share: the first seals, all open.
    ///
    /// - Parameter keys: for each a name of 16 bytes, which stands in the ticket, and at least 32 random bytes.
    /// - Throws: `ConfigurationError.invalidTicketKey` when there is none, one has another length, or is all zero.
    public init(sharing keys: [(name: [UInt8], key: [UInt8])]) throws(ConfigurationError) {
        guard !keys.isEmpty else { throw .invalidTicketKey }
        for (name, key) in keys {
            guard name.count == Self.nameLength, key.count >= Self.minimumKeyLength, key.contains(where: { $0 != 0 })
            else { throw .invalidTicketKey }
        }
        self.init(keys.map { Key(name: $0.name, secret: SharedSecret(copying: $0.key)) })
    }

    /// The same keys behind a new random one.
    ///
    /// - Parameter count: how many of the earlier keys still open tickets.
    public func rotated(keeping count: Int) -> TicketKeys {
        TicketKeys([Self.randomKey()] + keys.prefix(max(count, 0)))
    }

    private static func randomKey() -> Key {
        Key(
            name: SystemRandomness.bytes(nameLength),
            secret: SharedSecret(copying: SystemRandomness.bytes(minimumKeyLength)))
    }
}

/// A ticket that carries its session, sealed: `magic || key name || salt || ciphertext || tag`.
enum SealedTicket {
    /// What our own tickets begin with: they are told from identities of external keys by it, also when their key is
    /// gone.
    static let magic = Array("GHt1".utf8)
    static let saltLength = 32
    /// Longer ones are not given out.
    static let maximumLength = 4096

    private static let headerLength = magic.count + TicketKeys.nameLength + saltLength

    static func isOurs(_ identity: [UInt8]) -> Bool {
        identity.starts(with: magic)
    }

    /// `nil` when the session is too large for a ticket.
    static func seal(_ session: SessionState, _ keys: TicketKeys) throws(TLSError) -> [UInt8]? {
        guard let key = keys.keys.first else { return nil }
        let salt = SystemRandomness.bytes(saltLength)
        let header = magic + key.name + salt
        let ticketKey = TicketKey(key.secret, salt: salt)
        let ciphertext: [UInt8]
        do throws(CryptoError) {
            ciphertext = try AEAD.seal(
                .aes256GCM, key: ticketKey.key, nonce: ticketKey.nonce.span, additionalData: header.span,
                plaintext: session.encoded().span)
        } catch {
            throw .crypto(error)
        }
        let ticket = header + ciphertext
        return ticket.count <= maximumLength ? ticket : nil
    }

    /// `nil` for a ticket that none of the keys opens: a stranger's, an old one, or a changed one.
    static func open(_ ticket: [UInt8], _ keys: TicketKeys) -> SessionState? {
        guard isOurs(ticket), ticket.count > headerLength, ticket.count <= maximumLength else { return nil }
        let header = Array(ticket[..<headerLength])
        let name = header[magic.count..<magic.count + TicketKeys.nameLength]
        guard let key = keys.keys.first(where: { $0.name.elementsEqual(name) }) else { return nil }
        let ticketKey = TicketKey(key.secret, salt: Array(header.suffix(saltLength)))
        guard
            let plaintext = try? AEAD.open(
                .aes256GCM, key: ticketKey.key, nonce: ticketKey.nonce.span, additionalData: header.span,
                ciphertext: ticket.span.extracting(droppingFirst: headerLength))
        else { return nil }
        return try? SessionState(decoding: plaintext)
    }

    /// The key of one ticket: no two tickets share one, so that no nonce can come twice under it.
    private struct TicketKey: ~Copyable {
        let key: Secret
        let nonce: [UInt8]

        init(_ ringKey: SharedSecret, salt: [UInt8]) {
            let schedule = ScheduleSecret(
                .sha256, salt: Secret(copying: salt.span), inputKeyingMaterial: ringKey.secret)
            key = schedule.expandLabel("ticket key", context: [], count: AEADAlgorithm.aes256GCM.keyLength)
            nonce = schedule.expandLabel("ticket iv", context: [], count: AEADAlgorithm.nonceLength)
                .withSpan { [UInt8](copying: $0) }
        }
    }
}
