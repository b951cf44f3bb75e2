import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// What a client says in the place of Certificate, CertificateVerify and Finished, and what the server makes of it.
struct ClientFlightRow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: TLSError
    let alert: AlertDescription
    /// The messages, given the good ones in their order.
    let flight: @Sendable (ScriptedClient) throws -> [UInt8]

    init(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ flight: @escaping @Sendable (ScriptedClient) throws -> [UInt8]
    ) {
        testDescription = name
        self.error = error
        self.alert = alert
        self.flight = flight
    }

    static func certificate(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout CertificateMessage) -> Void
    ) -> ClientFlightRow {
        ClientFlightRow("Certificate: \(name)", error, alert) { client in
            var message = try client.certificate()
            change(&message)
            return try client.say(message.encoded())
        }
    }

    static func verify(
        _ name: String, _ error: TLSError, _ alert: AlertDescription,
        _ change: @escaping @Sendable (inout CertificateVerify) -> Void
    ) -> ClientFlightRow {
        ClientFlightRow("CertificateVerify: \(name)", error, alert) { client in
            let certificate = try client.say(client.certificate().encoded())
            var message = try client.certificateVerify()
            change(&message)
            return try certificate + client.say(message.encoded())
        }
    }
}

@Suite("A client's flight with one thing wrong")
struct HostileClientCertificateTests {
    static let certificate: [ClientFlightRow] = [
        .certificate("a context", .peerMisbehaved(.wrongCertificateRequestContext), .illegalParameter) {
            $0.context = [1]
        },
        .certificate("B-16 none", .peerIncompatible(.clientCertificateRequired), .certificateRequired) {
            $0.entries = []
        },
        .certificate("an empty entry", .invalidMessage(.vectorLengthOutOfBounds), .decodeError) {
            $0.entries[0].data = []
        },
        .certificate("B-41 an OCSP response unasked", .unsolicited(.statusRequest), .unsupportedExtension) {
            $0.entries[0].extensions.append(.statusRequest, [1, 0, 0, 1, 0])
        },
        .certificate("B-41 an unknown extension", .unsolicited(.unknown), .unsupportedExtension) {
            $0.entries[0].extensions.append(.unknown, [])
        },
        .certificate("B-41 key_share", .misplaced(.keyShare), .illegalParameter) {
            $0.entries[0].extensions.append(.keyShare, [])
        },
        .certificate("B-41 an extension twice", .peerMisbehaved(.duplicateExtension(.unknown)), .illegalParameter) {
            $0.entries[0].extensions.append(.unknown, [])
            $0.entries[0].extensions.append(.unknown, [])
        },
    ]

