import GatehouseCrypto

/// What the cookie of a HelloRetryRequest carries in place of state (RFC 9846 §4.3.2), sealed: the client can neither
/// read nor change it.
struct RetryCookie {
    /// The form of the encoding.
    private static let version: UInt8 = 1
    private static let nothingSelected = UInt8.max

    private let issuedAt: Int64
    private let firstHello: FirstClientHello
    /// Of the first hello, as the transcript takes it.
    private let hash: [UInt8]
    private let parameters: CipherSuiteParameters
    private let group: NamedGroup
    private let selected: Int?

    init(
        answering first: borrowing ClientHelloInProgress, _ parameters: CipherSuiteParameters, _ group: NamedGroup,
        selected: Int?, now: Int64
    ) {
        issuedAt = now
        firstHello = FirstClientHello(first.hello)
        hash = Hasher.hash(parameters.hash, first.message.bytes.span)
        self.parameters = parameters
        self.group = group
        self.selected = selected
    }

    func sealed(_ policy: StatelessRetry, _ peerAddress: [UInt8]) throws(TLSError) -> [UInt8] {
        var writer = ByteWriter(reserving: 512)
        writer.write(Self.version)
        writer.write(issuedAt)
        writer.write(parameters.suite)
        writer.write(group)
        writer.writeOpaque(.sessionShort, hash)
        writer.write(selected.map { UInt8(truncatingIfNeeded: $0) } ?? Self.nothingSelected)
        firstHello.write(to: &writer)
        return try RingSealing.cookie.seal(writer.bytes, policy.keys, context: peerAddress)
    }

    private init(decoding bytes: [UInt8]) throws(TLSError) {
        var reader = ByteReader(bytes.span)
        guard try reader.readUInt8() == Self.version else { throw .peerMisbehaved(.invalidCookie) }
        issuedAt = try reader.readInt64()
        guard let parameters = CipherSuiteParameters(CipherSuite(rawValue: try reader.readUInt16())) else {
            throw .peerMisbehaved(.invalidCookie)
        }
        self.parameters = parameters
        group = NamedGroup(rawValue: try reader.readUInt16())
        hash = try reader.readOpaque(.sessionShort)
        let selected = try reader.readUInt8()
        self.selected = selected == Self.nothingSelected ? nil : Int(selected)
        firstHello = try FirstClientHello(reading: &reader)
        try reader.finish()
    }

    /// What the cookie of a second hello says that the first one was answered with.
    static func open(
        _ cookie: [UInt8], in hello: ClientHello, _ policy: StatelessRetry, _ peerAddress: [UInt8], now: Int64
    ) throws(TLSError) -> HelloRetry {
        guard let bytes = RingSealing.cookie.open(cookie, policy.keys, context: peerAddress),
            let opened = try? RetryCookie(decoding: bytes),
            // By one clock a cookie cannot come from the future; by those of two servers it can.
            abs(now - opened.issuedAt) <= Int64(policy.lifetime)
        else { throw .peerMisbehaved(.invalidCookie) }
        let (parameters, group) = (opened.parameters, opened.group)
        // The session identifier is among what may not change: the first hello had the same.
        let request = HelloRetry.request(echoing: hello.legacySessionID, parameters, group, cookie: cookie)
        return HelloRetry(
            opened.firstHello, hash: opened.hash, parameters, group, selected: opened.selected, cookie: cookie,
            request: request)
    }
}

extension FirstClientHello {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.writeOpaque(.sessionShort, digest)
        writer.writeList(.extensionTypes, extensions)
        writer.writeVector(.identityDigests) { writer in
            for identity in identities { writer.writeOpaque(.sessionShort, identity) }
        }
        writer.write(UInt16(truncatingIfNeeded: identityCount))
    }

    fileprivate init(reading reader: inout ByteReader) throws(TLSError) {
        let digest = try reader.readOpaque(.sessionShort)
        let extensions = try reader.readList(.extensionTypes, of: ExtensionType.self)
        var list = try reader.readVector(.identityDigests)
        var identities: [[UInt8]] = []
        while !list.isAtEnd { identities.append(try list.readOpaque(.sessionShort)) }
        self.init(
            digest: digest, extensions: extensions, identities: identities,
            identityCount: Int(try reader.readUInt16()))
    }
}

extension VectorBounds {
    fileprivate static let extensionTypes = VectorBounds(0, 0xFFFE)
    fileprivate static let identityDigests = VectorBounds(0, 0xFFFF)
}
