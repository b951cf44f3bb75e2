import GatehouseCrypto
import GatehouseTLS

// The few fields of messages that a replay has to know without decoding, at the places where RFC 9846 §4 puts them.

extension Trace {
    /// The first message of this kind from this side.
    func message(_ sender: Sender, _ kind: MessageKind) -> Message? {
        messages.first { $0.sender == sender && $0.kind == kind }
    }
}

extension Trace.Message {
    static let headerLength = 4
    private static let versionLength = 2
    private static let randomLength = 32

    /// The random of a HelloRetryRequest (§4.2.3).
    static let retryRandom = Hasher.hash(.sha256, Array("HelloRetryRequest".utf8).span)

    /// The body of the message.
    var body: ArraySlice<UInt8> { bytes.dropFirst(Self.headerLength) }

    /// The random of a hello.
    var random: [UInt8] {
        Array(body.dropFirst(Self.versionLength).prefix(Self.randomLength))
    }

    /// The suite that a ServerHello chose; `nil` when it is too short.
    var cipherSuite: CipherSuite? {
        let rest = body.dropFirst(Self.versionLength + Self.randomLength)
        guard let sessionIDLength = rest.first else { return nil }
        let suite = rest.dropFirst(1 + Int(sessionIDLength)).prefix(2)
        guard suite.count == 2 else { return nil }
        return CipherSuite(rawValue: suite.reduce(0) { $0 << 8 | UInt16($1) })
    }

    /// The first certificate of a Certificate message whose context is empty.
    var certificate: [UInt8] {
        let (contextLength, listLength, certificateLength) = (1, 3, 3)
        let rest = body.dropFirst(contextLength + listLength)
        let count = rest.prefix(certificateLength).reduce(0) { $0 << 8 | Int($1) }
        return Array(rest.dropFirst(certificateLength).prefix(count))
    }

    /// The signature of a CertificateVerify.
    var signature: [UInt8] {
        let (schemeLength, lengthLength) = (2, 2)
        return Array(body.dropFirst(schemeLength + lengthLength))
    }

    /// The nonce of a NewSessionTicket.
    var ticketNonce: [UInt8] {
        let (lifetimeLength, ageAddLength) = (4, 4)
        let rest = body.dropFirst(lifetimeLength + ageAddLength)
        return Array(rest.dropFirst().prefix(Int(rest.first ?? 0)))
    }

    /// A ClientHello with one binder, cut off before its list of binders (§4.3.11.2).
    func truncated(binderLength: Int) -> [UInt8] {
        let (listLengthLength, binderLengthLength) = (2, 1)
        return bytes.dropLast(listLengthLength + binderLengthLength + binderLength)
    }
}
