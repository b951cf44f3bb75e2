import GatehouseCrypto

/// ServerHello and, told apart by its random, HelloRetryRequest (RFC 9846 §4.2.3 and §4.2.4).
struct ServerHello: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.serverHello

    /// The random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (§4.2.3).
    static let retryRandom: [UInt8] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ]

    /// What key_share holds: a share in a ServerHello, the group that is asked for in a HelloRetryRequest.
    enum KeyShare: Sendable, Equatable {
        case share(KeyShareEntry)
        case selectedGroup(NamedGroup)
    }

    var legacyVersion = ProtocolVersion.tls12
    var random: [UInt8]
    var legacySessionIDEcho: [UInt8]
    var cipherSuite: CipherSuite
    var legacyCompressionMethod: UInt8 = 0

    var extensions = ExtensionBlock()
    var selectedVersion: ProtocolVersion?
    var keyShare: KeyShare?
    var cookie: [UInt8]?
    var selectedIdentity: UInt16?

    var isRetryRequest: Bool { random == Self.retryRandom }

    init(random: [UInt8], legacySessionIDEcho: [UInt8], cipherSuite: CipherSuite) {
        self.random = random
        self.legacySessionIDEcho = legacySessionIDEcho
        self.cipherSuite = cipherSuite
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        legacyVersion = ProtocolVersion(rawValue: try body.readUInt16())
        random = try body.readBytes(ClientHello.randomLength)
        legacySessionIDEcho = try body.readOpaque(.legacySessionID)
        cipherSuite = CipherSuite(rawValue: try body.readUInt16())
        legacyCompressionMethod = try body.readUInt8()
        guard !body.isAtEnd else { return }
        let context = random == Self.retryRandom ? ExtensionContext.helloRetryRequest : .serverHello
        extensions = try body.readExtensions(in: context) { (type, body) throws(TLSError) in
            switch type {
            case .supportedVersions: self.selectedVersion = ProtocolVersion(rawValue: try body.readUInt16())
            case .keyShare where context == .helloRetryRequest:
                self.keyShare = .selectedGroup(NamedGroup(rawValue: try body.readUInt16()))
            case .keyShare: self.keyShare = .share(try body.readKeyShareEntry())
            case .cookie: self.cookie = try body.readOpaque(.cookie)
            case .preSharedKey: self.selectedIdentity = try body.readUInt16()
            default: break
            }
        }
    }

    func write(to body: inout ByteWriter) {
        body.write(legacyVersion)
        body.write(random)
        body.writeOpaque(.legacySessionID, legacySessionIDEcho)
        body.write(cipherSuite)
        body.write(legacyCompressionMethod)
        body.writeExtensions(extensions) { (type, body) in
            switch type {
            case .supportedVersions: body.write(selectedVersion ?? .tls13)
            case .keyShare:
                switch keyShare {
                case .share(let share): body.write(share)
                case .selectedGroup(let group): body.write(group)
                case nil: break
                }
            case .cookie: body.writeOpaque(.cookie, cookie ?? [])
            case .preSharedKey: body.write(selectedIdentity ?? 0)
            default: break
            }
        }
    }
}
