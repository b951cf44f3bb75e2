import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Raw public keys with one thing wrong")
struct HostileRawPublicKeyTests {
    /// A client that offers `types`, any key being good enough, and a server that chooses `chosen`.
    private static func expectFailure(
        _ error: TLSError, _ alert: AlertDescription, offering types: [CertificateType] = [.rawPublicKey],
        choosing chosen: [UInt8]? = [2], _ credential: Credential, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (ScriptedServer) throws -> Void = { _ in }
    ) throws {
        let (client, server) = try ClientStage.serverHello.start {
            $0.verification = .dangerouslyAcceptAnyCertificate
            $0.acceptedCertificateTypes = types
        }
        server.credential = credential
        if let chosen { server.encryptedExtensions.extensions.append(.serverCertificateType, chosen) }
        try change(server)
        try GatehouseTLSTests.expectFailure(
            of: client, server, receiving: try server.flight(), error, alert, sourceLocation: sourceLocation)
    }

    @Test("F-19 types that were not offered, or are no types")
    func types() throws {
        let (certificate, key) = (try TestCredentials.p256.get(), try RawPublicKeyTests.credential())
        try Self.expectFailure(
            .peerMisbehaved(.unsolicitedExtension(.serverCertificateType)), .unsupportedExtension, offering: [.x509],
            key)
        for chosen: UInt8 in [0, 1, 3, 255] {
            try Self.expectFailure(
                .peerMisbehaved(.certificateTypeNotOffered), .illegalParameter, choosing: [chosen], certificate)
        }
        try Self.expectFailure(
            .peerIncompatible(.noCommonCertificateType), .unsupportedCertificate, choosing: nil, certificate)
        try Self.expectFailure(.invalidMessage(.truncated), .decodeError, choosing: [], key)
        try Self.expectFailure(.invalidMessage(.trailingBytes), .decodeError, choosing: [2, 2], key)
        try Self.expectFailure(
            .peerMisbehaved(.unsolicitedExtension(.clientCertificateType)), .unsupportedExtension, key
        ) { $0.encryptedExtensions.extensions.append(.clientCertificateType, [2]) }
    }

    @Test("F-19 a type of client certificate that was not offered")
    func clientType() throws {
        let (client, server) = try ClientStage.serverHello.start { $0.offeredCertificateTypes = [.rawPublicKey] }
        server.encryptedExtensions.extensions.append(.clientCertificateType, [0])
        try GatehouseTLSTests.expectFailure(
            of: client, server, receiving: try server.flight(), .peerMisbehaved(.certificateTypeNotOffered),
            .illegalParameter)
    }

    @Test("F-19 something else than one key in the Certificate message")
    func certificateMessage() throws {
        let (certificate, key) = (try TestCredentials.p256.get(), try RawPublicKeyTests.credential())
        let shown = try #require(key.rawPublicKey)
        let rows: [(TLSError, AlertDescription, [[UInt8]])] = [
            (.peerMisbehaved(.noCertificate), .decodeError, []),
            (.peerMisbehaved(.severalRawPublicKeys), .illegalParameter, [shown.der, shown.der]),
            (.invalidMessage(.vectorLengthOutOfBounds), .decodeError, [[]]),
        ]
        for (error, alert, entries) in rows {
            try Self.expectFailure(error, alert, key) { server in
                server.change(CertificateMessage.self) {
                    $0.entries = entries.map { CertificateMessage.Entry(data: $0) }
                }
            }
        }
        for bytes in [certificate.chain[0].der, Array(shown.der.dropLast()), shown.der + [0], [0x30, 0]] {
            let (client, server) = try ClientStage.serverHello.start {
                $0.verification = .dangerouslyAcceptAnyCertificate
                $0.acceptedCertificateTypes = [.rawPublicKey]
            }
            server.credential = key
            server.encryptedExtensions.extensions.append(.serverCertificateType, [2])
            server.change(CertificateMessage.self) { $0.entries = [CertificateMessage.Entry(data: bytes)] }
            guard case .invalidMessage(.malformedRawPublicKey) = client.failure(receiving: try server.flight()) else {
                Issue.record("no malformed key: \(bytes.count) bytes")
                continue
            }
            try server.receive(client.takeOutput())
            #expect(server.heard.alerts == [[2, AlertDescription.decodeError.rawValue]])
        }
        // And a key where a certificate was agreed on: a certificate that is corrupt.
        let (client, server) = try ClientStage.serverHello.start()
        server.credential = key
        guard case .invalidMessage(.malformedCertificate) = client.failure(receiving: try server.flight()) else {
            Issue.record("a key passes for a certificate")
            return
        }
        try server.receive(client.takeOutput())
        #expect(server.heard.alerts == [[2, AlertDescription.badCertificate.rawValue]])
    }

