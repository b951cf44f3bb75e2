import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// One change to the server's flight and what the client makes of it.
struct ServerFlightRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: TLSError
    let alert: AlertDescription
    let change: @Sendable (ScriptedServer) -> Void

    init(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (ScriptedServer) -> Void
    ) {
        testDescription = name
        self.error = error
        self.alert = alert
        self.change = change
    }

    static func extensions(
        _ name: String, _ error: TLSError, _ alert: AlertDescription, _ type: ExtensionType, _ body: [UInt8]
    ) -> ServerFlightRow {
        ServerFlightRow("EncryptedExtensions: \(name)", error, alert) {
            $0.encryptedExtensions.extensions.append(type, body)
        }
    }

    static func entry(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout CertificateMessage) -> Void
    ) -> ServerFlightRow {
        ServerFlightRow("Certificate: \(name)", error, alert) { $0.change(CertificateMessage.self, change) }
    }

    static func verify(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout CertificateVerify) -> Void
    ) -> ServerFlightRow {
        ServerFlightRow("CertificateVerify: \(name)", error, alert) { $0.change(CertificateVerify.self, change) }
    }

    static func finished(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout Finished) -> Void
    ) -> ServerFlightRow {
        ServerFlightRow("Finished: \(name)", error, alert) { $0.change(Finished.self, change) }
    }

    /// A CertificateRequest before the Certificate.
    static func request(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout CertificateRequest) -> Void
    ) -> ServerFlightRow {
        ServerFlightRow("CertificateRequest: \(name)", error, alert) { server in
            var request = CertificateRequest(context: [])
            request.extensions.order = [.signatureAlgorithms]
            request.signatureAlgorithms = [.ed25519]
            change(&request)
            let bytes = request.encoded()
            server.replace(.certificate) { [.message(bytes), .message($0)] }
        }
    }
}

@Suite("A server's flight with one thing wrong")
struct HostileServerFlightTests {
    static let alpn = ExtensionType.applicationLayerProtocolNegotiation

    static let encryptedExtensions: [ServerFlightRow] = [
        .extensions("B-41 an unknown extension", .unsolicited(.unknown), .unsupportedExtension, .unknown, []),
        .extensions("B-41 early_data unasked", .unsolicited(.earlyData), .unsupportedExtension, .earlyData, []),
        .extensions("B-41 key_share", .misplaced(.keyShare), .illegalParameter, .keyShare, [0, 0x1D, 0, 1, 1]),
        .extensions(
            "B-41 supported_versions", .misplaced(.supportedVersions), .illegalParameter, .supportedVersions, [3, 4]),
        .extensions(
            "B-41 signature_algorithms", .misplaced(.signatureAlgorithms), .illegalParameter, .signatureAlgorithms,
            [0, 2, 4, 3]),
        .extensions("server_name with a name", .invalidMessage(.trailingBytes), .decodeError, .serverName, [0]),
        .extensions("F-13 ALPN: no name", .invalidMessage(.vectorLengthOutOfBounds), .decodeError, alpn, [0, 0]),
        .extensions(
            "F-13 ALPN: an empty name", .invalidMessage(.vectorLengthOutOfBounds), .decodeError, alpn, [0, 2, 0, 0]),
        .extensions(
            "F-13 ALPN: two names", .invalidMessage(.trailingBytes), .decodeError, alpn,
            [0, 6, 2, 0x68, 0x32, 2, 0x68, 0x32]),
        .extensions(
            "F-13 ALPN: a name that was not offered", .peerMisbehaved(.applicationProtocolNotOffered),
            .illegalParameter,
            alpn, [0, 3, 2, 0x68, 0x33]),
        .extensions(
            "F-13 ALPN: trailing bytes", .invalidMessage(.trailingBytes), .decodeError, alpn, [0, 3, 2, 0x68, 0x32, 0]),
        .extensions(
            "F-14 record_size_limit of 63", .peerMisbehaved(.recordSizeLimitTooSmall), .illegalParameter,
            .recordSizeLimit,
            [0, 63]),
        .extensions(
            "record_size_limit of one byte", .invalidMessage(.truncated), .decodeError, .recordSizeLimit, [64]),
        .extensions(
            "supported_groups of an odd length", .invalidMessage(.vectorLengthOutOfBounds), .decodeError,
            .supportedGroups, [0, 3, 0, 0x1D, 0]),
        ServerFlightRow(
            "EncryptedExtensions: B-41 an extension twice", .peerMisbehaved(.duplicateExtension(.serverName)),
            .illegalParameter
        ) { $0.encryptedExtensions.extensions.order = [.serverName, .serverName] },
    ]

