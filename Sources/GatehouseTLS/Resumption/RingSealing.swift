import GatehouseCrypto
import GatehouseSystem

/// What a server seals under its ring of keys and gives to clients to keep for it:
/// `magic || key name || salt || ciphertext || tag`. Each kind is sealed under keys of its own.
struct RingSealing: Sendable {
    static let ticket = RingSealing(magic: "GHt1", keyLabel: "ticket key", ivLabel: "ticket iv")
    static let cookie = RingSealing(magic: "GHc1", keyLabel: "cookie key", ivLabel: "cookie iv")

    private static let saltLength = 32

    /// What everything of this kind begins with.
    private let magic: [UInt8]
    private let keyLabel: StaticString
    private let ivLabel: StaticString

    private init(magic: String, keyLabel: StaticString, ivLabel: StaticString) {
        self.magic = Array(magic.utf8)
        self.keyLabel = keyLabel
        self.ivLabel = ivLabel
    }

    private var headerLength: Int { magic.count + TicketKeys.nameLength + Self.saltLength }

    /// Whether it was sealed here, also when its key is gone.
    func isOurs(_ sealed: [UInt8]) -> Bool {
        sealed.starts(with: magic)
    }

    /// - Parameter context: has to be the same again when it is opened; it is not part of what is sealed.
    func seal(_ plaintext: [UInt8], _ keys: TicketKeys, context: [UInt8] = []) throws(TLSError) -> [UInt8] {
        let ring = keys.sealing
        let salt = SystemRandomness.bytes(Self.saltLength)
        let header = magic + ring.name + salt
        let key = key(ring.secret, salt: salt)
        do throws(CryptoError) {
            return try header
                + AEAD.seal(
                    .aes256GCM, key: key.key, nonce: key.nonce.span, additionalData: (header + context).span,
                    plaintext: plaintext.span)
        } catch {
            throw .crypto(error)
        }
    }

    /// `nil` for what none of the keys opens: a stranger's, an old one, a changed one, or one with another context.
    func open(_ sealed: [UInt8], _ keys: TicketKeys, context: [UInt8] = []) -> [UInt8]? {
        guard isOurs(sealed), sealed.count > headerLength else { return nil }
        let header = Array(sealed[..<headerLength])
        let name = header[magic.count..<magic.count + TicketKeys.nameLength]
        guard let ring = keys.keys.first(where: { $0.name.elementsEqual(name) }) else { return nil }
        let key = key(ring.secret, salt: Array(header.suffix(Self.saltLength)))
        return try? AEAD.open(
            .aes256GCM, key: key.key, nonce: key.nonce.span, additionalData: (header + context).span,
            ciphertext: sealed.span.extracting(droppingFirst: headerLength))
    }

    /// A key that is used once: no nonce can come twice under it.
    private struct SingleUseKey: ~Copyable {
        let key: Secret
        let nonce: [UInt8]
    }

    private func key(_ ringKey: SharedSecret, salt: [UInt8]) -> SingleUseKey {
        let schedule = ScheduleSecret(
            .sha256, salt: Secret(copying: salt.span), inputKeyingMaterial: ringKey.secret)
        return SingleUseKey(
            key: schedule.expandLabel(keyLabel, context: [], count: AEADAlgorithm.aes256GCM.keyLength),
            nonce: schedule.expandLabel(ivLabel, context: [], count: AEADAlgorithm.nonceLength)
                .withSpan { [UInt8](copying: $0) })
    }
}
