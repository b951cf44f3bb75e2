package import GatehouseCrypto

/// The handshake messages so far, hashed (RFC 9846 §4.1).
package struct Transcript: Sendable {
    private var hasher: Hasher

    init(_ hash: HashAlgorithm) {
        hasher = Hasher(hash)
    }

    package init(_ hash: HashAlgorithm, startingWith clientHello: [UInt8]) {
        hasher = Hasher(hash)
        append(clientHello)
    }

    /// After a HelloRetryRequest, a message of its own kind stands for the first ClientHello (RFC 9846 §4.1):
    /// message_hash || 00 00 Hash.length || Hash(ClientHello1).
    package init(_ hash: HashAlgorithm, standingForFirst clientHello: [UInt8]) {
        self.init(hash, standingForHash: Hasher.hash(hash, clientHello.span))
    }

    /// As before, when of the first ClientHello only the hash is left.
    init(_ hash: HashAlgorithm, standingForHash digest: [UInt8]) {
        self.init(hash, startingWith: [HandshakeType.messageHash.rawValue, 0, 0, UInt8(digest.count)] + digest)
    }

    package mutating func append(_ message: [UInt8]) {
        append(message.span)
    }

    mutating func append(_ bytes: Span<UInt8>) {
        hasher.update(bytes)
    }

    /// Transcript-Hash of the messages so far.
    package var hash: [UInt8] {
        hasher.digest()
    }
}
