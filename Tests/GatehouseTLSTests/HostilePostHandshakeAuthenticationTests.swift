import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-07 answers and requests with one thing wrong")
struct HostilePostHandshakeAuthenticationTests {
    /// A server that has sent `count` requests, and a client that has read them.
    private static func asked(
        _ count: Int = 1, _ policy: ClientCertificatePolicy? = nil
    ) throws -> (server: Subject<ServerConnection>, client: ScriptedClient, requests: [[UInt8]]) {
        let server = Subject(ServerConnection(try ServerStage.configuration(), now: TestCredentials.now))
        let client = try ScriptedClient { $0.extensions.append(.postHandshakeAuth, []) }
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        try server.receive(try client.finishedRecord())
        for _ in 0..<count {
            _ = try server.connection.requestClientCertificate(
                policy ?? PostHandshakeAuthenticationTests.policy(), output: &server.output)
        }
        try client.receive(server.takeOutput())
        let requests = client.heard.messages.filter { $0.type == .certificateRequest }.map(\.bytes)
        #expect(requests.count == count)
        return (server, client, requests)
    }

    private static func credential() throws -> Credential { try TestCredentials.server(.p256) }

    @Test("F-07 answers in another order than the requests, each once")
    func order() throws {
        let (server, client, requests) = try Self.asked(3)
        for request in requests.reversed() {
            let answer = try client.answer(request, Self.credential())
            try server.receive(try client.record(.handshake, answer.flatMap { $0 }))
            try server.receive(try client.record(.applicationData, [1]))
        }
        #expect(server.events.filter { $0.kind == "clientAuthenticated" }.count == 3 && server.received.count == 3)
    }

    @Test("F-07 a client that declines, in records of one byte")
    func declines() throws {
        let (server, client, requests) = try Self.asked()
        for byte in try client.answer(requests[0], nil).flatMap({ $0 }) {
            try server.receive(try client.record(.handshake, [byte]))
        }
        #expect(server.events.last?.kind == "clientDeclined")
    }

    @Test("F-07 an answer to nothing, to another request, or twice")
    func context() throws {
        let credential = try Self.credential()
        for isOutstanding in [false, true] {
            let (server, client, requests) = try Self.asked(isOutstanding ? 2 : 1)
            let answer = try client.answer(requests[0], credential).flatMap { $0 }
            try server.receive(try client.record(.handshake, answer))
            try expectFailure(
                of: server, client, receiving: try client.record(.handshake, answer),
                .peerMisbehaved(isOutstanding ? .wrongCertificateRequestContext : .unexpectedMessage(.certificate)),
                isOutstanding ? .illegalParameter : .unexpectedMessage)
        }
        for context in [[], [1], [UInt8](repeating: 0, count: 32)] {
            let (server, client, requests) = try Self.asked()
            let answer = try client.answer(requests[0], credential, context: context).flatMap { $0 }
            try expectFailure(
                of: server, client, receiving: try client.record(.handshake, answer),
                .peerMisbehaved(.wrongCertificateRequestContext), .illegalParameter)
        }
        // Nobody was asked.
        let (server, client) = try ServerStage.connected.start()
        let message = CertificateMessage(context: [], entries: []).encoded()
        try expectFailure(
            of: server, client, receiving: try client.record(.handshake, message),
            .peerMisbehaved(.unexpectedMessage(.certificate)), .unexpectedMessage)
        for type: HandshakeType in [.certificateVerify, .finished, .clientHello, .endOfEarlyData] {
            let (server, client, _) = try Self.asked()
            try expectFailure(
                of: server, client, receiving: try client.record(.handshake, type.rawValue.with24BitLength([])),
                .peerMisbehaved(.unexpectedMessage(type)), .unexpectedMessage)
        }
    }

    @Test("F-07 something between the messages of an answer")
    func interruption() throws {
        let credential = try Self.credential()
        for whole in [1, 2] {
            let rows: [(ContentType, [UInt8], PeerMisbehaved)] = [
                (.applicationData, [1], .unexpectedApplicationData),
                (
                    .handshake, KeyUpdate(request: .updateNotRequested).encoded(), .unexpectedMessage(.keyUpdate)
                ),
                (
                    .handshake, CertificateMessage(context: [], entries: []).encoded(),
                    .unexpectedMessage(.certificate)
                ),
            ]
            for (type, content, error) in rows {
                let (server, client, requests) = try Self.asked(2)
                let answer = try client.answer(requests[0], credential).prefix(whole).flatMap { $0 }
                let bytes = try client.record(.handshake, answer) + client.record(type, content)
                try expectFailure(of: server, client, receiving: bytes, .peerMisbehaved(error), .unexpectedMessage)
            }
        }
        // And between the parts of one message.
        let (server, client, requests) = try Self.asked()
        let half = Array(try client.answer(requests[0], credential)[0].dropLast())
        let bytes = try client.record(.handshake, half) + client.record(.applicationData, [1])
        try expectFailure(
            of: server, client, receiving: bytes, .peerMisbehaved(.interleavedRecord), .unexpectedMessage)
    }

