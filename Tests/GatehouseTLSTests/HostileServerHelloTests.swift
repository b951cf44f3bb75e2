import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// One change to a good ServerHello or HelloRetryRequest and what the client makes of it.
struct ServerHelloRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: TLSError
    let alert: AlertDescription
    let change: @Sendable (inout ServerHello) -> Void

    init(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout ServerHello) -> Void
    ) {
        testDescription = name
        self.error = error
        self.alert = alert
        self.change = change
    }

    /// What is wrong in a ServerHello as in a HelloRetryRequest.
    static let common: [ServerHelloRow] = [
        ServerHelloRow("B-45 legacy_version of TLS 1.1", .peerMisbehaved(.wrongLegacyVersion), .protocolVersion) {
            $0.legacyVersion = ProtocolVersion(rawValue: 0x0302)
        },
        ServerHelloRow("B-45 legacy_version of TLS 1.3", .peerMisbehaved(.wrongLegacyVersion), .protocolVersion) {
            $0.legacyVersion = .tls13
        },
        ServerHelloRow("B-45 another session id", .peerMisbehaved(.sessionIDNotEchoed), .illegalParameter) {
            $0.legacySessionIDEcho[0] ^= 1
        },
        ServerHelloRow("B-45 no session id", .peerMisbehaved(.sessionIDNotEchoed), .illegalParameter) {
            $0.legacySessionIDEcho = []
        },
        ServerHelloRow("B-45 a session id of 33 bytes", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.legacySessionIDEcho.append(0)
        },
        ServerHelloRow("B-45 compression", .peerMisbehaved(.compressionOffered), .illegalParameter) {
            $0.legacyCompressionMethod = 1
        },
        ServerHelloRow("an unknown cipher suite", .peerMisbehaved(.cipherSuiteNotOffered), .illegalParameter) {
            $0.cipherSuite = CipherSuite(rawValue: 0x1304)
        },
        ServerHelloRow("a suite that was not offered", .peerMisbehaved(.cipherSuiteNotOffered), .illegalParameter) {
            $0.cipherSuite = .chacha20Poly1305SHA256
        },
        ServerHelloRow("B-14 no supported_versions", .peerIncompatible(.noCommonVersion), .protocolVersion) {
            $0.remove(.supportedVersions)
        },
        ServerHelloRow("no extensions at all", .peerIncompatible(.noCommonVersion), .protocolVersion) {
            $0.extensions.order = []
        },
        ServerHelloRow("supported_versions of TLS 1.2", .peerMisbehaved(.versionNotOffered), .illegalParameter) {
            $0.selectedVersion = .tls12
        },
        ServerHelloRow("supported_versions of a draft", .peerMisbehaved(.versionNotOffered), .illegalParameter) {
            $0.selectedVersion = ProtocolVersion(rawValue: 0x7F1C)
        },
        ServerHelloRow("B-41 an unknown extension", .unsolicited(.unknown), .unsupportedExtension) {
            $0.extensions.append(.unknown, [])
        },
        ServerHelloRow("B-41 ALPN", .misplaced(.applicationLayerProtocolNegotiation), .illegalParameter) {
            $0.extensions.append(.applicationLayerProtocolNegotiation, [0, 3, 2, 0x68, 0x32])
        },
        ServerHelloRow("B-41 supported_groups", .misplaced(.supportedGroups), .illegalParameter) {
            $0.extensions.append(.supportedGroups, [0, 2, 0, 0x1D])
        },
        ServerHelloRow(
            "B-41 supported_versions twice", .peerMisbehaved(.duplicateExtension(.supportedVersions)),
            .illegalParameter
        ) { $0.extensions.order.append(.supportedVersions) },
        ServerHelloRow("B-41 a version of three bytes", .invalidMessage(.trailingBytes), .decodeError) {
            $0.extensions.unrecognized[.supportedVersions] = [3, 4, 0]
        },
        ServerHelloRow("B-41 a version of one byte", .invalidMessage(.truncated), .decodeError) {
            $0.extensions.unrecognized[.supportedVersions] = [3]
        },
    ]
}

@Suite("A ServerHello with one thing wrong")
struct HostileServerHelloTests {
    static let sentinel = Array("DOWNGRD".utf8)

