public import GatehouseCrypto

/// A secret that values can share; it is wiped when the last of them goes away.
final class SharedSecret: Sendable {
    let secret: Secret

    init(_ secret: consuming Secret) {
        self.secret = secret
    }

    convenience init(copying bytes: [UInt8]) {
        self.init(Secret(copying: bytes.span))
    }

    /// The hash that goes with it is the caller's to know.
    func earlySecret(_ hash: HashAlgorithm) -> EarlySecret {
        EarlySecret(hash, preSharedKey: secret)
    }
}

/// A key that both sides have been given outside the protocol (RFC 9846 §2.2).
///
/// Its strength is the strength of the connection: it must come from a random generator, never from a password.
///
/// It says that the peer is one of those who know it, and not which one. A party that connects and serves with the same
/// key can be made to talk to itself, as can any two of a group (the Selfie attack, RFC 9257 §4): there, use
/// `imported(externalIdentity:client:server:key:hash:)`, which gives each direction between two parties a key of its own.
///
/// ```swift
/// let key = try PreSharedKey(identity: Array("device-17".utf8), key: sixteenOrMoreRandomBytes)
/// ```
public struct PreSharedKey: Sendable {
    /// The shortest key, in bytes.
    public static let minimumKeyLength = 16

    /// The name under which the client offers it: 1 to 65535 bytes, of any value.
    public let identity: [UInt8]
    /// The hash that it is used with: only cipher suites with this hash can use it.
    public let hash: HashAlgorithm

    let secret: SharedSecret
    let origin: PreSharedKeyOrigin

    /// A key for use as it is.
    ///
    /// - Parameters:
    ///   - identity: 1 to 65535 bytes.
    ///   - key: at least 16 bytes.
    ///   - hash: SHA-256 unless the key was agreed with another (RFC 9846 §4.3.11).
    /// - Throws: `ConfigurationError` when the identity or the key is too short or too long.
    public init(identity: [UInt8], key: [UInt8], hash: HashAlgorithm = .sha256) throws(ConfigurationError) {
        try self.init(identity: identity, key: key, hash: hash, minimumKeyLength: Self.minimumKeyLength)
    }

    /// The shortest key is lower for conformance tests, and nowhere else.
    package init(
        identity: [UInt8], key: [UInt8], hash: HashAlgorithm, minimumKeyLength: Int
    ) throws(ConfigurationError) {
        guard VectorBounds.pskIdentity.contains(identity.count) else { throw .invalidPreSharedKeyIdentity }
        guard key.count >= minimumKeyLength else {
            throw .preSharedKeyTooShort(bytes: key.count, minimum: minimumKeyLength)
        }
        self.init(identity: identity, hash: hash, secret: SharedSecret(copying: key), origin: .external)
    }

    private init(identity: [UInt8], hash: HashAlgorithm, secret: SharedSecret, origin: PreSharedKeyOrigin) {
        self.identity = identity
        self.hash = hash
        self.secret = secret
        self.origin = origin
    }

    /// The keys of one direction between two parties that may share `externalIdentity` and `key` with others, or connect
    /// to each other both ways: the names of both are part of the context, as RFC 9258 §B proposes.
    ///
    /// ```swift
    /// // On "alpha", which connects to "beta" and serves it:
    /// client.preSharedKeys = try .imported(externalIdentity: id, client: alpha, server: beta, key: key)
    /// server.preSharedKeys = try .imported(externalIdentity: id, client: beta, server: alpha, key: key)
    /// ```
    ///
    /// A ClientHello that somebody turns round to its sender, or to a third party, is then for a key that is not known
    /// there. All parties must still trust each other not to take another's name.
    ///
    /// - Parameters:
    ///   - externalIdentity: 1 to 64000 bytes.
    ///   - client: the name of the party that connects, at most 255 bytes.
    ///   - server: the name of the party that serves, at most 255 bytes.
    ///   - key: at least 16 bytes.
    ///   - hash: the hash that the key is imported with; SHA-256 unless agreed otherwise.
    /// - Throws: `ConfigurationError` when the identity, a name or the key is too short or too long.
    public static func imported(
        externalIdentity: [UInt8], client: [UInt8], server: [UInt8], key: [UInt8], hash: HashAlgorithm = .sha256
    ) throws(ConfigurationError) -> [PreSharedKey] {
        guard max(client.count, server.count) <= VectorBounds.partyName.ceiling else {
            throw .invalidPreSharedKeyIdentity
        }
        var context = ByteWriter()
        context.writeOpaque(.partyName, client)
        context.writeOpaque(.partyName, server)
        return try imported(externalIdentity: externalIdentity, context: context.bytes, key: key, hash: hash)
    }

    /// The keys that TLS 1.3 derives from one key for each hash that it may be used with (RFC 9258): the hash is then
    /// no longer part of what both sides have to agree on beforehand.
    ///
    /// - Parameters:
    ///   - externalIdentity: 1 to 65000 bytes.
    ///   - context: what the key is bound to, such as the names of both parties (RFC 9258 §B); may be empty.
    ///   - key: at least 16 bytes.
    ///   - hash: the hash that the key is imported with; SHA-256 unless agreed otherwise.
    /// - Throws: `ConfigurationError` when the identity or the key is too short or too long.
    public static func imported(
        externalIdentity: [UInt8], context: [UInt8], key: [UInt8], hash: HashAlgorithm = .sha256
    ) throws(ConfigurationError) -> [PreSharedKey] {
        guard !externalIdentity.isEmpty, externalIdentity.count + context.count <= 65_000 else {
            throw .invalidPreSharedKeyIdentity
        }
        guard key.count >= minimumKeyLength else {
            throw .preSharedKeyTooShort(bytes: key.count, minimum: minimumKeyLength)
        }
        // RFC 9258 §5.1: epskx = HKDF-Extract(0, epsk)
        let extracted = ScheduleSecret(
            hash, salt: Secret(zeros: hash.digestLength), inputKeyingMaterial: Secret(copying: key.span))
        return [HashAlgorithm.sha256, .sha384].map { target in
            var writer = ByteWriter()
            writer.writeOpaque(.pskIdentity, externalIdentity)
            writer.writeOpaque(.importedContext, context)
            writer.write(ProtocolVersion.tls13)
            writer.write(target.importedKDF)
            // ipskx = HKDF-Expand-Label(epskx, "derived psk", Hash(ImportedIdentity), L)
            let derived = extracted.expandLabel(
                "derived psk", context: Hasher.hash(hash, writer.bytes.span), count: target.digestLength)
            return PreSharedKey(
                identity: writer.bytes, hash: target, secret: SharedSecret(derived), origin: .imported)
        }
    }
}

extension HashAlgorithm {
    /// The number in IANA's "TLS KDF Identifiers" registry (RFC 9258 §10).
    fileprivate var importedKDF: UInt16 {
        switch self {
        case .sha256: 1
        case .sha384: 2
        case .sha512: 0
        }
    }
}

extension VectorBounds {
    // RFC 9258 §5.1
    fileprivate static let importedContext = VectorBounds(0, 0xFFFF)
    // RFC 9258 §B: "opaque client_mac<0..2^8-1>; opaque server_mac<0..2^8-1>;"
    fileprivate static let partyName = VectorBounds(0, 0xFF)
}