    @Test("F-07 B-17 B-27 proofs that are missing or wrong")
    func proofs() throws {
        let credential = try Self.credential()
        let rows: [(TLSError, AlertDescription, ([[UInt8]]) -> [[UInt8]])] = [
            (.peerMisbehaved(.unexpectedMessage(.finished)), .unexpectedMessage, { [$0[0], $0[2]] }),
            (
                .peerMisbehaved(.invalidSignature), .decryptError,
                { messages in
                    var messages = messages
                    messages[1][messages[1].count - 1] ^= 1
                    return messages
                }
            ),
            (
                .peerMisbehaved(.wrongFinished), .decryptError,
                { messages in
                    var messages = messages
                    messages[2][messages[2].count - 1] ^= 1
                    return messages
                }
            ),
            (
                .peerMisbehaved(.signatureSchemeNotOffered), .illegalParameter,
                { messages in
                    var messages = messages
                    messages[1][4] = 0x04
                    messages[1][5] = 0x01
                    return messages
                }
            ),
        ]
        for (error, alert, change) in rows {
            let (server, client, requests) = try Self.asked()
            let answer = change(try client.answer(requests[0], credential)).flatMap { $0 }
            try expectFailure(
                of: server, client, receiving: try client.record(.handshake, answer), error, alert)
            #expect(server.connection.session?.peerCertificates.isEmpty == true)
        }
        // The signature of one request is none of another one.
        let (server, client, requests) = try Self.asked(2)
        let context = try ReceivedMessage(requests[1]).decode(as: CertificateRequest.self).context
        let answer = try client.answer(requests[0], credential, context: context).flatMap { $0 }
        try expectFailure(
            of: server, client, receiving: try client.record(.handshake, answer),
            .peerMisbehaved(.invalidSignature), .decryptError)
    }

    @Test("F-07 a certificate that does not pass")
    func certificate() throws {
        let (server, client, requests) = try Self.asked(1, .optional(.trustStore(.empty)))
        let answer = try client.answer(requests[0], Self.credential()).flatMap { $0 }
        guard case .certificate = server.failure(receiving: try client.record(.handshake, answer)) else {
            Issue.record("the certificate passes")
            return
        }
        try client.receive(server.takeOutput())
        #expect(client.heard.alerts == [[2, AlertDescription.unknownCA.rawValue]])
        #expect(server.connection.session?.peerCertificates.isEmpty == true)
    }

    private static func request(_ context: [UInt8] = [1]) -> CertificateRequest {
        var request = CertificateRequest(context: context)
        request.extensions.order = [.signatureAlgorithms]
        request.signatureAlgorithms = [.ecdsaSecp256r1SHA256]
        return request
    }

    @Test("F-07 a request to a client that has not offered it, or without signature algorithms")
    func requests() throws {
        let (client, server) = try ClientStage.connected.start()
        try expectFailure(
            of: client, server, receiving: try server.record(.handshake, Self.request().encoded()),
            .peerMisbehaved(.unexpectedMessage(.certificateRequest)), .unexpectedMessage)
        var incomplete = Self.request()
        incomplete.extensions.order = []
        let (other, otherServer) = try ClientStage.connected.start { $0.offersPostHandshakeAuthentication = true }
        try expectFailure(
            of: other, otherServer, receiving: try otherServer.record(.handshake, incomplete.encoded()),
            .peerMisbehaved(.missingExtension(.signatureAlgorithms)), .missingExtension)
    }

    @Test("F-07 more requests than a client answers without data between")
    func manyRequests() throws {
        let (client, server) = try ClientStage.connected.start { $0.offersPostHandshakeAuthentication = true }
        for index: UInt8 in 0..<32 {
            try client.receive(try server.record(.handshake, Self.request([index]).encoded()))
        }
        #expect(client.events.filter { $0.kind == "certificateRequestAnswered" }.count == 32)
        _ = client.takeOutput()
        #expect(
            client.failure(receiving: try server.record(.handshake, Self.request([32]).encoded()))
                == .peerMisbehaved(.tooManyPostHandshakeMessages))
    }
}