    @Test("F-19 B-27 a key that cannot be used, a scheme that does not fit it, and a signature by another key")
    func signature() throws {
        let key = try RawPublicKeyTests.credential()
        let shown = try #require(key.rawPublicKey).der
        var offCurve = shown
        offCurve[offCurve.count - 1] ^= 1
        var unknownAlgorithm = shown
        unknownAlgorithm[12] ^= 0x40
        for bytes in [offCurve, unknownAlgorithm] {
            try Self.expectFailure(.invalidMessage(.unusableCertificateKey), .unsupportedCertificate, key) { server in
                server.change(CertificateMessage.self) { $0.entries = [CertificateMessage.Entry(data: bytes)] }
            }
        }
        try Self.expectFailure(.peerMisbehaved(.signatureSchemeUnfitForKey), .illegalParameter, key) { server in
            server.change(CertificateVerify.self) { $0.algorithm = .ecdsaSecp384r1SHA384 }
        }
        try Self.expectFailure(.peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter, key) { server in
            server.change(CertificateVerify.self) { $0.algorithm = .rsaPKCS1SHA256 }
        }
        let other = try #require(RawPublicKeyTests.credential().rawPublicKey).der
        try Self.expectFailure(.peerMisbehaved(.invalidSignature), .decryptError, key) { server in
            server.change(CertificateMessage.self) { $0.entries = [CertificateMessage.Entry(data: other)] }
        }
        // B-17: nothing proves that the server holds the key.
        try Self.expectFailure(.peerMisbehaved(.unexpectedMessage(.finished)), .unexpectedMessage, key) { server in
            server.replace(.certificateVerify) { _ in [] }
        }
    }

    @Test("F-19 lists of types in a ClientHello")
    func clientHello() throws {
        let rows: [(ExtensionType, [UInt8], TLSError, AlertDescription)] = [
            (.serverCertificateType, [1, 0], .invalidMessage(.illegalValue), .illegalParameter),
            (.clientCertificateType, [1, 0], .invalidMessage(.illegalValue), .illegalParameter),
            (.serverCertificateType, [0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
            (.clientCertificateType, [0], .invalidMessage(.vectorLengthOutOfBounds), .decodeError),
            (.clientCertificateType, [2, 2], .invalidMessage(.truncated), .decodeError),
            (.serverCertificateType, [1, 2, 0], .invalidMessage(.trailingBytes), .decodeError),
            (
                .serverCertificateType, [2, 1, 3], .peerIncompatible(.noCommonCertificateType),
                .unsupportedCertificate
            ),
        ]
        for (type, body, error, alert) in rows {
            let (server, _) = try ServerStage.clientHello.start()
            let client = try ScriptedClient { $0.extensions.append(type, body) }
            try GatehouseTLSTests.expectFailure(of: server, client, receiving: try client.helloRecords(), error, alert)
        }
        // Types that are not known are passed over, and nobody is asked who need not be.
        let (server, _) = try ServerStage.clientHello.start()
        let client = try ScriptedClient {
            $0.extensions.append(.serverCertificateType, [3, 7, 2, 0])
            $0.extensions.append(.clientCertificateType, [1, 7])
        }
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        let answer = try #require(client.heard.messages.first { $0.type == .encryptedExtensions })
            .decode(as: EncryptedExtensions.self)
        #expect(answer.serverCertificateType == .x509 && answer.clientCertificateType == nil)
    }
}