    static let rows: [ServerHelloRow] =
        ServerHelloRow.common + [
            ServerHelloRow("the sentinel of TLS 1.2", .peerMisbehaved(.downgrade), .illegalParameter) {
                $0.remove(.supportedVersions)
                $0.random.replaceSubrange(24..., with: sentinel + [1])
            },
            ServerHelloRow("the sentinel of TLS 1.1", .peerMisbehaved(.downgrade), .illegalParameter) {
                $0.remove(.supportedVersions)
                $0.legacyVersion = ProtocolVersion(rawValue: 0x0302)
                $0.random.replaceSubrange(24..., with: sentinel + [0])
            },
            ServerHelloRow("B-42 no key_share", .peerMisbehaved(.missingExtension(.keyShare)), .missingExtension) {
                $0.remove(.keyShare)
            },
            ServerHelloRow(
                "a share of a group without ours", .peerMisbehaved(.keyShareForUnofferedGroup), .illegalParameter
            ) { $0.keyShare = .share(KeyShareEntry(group: .secp256r1, keyExchange: [UInt8](repeating: 4, count: 65))) },
            ServerHelloRow(
                "a share of an unknown group", .peerMisbehaved(.keyShareForUnofferedGroup), .illegalParameter
            ) { $0.keyShare = .share(KeyShareEntry(group: NamedGroup(rawValue: 0x0A0A), keyExchange: [0])) },
            ServerHelloRow("a short share", .peerMisbehaved(.invalidKeyShare), .illegalParameter) {
                $0.keyShare = .share(KeyShareEntry(group: .x25519, keyExchange: [1, 2, 3]))
            },
            ServerHelloRow("a share that gives zero", .peerMisbehaved(.invalidKeyShare), .illegalParameter) {
                $0.keyShare = .share(KeyShareEntry(group: .x25519, keyExchange: [UInt8](repeating: 0, count: 32)))
            },
            ServerHelloRow("an empty share", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
                $0.keyShare = .share(KeyShareEntry(group: .x25519, keyExchange: []))
            },
            ServerHelloRow("a key_share as in a retry", .invalidMessage(.truncated), .decodeError) {
                $0.keyShare = .selectedGroup(.x25519)
            },
            ServerHelloRow("B-41 pre_shared_key unasked", .unsolicited(.preSharedKey), .unsupportedExtension) {
                $0.extensions.append(.preSharedKey, [0, 0])
            },
            ServerHelloRow("B-41 a cookie", .misplaced(.cookie), .illegalParameter) {
                $0.extensions.append(.cookie, [0, 1, 1])
            },
            ServerHelloRow("B-41 early_data", .misplaced(.earlyData), .illegalParameter) {
                $0.extensions.append(.earlyData, [])
            },
        ]

    @Test("One change to a good ServerHello", arguments: rows)
    func oneChange(row: ServerHelloRow) throws {
        let (client, server) = try ClientStage.serverHello.start {
            $0.cipherSuites = [.aes128GCMSHA256, .aes256GCMSHA384]
        }
        server.change(ServerHello.self, row.change)
        try expectFailure(of: client, server, receiving: try server.flight(), row.error, row.alert)
    }

    @Test("B-31 bytes behind the ServerHello in its record")
    func trailingBytes() throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.replace(.serverHello) { [.message($0), .message([8])] }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.messageAcrossKeyChange),
            .unexpectedMessage)
    }

    @Test("B-40 a ServerHello that does not keep what the HelloRetryRequest chose")
    func suiteNotKept() throws {
        let (client, server) = try ClientStage.secondServerHello.start()
        server.change(ServerHello.self) { $0.cipherSuite = .aes256GCMSHA384 }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.retryNotKept), .illegalParameter)
    }

    @Test("B-40 a ServerHello with a share of another group than the HelloRetryRequest asked for")
    func groupNotKept() throws {
        let (client, server) = try ClientStage.secondServerHello.start()
        server.change(ServerHello.self) {
            $0.keyShare = .share(KeyShareEntry(group: .x25519, keyExchange: [UInt8](repeating: 9, count: 32)))
        }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.keyShareForUnofferedGroup),
            .illegalParameter)
    }
}

extension TLSError {
    static func unsolicited(_ type: ExtensionType) -> TLSError { .peerMisbehaved(.unsolicitedExtension(type)) }
    static func misplaced(_ type: ExtensionType) -> TLSError { .peerMisbehaved(.misplacedExtension(type)) }
    static func unexpected(_ type: HandshakeType) -> TLSError { .peerMisbehaved(.unexpectedMessage(type)) }
}

extension ServerHello {
    mutating func remove(_ type: ExtensionType) {
        extensions.order.removeAll { $0 == type }
    }
}
