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
    private static let schemeLength = 2

    /// The random of a HelloRetryRequest (§4.2.3).
    static let retryRandom = Hasher.hash(.sha256, Array("HelloRetryRequest".utf8).span)

    /// The body of the message.
    var body: ArraySlice<UInt8> { bytes.dropFirst(Self.headerLength) }

    /// The random of a hello.
    var random: [UInt8] {
        Array(body.dropFirst(Self.versionLength).prefix(Self.randomLength))
    }

    /// A ServerHello behind its session ID.
    private var serverChoices: ArraySlice<UInt8> {
        let rest = body.dropFirst(Self.versionLength + Self.randomLength)
        return rest.dropFirst(1 + Int(rest.first ?? 0))
    }

    /// The suite that a ServerHello chose; `nil` when it is too short.
    var cipherSuite: CipherSuite? {
        let suite = serverChoices.prefix(2)
        guard suite.count == 2 else { return nil }
        return CipherSuite(rawValue: Self.number(suite))
    }

    /// The cookie of a HelloRetryRequest; `nil` when it has none.
    var cookie: [UInt8]? {
        let (suiteLength, compressionLength, typeLength, lengthLength) = (2, 1, 2, 2)
        let cookieType: UInt16 = 44
        var extensions = serverChoices.dropFirst(suiteLength + compressionLength + lengthLength)
        while extensions.count >= typeLength + lengthLength {
            let type = Self.number(extensions.prefix(typeLength))
            let rest = extensions.dropFirst(typeLength + lengthLength)
            let count = Int(Self.number(extensions.dropFirst(typeLength).prefix(lengthLength)))
            if type == cookieType { return Array(rest.prefix(count).dropFirst(lengthLength)) }
            extensions = rest.dropFirst(count)
        }
        return nil
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        bytes.reduce(0) { $0 << 8 | UInt16($1) }
    }

    /// The first certificate of a Certificate message whose context is empty.
    package var certificate: [UInt8] {
        let (contextLength, listLength, certificateLength) = (1, 3, 3)
        let rest = body.dropFirst(contextLength + listLength)
        let count = rest.prefix(certificateLength).reduce(0) { $0 << 8 | Int($1) }
        return Array(rest.dropFirst(certificateLength).prefix(count))
    }

    /// The scheme of a CertificateVerify.
    var signatureScheme: SignatureScheme {
        SignatureScheme(rawValue: Self.number(body.prefix(Self.schemeLength)))
    }

    /// The signature of a CertificateVerify.
    var signature: [UInt8] {
        let (schemeLength, lengthLength) = (Self.schemeLength, 2)
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