    static let certificate: [ServerFlightRow] = [
        .entry("a context", .peerMisbehaved(.wrongCertificateRequestContext), .illegalParameter) { $0.context = [1] },
        .entry("B-17 no certificate", .peerMisbehaved(.noCertificate), .decodeError) { $0.entries = [] },
        .entry("an empty entry", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) { $0.entries[0].data = [] },
        .entry("B-41 an OCSP response unasked", .unsolicited(.statusRequest), .unsupportedExtension) {
            $0.entries[0].extensions.append(.statusRequest, [1, 0, 0, 1, 0])
        },
        .entry("B-41 timestamps unasked", .unsolicited(.signedCertificateTimestamp), .unsupportedExtension) {
            $0.entries[0].extensions.append(.signedCertificateTimestamp, [0, 3, 0, 1, 9])
        },
        .entry("B-41 an unknown extension", .unsolicited(.unknown), .unsupportedExtension) {
            $0.entries[0].extensions.append(.unknown, [])
        },
        .entry("B-41 key_share", .misplaced(.keyShare), .illegalParameter) {
            $0.entries[0].extensions.append(.keyShare, [])
        },
        .entry(
            "B-41 an extension twice", .peerMisbehaved(.duplicateExtension(.unknown)), .illegalParameter
        ) {
            $0.entries[0].extensions.append(.unknown, [])
            $0.entries[0].extensions.append(.unknown, [])
        },
        .entry("an OCSP response of length zero", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.entries[0].extensions.append(.statusRequest, [1, 0, 0, 0])
        },
    ]

    static let certificateRequest: [ServerFlightRow] = [
        .request("a context", .peerMisbehaved(.wrongCertificateRequestContext), .illegalParameter) {
            $0.context = [1]
        },
        .request(
            "no signature_algorithms", .peerMisbehaved(.missingExtension(.signatureAlgorithms)), .missingExtension
        ) { $0.extensions.order = [] },
        .request("B-43 no signature scheme", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.signatureAlgorithms = []
        },
        .request("B-41 key_share", .misplaced(.keyShare), .illegalParameter) { $0.extensions.append(.keyShare, []) },
        .request("B-41 server_name that is no list", .invalidMessage(.truncated), .decodeError) {
            $0.extensions.append(.serverName, [0, 3, 0, 0, 1])
        },
        .request(
            "B-41 an extension twice", .peerMisbehaved(.duplicateExtension(.signatureAlgorithms)), .illegalParameter
        ) { $0.extensions.order.append(.signatureAlgorithms) },
        ServerFlightRow("CertificateRequest: twice", .unexpected(.certificateRequest), .unexpectedMessage) { server in
            var request = CertificateRequest(context: [])
            request.extensions.order = [.signatureAlgorithms]
            request.signatureAlgorithms = [.ed25519]
            let bytes = request.encoded()
            server.replace(.certificate) { [.message(bytes), .message(bytes), .message($0)] }
        },
    ]

