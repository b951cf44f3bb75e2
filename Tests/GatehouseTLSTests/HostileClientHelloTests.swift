import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// One change to a good ClientHello and what the server makes of it.
struct ClientHelloRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: TLSError
    let alert: AlertDescription
    let change: @Sendable (inout ClientHello) -> Void

    init(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout ClientHello) -> Void
    ) {
        testDescription = name
        self.error = error
        self.alert = alert
        self.change = change
    }
}

@Suite("A ClientHello with one thing wrong")
struct HostileClientHelloTests {
    static let share = KeyShareEntry(group: .x25519, keyExchange: [UInt8](repeating: 9, count: 32))

    static let rows: [ClientHelloRow] = [
        // B-14, B-45: versions
        ClientHelloRow("B-14 no supported_versions", .peerIncompatible(.noCommonVersion), .protocolVersion) {
            $0.remove(.supportedVersions)
        },
        ClientHelloRow("B-14 TLS 1.2 only", .peerIncompatible(.noCommonVersion), .protocolVersion) {
            $0.supportedVersions = [.tls12]
        },
        ClientHelloRow("B-45 a draft's version", .peerIncompatible(.noCommonVersion), .protocolVersion) {
            $0.supportedVersions = [ProtocolVersion(rawValue: 0x7F1C)]
        },
        ClientHelloRow("B-45 legacy_version of SSL 3.0", .peerIncompatible(.noCommonVersion), .protocolVersion) {
            $0.legacyVersion = ProtocolVersion(rawValue: 0x0300)
        },
        ClientHelloRow("B-45 empty supported_versions", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.supportedVersions = []
        },
        // B-45: compression
        ClientHelloRow("B-45 compression", .peerMisbehaved(.compressionOffered), .illegalParameter) {
            $0.legacyCompressionMethods = [1, 0]
        },
        ClientHelloRow("B-45 only DEFLATE", .peerMisbehaved(.compressionOffered), .illegalParameter) {
            $0.legacyCompressionMethods = [1]
        },
        ClientHelloRow("B-45 null compression twice", .peerMisbehaved(.compressionOffered), .illegalParameter) {
            $0.legacyCompressionMethods = [0, 0]
        },
        ClientHelloRow("B-45 no compression method", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.legacyCompressionMethods = []
        },
        ClientHelloRow("B-45 a session id of 33 bytes", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.legacySessionID = [UInt8](repeating: 1, count: 33)
        },
        // Cipher suites
        ClientHelloRow("no cipher suite", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.cipherSuites = []
        },
        ClientHelloRow("no known cipher suite", .peerIncompatible(.noCommonCipherSuite), .handshakeFailure) {
            $0.cipherSuites = [CipherSuite(rawValue: 0xC02F), CipherSuite(rawValue: 0x1304)]
        },
        // B-42: mandatory extensions
        ClientHelloRow(
            "B-42 no supported_groups", .peerMisbehaved(.missingExtension(.supportedGroups)), .missingExtension
        ) { $0.remove(.supportedGroups) },
        ClientHelloRow("B-42 no key_share", .peerMisbehaved(.missingExtension(.keyShare)), .missingExtension) {
            $0.remove(.keyShare)
        },
        ClientHelloRow(
            "B-42 neither", .peerMisbehaved(.missingExtension(.supportedGroups)), .missingExtension
        ) {
            $0.remove(.supportedGroups)
            $0.remove(.keyShare)
        },
        ClientHelloRow(
            "B-42 no signature_algorithms", .peerMisbehaved(.missingExtension(.signatureAlgorithms)), .missingExtension
        ) { $0.remove(.signatureAlgorithms) },
        ClientHelloRow("B-43 no signature scheme", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.signatureAlgorithms = []
        },
        ClientHelloRow(
            "B-27 no scheme for our key", .peerIncompatible(.noCommonSignatureScheme), .handshakeFailure
        ) { $0.signatureAlgorithms = [.ed25519, .rsaPSSRSAESHA256] },
        ClientHelloRow("B-43 no group", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.supportedGroups = []
        },
        ClientHelloRow("no common group", .peerIncompatible(.noCommonGroup), .handshakeFailure) {
            $0.supportedGroups = [NamedGroup(rawValue: 0x0100)]
            $0.keyShares = []
        },
        // B-10: key shares
        ClientHelloRow("B-10 two shares of one group", .peerMisbehaved(.duplicateKeyShare), .illegalParameter) {
            $0.keyShares = [share, share]
        },
        ClientHelloRow("B-10 two shares of an unknown group", .peerMisbehaved(.duplicateKeyShare), .illegalParameter) {
            let unknown = KeyShareEntry(group: NamedGroup(rawValue: 0x0A0A), keyExchange: [0])
            $0.keyShares = [unknown, share, unknown]
        },
        ClientHelloRow(
            "a share of a group that is not listed", .peerMisbehaved(.keyShareForUnlistedGroup), .illegalParameter
        ) { $0.keyShares = [share, KeyShareEntry(group: .secp256r1, keyExchange: [4])] },
        ClientHelloRow("an empty share", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.keyShares = [KeyShareEntry(group: .x25519, keyExchange: [])]
        },
        ClientHelloRow("a share of 31 bytes", .peerMisbehaved(.invalidKeyShare), .illegalParameter) {
            $0.keyShares = [KeyShareEntry(group: .x25519, keyExchange: [UInt8](repeating: 9, count: 31))]
        },
        ClientHelloRow("a share that gives zero", .peerMisbehaved(.invalidKeyShare), .illegalParameter) {
            $0.keyShares = [KeyShareEntry(group: .x25519, keyExchange: [UInt8](repeating: 0, count: 32))]
        },
        // B-41, B-44: extensions
        ClientHelloRow(
            "B-41 an extension twice", .peerMisbehaved(.duplicateExtension(.supportedVersions)), .illegalParameter
        ) { $0.extensions.order.append(.supportedVersions) },
        ClientHelloRow(
            "B-41 an unknown extension twice", .peerMisbehaved(.duplicateExtension(.unknown)), .illegalParameter
        ) {
            $0.extensions.order += [.unknown, .unknown]
            $0.extensions.unrecognized[.unknown] = [1]
        },
        ClientHelloRow(
            "B-41 oid_filters in a hello", .peerMisbehaved(.misplacedExtension(.oidFilters)), .illegalParameter
        ) { $0.append(.oidFilters, [0, 0]) },
        ClientHelloRow("an unsolicited cookie", .peerMisbehaved(.unsolicitedCookie), .illegalParameter) {
            $0.cookie = [1]
            $0.extensions.order.append(.cookie)
        },
        ClientHelloRow("an empty cookie", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.cookie = []
            $0.extensions.order.append(.cookie)
        },
        ClientHelloRow("B-44 pre_shared_key not last", .peerMisbehaved(.preSharedKeyNotLast), .illegalParameter) {
            $0.extensions.order.insert(.preSharedKey, at: 0)
            $0.preSharedKeys = OfferedPSKs(
                identities: [PSKIdentity(identity: [1], obfuscatedTicketAge: 0)],
                binders: [[UInt8](repeating: 0, count: 32)])
        },
        // RFC 8449
        ClientHelloRow(
            "record_size_limit of 63", .peerMisbehaved(.recordSizeLimitTooSmall), .illegalParameter
        ) {
            $0.recordSizeLimit = 63
            $0.extensions.order.append(.recordSizeLimit)
        },
        ClientHelloRow("record_size_limit of one byte", .invalidMessage(.truncated), .decodeError) {
            $0.append(.recordSizeLimit, [64])
        },
    ]