    static let certificateVerify: [ClientFlightRow] = [
        .verify("B-27 a scheme of certificates only", .peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter) {
            $0.algorithm = .rsaPKCS1SHA256
        },
        .verify("B-27 a scheme that was not offered", .peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter) {
            $0.algorithm = .ed448
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
        .verify("B-18 one bit of the signature", .peerMisbehaved(.invalidSignature), .decryptError) {
            $0.signature[$0.signature.count - 1] ^= 1
        },
        .verify("no signature", .peerMisbehaved(.invalidSignature), .decryptError) { $0.signature = [] },
        .verify("a longer signature", .peerMisbehaved(.invalidSignature), .decryptError) { $0.signature.append(0) },
        ClientFlightRow("B-18 the signature of a server", .peerMisbehaved(.invalidSignature), .decryptError) { client in
            let certificate = try client.say(client.certificate().encoded())
            return try certificate + client.say(client.certificateVerify(as: .server).encoded())
        },
    ]

    static let order: [ClientFlightRow] = [
        ClientFlightRow("B-17 no Certificate", .unexpected(.certificateVerify), .unexpectedMessage) {
            try $0.say($0.certificateVerify().encoded())
        },
        ClientFlightRow("B-17 neither, only Finished", .unexpected(.finished), .unexpectedMessage) {
            try $0.finishedRecord()
        },
        ClientFlightRow("B-17 no CertificateVerify", .unexpected(.finished), .unexpectedMessage) {
            try $0.say($0.certificate().encoded()) + $0.finishedRecord()
        },
        ClientFlightRow("B-17 Certificate twice", .unexpected(.certificate), .unexpectedMessage) {
            let message = try $0.certificate().encoded()
            return try $0.say(message) + $0.say(message)
        },
        ClientFlightRow("B-17 CertificateVerify twice", .unexpected(.certificateVerify), .unexpectedMessage) {
            let certificate = try $0.say($0.certificate().encoded())
            let message = try $0.certificateVerify().encoded()
            return try certificate + $0.say(message) + $0.say(message)
        },
        ClientFlightRow("B-17 a Finished that does not cover them", .peerMisbehaved(.wrongFinished), .decryptError) {
            let early = $0.finished
            let certificate = try $0.say($0.certificate().encoded())
            return try certificate + $0.say($0.certificateVerify().encoded()) + $0.record(.handshake, early)
        },
        ClientFlightRow("B-31 bytes behind Finished", .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage) {
            let certificate = try $0.say($0.certificate().encoded())
            let verify = try $0.say($0.certificateVerify().encoded())
            return try certificate + verify + $0.record(.handshake, $0.finished + [24])
        },
    ]

    private static func start(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> (server: Subject<ServerConnection>, client: ScriptedClient) {
        try ServerStage.clientCertificate.start {
            $0.clientAuthentication.signatureSchemes.removeAll { $0 == .ed448 }
            configure(&$0)
        }
    }

    @Test("One change to a good flight", arguments: certificate + certificateVerify + order)
    func oneChange(row: ClientFlightRow) throws {
        let (server, client) = try Self.start()
        try expectFailure(of: server, client, receiving: try row.flight(client), row.error, row.alert)
    }

    @Test("F-06 a good flight is accepted, and so is none where it may be left out")
    func good() throws {
        let (server, client) = try Self.start()
        try server.receive(try client.say(client.certificate().encoded()))
        try server.receive(try client.say(client.certificateVerify().encoded()))
        try server.receive(try client.finishedRecord())
        #expect(server.isEstablished && server.connection.session?.isPeerVerified == true)

        let store = try TestCredentials.trustStore()
        let (lenient, silent) = try Self.start { $0.clientAuthentication = .optional(.trustStore(store)) }
        try lenient.receive(try silent.say(CertificateMessage(context: [], entries: []).encoded()))
        try lenient.receive(try silent.finishedRecord())
        #expect(lenient.isEstablished && lenient.connection.session?.isPeerVerified == false)
    }

    @Test("B-17 every message of a client's flight cut at every length")
    func truncated() throws {
        let (_, sample) = try Self.start()
        for count in 0..<(try sample.certificate().encoded().count - 4) {
            let (server, client) = try Self.start()
            let message = TruncationTests.cut(try client.certificate().encoded(), to: count)
            try expectFailure(
                of: server, client, receiving: try client.say(message), .invalidMessage(.truncated), .decodeError)
        }
        for count in 0..<60 {
            let (server, client) = try Self.start()
            try server.receive(try client.say(client.certificate().encoded()))
            let message = TruncationTests.cut(try client.certificateVerify().encoded(), to: count)
            try expectFailure(
                of: server, client, receiving: try client.say(message), .invalidMessage(.truncated), .decodeError)
        }
    }

    @Test("F-06 what the server says of the certificate that it wants arrives as it was said")
    func request() throws {
        let authorities: [[UInt8]] = [[0x30, 0], [0x30, 2, 5, 0]]
        let (_, client) = try Self.start {
            $0.clientAuthentication.certificateAuthorities = authorities
            $0.clientAuthentication.oidFilters = [OIDFilter(oid: [6, 1, 42], values: [0x30, 0])]
        }
        let message = try #require(client.heard.messages.first { $0.type == .certificateRequest })
        let request = try message.decode(as: CertificateRequest.self)
        #expect(request.context.isEmpty && request.certificateAuthorities == authorities)
        #expect(request.signatureAlgorithms?.contains(.ed448) == false)
        #expect(request.signatureAlgorithmsCert?.contains(.rsaPKCS1SHA256) == true)
        #expect(request.oidFilters?.map(\.oid) == [[6, 1, 42]] && request.oidFilters?.map(\.values) == [[0x30, 0]])
    }
}