    static let certificateVerify: [ServerFlightRow] = [
        .verify("B-27 a scheme of certificates only", .peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter) {
            $0.algorithm = .rsaPKCS1SHA256
        },
        .verify("B-27 an unknown scheme", .peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter) {
            $0.algorithm = SignatureScheme(rawValue: 0x0A0A)
        },
        .verify("B-27 another curve", .peerMisbehaved(.signatureSchemeUnfitForKey), .illegalParameter) {
            $0.algorithm = .ecdsaSecp384r1SHA384
        },
        .verify("B-27 another kind of key", .peerMisbehaved(.signatureSchemeUnfitForKey), .illegalParameter) {
            $0.algorithm = .ed25519
        },
        .verify("one bit of the signature", .peerMisbehaved(.invalidSignature), .decryptError) {
            $0.signature[$0.signature.count - 1] ^= 1
        },
        .verify("no signature", .peerMisbehaved(.invalidSignature), .decryptError) { $0.signature = [] },
        .verify("a signature cut short", .peerMisbehaved(.invalidSignature), .decryptError) {
            $0.signature.removeLast()
        },
        .verify("a longer signature", .peerMisbehaved(.invalidSignature), .decryptError) { $0.signature.append(0) },
        .verify("a signature of 65535 bytes", .invalidMessage(.messageTooLarge), .illegalParameter) {
            $0.signature = [UInt8](repeating: 0x30, count: 65535)
        },
        .verify("a signature of 60000 bytes", .peerMisbehaved(.invalidSignature), .decryptError) {
            $0.signature = [UInt8](repeating: 0x30, count: 60000)
        },
    ]

    static let finished: [ServerFlightRow] = [
        .finished("one bit", .peerMisbehaved(.wrongFinished), .decryptError) { $0.verifyData[0] ^= 1 },
        .finished("zeros", .peerMisbehaved(.wrongFinished), .decryptError) {
            $0.verifyData = [UInt8](repeating: 0, count: 32)
        },
        .finished("empty", .peerMisbehaved(.wrongFinished), .decryptError) { $0.verifyData = [] },
        .finished("one byte less", .peerMisbehaved(.wrongFinished), .decryptError) { $0.verifyData.removeLast() },
        .finished("one byte more", .peerMisbehaved(.wrongFinished), .decryptError) { $0.verifyData.append(0) },
    ]

    @Test(
        "One change to a good flight",
        arguments: encryptedExtensions + certificate + certificateRequest + certificateVerify + finished)
    func oneChange(row: ServerFlightRow) throws {
        let (client, server) = try ClientStage.serverHello.start {
            $0.applicationProtocols = ["h2"]
            $0.recordSizeLimit = 16385
        }
        row.change(server)
        try expectFailure(of: client, server, receiving: try server.flight(), row.error, row.alert)
    }

    @Test(
        "A certificate that is no certificate",
        arguments: [[0x30], [0x30, 0x80, 0, 0], [UInt8](repeating: 0x30, count: 5000)])
    func malformedCertificate(der: [UInt8]) throws {
        let (client, server) = try ClientStage.serverHello.start()
        server.change(CertificateMessage.self) { $0.entries.append(CertificateMessage.Entry(data: der)) }
        var expected: TLSError?
        do throws(CertificateError) {
            _ = try Certificate(der: der)
        } catch {
            expected = .invalidMessage(.malformedCertificate(error))
        }
        try expectFailure(
            of: client, server, receiving: try server.flight(), try #require(expected), .badCertificate)
    }

    @Test("A certificate for another name, one of an unknown authority")
    func rejectedCertificates() throws {
        let other = try TestCredentials.server(.p256, names: ["example.org"])
        let (client, server) = try ClientStage.serverHello.start()
        server.credential = other
        let error = client.failure(receiving: try server.flight())
        guard case .certificate(let rejected) = error else {
            Issue.record("accepted, or failed with \(String(describing: error))")
            return
        }
        #expect(rejected.problems.first?.code == .hostNameMismatch)
        try server.receive(client.takeOutput())
        #expect(server.heard.alerts == [[2, AlertDescription.badCertificate.rawValue]])
    }

    @Test("B-18 the signature of another key than the certificate's")
    func foreignSignature() throws {
        let (client, server) = try ClientStage.serverHello.start()
        let other = try PrivateKey.generate(.p256)
        server.change(CertificateVerify.self) { verify in
            let content = [UInt8](repeating: 0x20, count: 98)
            verify.signature = (try? other.sign(content.span, scheme: .ecdsaSecp256r1SHA256)) ?? []
        }
        try expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.invalidSignature), .decryptError)
    }
}