    @Test("One change to a good hello", arguments: rows)
    func oneChange(row: ClientHelloRow) throws {
        let (server, client) = try ServerStage.clientHello.start()
        row.change(&client.hello)
        client.helloBytes = client.hello.encoded()
        try expectFailure(of: server, client, receiving: try client.helloRecords(), row.error, row.alert)
    }

    /// Bodies of extensions and the alert that each gets.
    static let bodies: [(ExtensionType, [UInt8], TLSError, AlertDescription)] = [
        (.serverName, [], .invalidMessage(.truncated), .decodeError),
        (.serverName, [0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.serverName, [0, 3, 0, 0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.serverName, [0, 4, 0, 0, 2, 0x61], .invalidMessage(.truncated), .decodeError),
        (.serverName, [0, 8, 0, 0, 1, 0x61, 0, 0, 1, 0x62], .invalidMessage(.trailingBytes), .decodeError),
        (.serverName, [0, 4, 0, 0, 1, 0x61, 0], .invalidMessage(.trailingBytes), .decodeError),
        (.applicationLayerProtocolNegotiation, [0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.applicationLayerProtocolNegotiation, [0, 2, 0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (
            .applicationLayerProtocolNegotiation, [0, 3, 2, 0x68, 0x32, 0], .invalidMessage(.trailingBytes),
            .decodeError
        ),
        (.applicationLayerProtocolNegotiation, [0, 2, 2, 0x68], .invalidMessage(.truncated), .decodeError),
        (.statusRequest, [2, 0, 0, 0, 0], .invalidMessage(.illegalValue), .illegalParameter),
        (.statusRequest, [1, 0, 2, 0, 0, 0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.statusRequest, [1, 0, 0, 0], .invalidMessage(.truncated), .decodeError),
        (.signatureAlgorithmsCert, [0, 3, 4, 3, 8], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.certificateAuthorities, [0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.certificateAuthorities, [0, 3, 0, 0, 0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.pskKeyExchangeModes, [0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
        (.postHandshakeAuth, [0], .invalidMessage(.trailingBytes), .decodeError),
        (.earlyData, [0], .invalidMessage(.trailingBytes), .decodeError),
        (.signedCertificateTimestamp, [0], .invalidMessage(.trailingBytes), .decodeError),
        (.preSharedKey, [0, 0, 0, 33], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
    ]

    @Test("B-43 bodies of extensions that do not decode", arguments: bodies.indices)
    func body(index: Int) throws {
        let (type, body, error, alert) = Self.bodies[index]
        let (server, client) = try ServerStage.clientHello.start()
        client.hello.append(type, body)
        client.helloBytes = client.hello.encoded()
        try expectFailure(of: server, client, receiving: try client.helloRecords(), error, alert)
    }
}

extension ExtensionType {
    /// A type that nobody has defined.
    static let unknown = ExtensionType(rawValue: 0x7A7A)

    /// As many more of them as a ClientHello holds, nearly; they are written with an empty body.
    static let sixteenThousand = (0..<16_000).map { ExtensionType(rawValue: 0x8000 + $0) }
}

extension ClientHello {
    mutating func remove(_ type: ExtensionType) {
        extensions.order.removeAll { $0 == type }
    }

    /// Appends an extension with this body, whatever its type.
    mutating func append(_ type: ExtensionType, _ body: [UInt8]) {
        extensions.append(type, body)
    }
}

extension ExtensionBlock {
    mutating func append(_ type: ExtensionType, _ body: [UInt8]) {
        order.append(type)
        unrecognized[type] = body
    }
}
