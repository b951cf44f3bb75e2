import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("What a resumed handshake says, and what it may not")
struct ResumptionRulesTests {
    /// The records in `bytes`, header and all.
    static func records(_ bytes: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var position = 0
        while let header = RecordHeader(bytes.span, at: position) {
            let end = position + RecordHeader.length + header.bodyLength
            records.append(Array(bytes[position..<end]))
            position = end
        }
        return records
    }

    /// A loopback that has got as far as the second ClientHello, which has not been delivered.
    static func retried() throws -> Loopback {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        client.groups = [.x25519, .secp256r1]
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        server.groups = [.secp256r1]
        let loopback = try Loopback(client, server, session: session)
        var hello = loopback.toServer
        loopback.toServer = []
        try loopback.deliverToServer(&hello)
        var answer = loopback.toClient
        loopback.toClient = []
        try loopback.deliverToClient(&answer)
        return loopback
    }

    @Test("F-14 server_name is acknowledged in a full handshake and not in a resumed one")
    func serverName() throws {
        let (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        let full = try ResumptionTests.connect(client, server)
        #expect(full.serverSession?.serverName == "localhost")
        let resumed = try ResumptionTests.connect(client, server, full.sessions.first)
        #expect(resumed.isResumed == true && resumed.serverSession?.serverName == "localhost")
        let accepted = try Self.answer(client, server, full.sessions.last)
        #expect(!accepted.extensions.contains(.serverName))
        let unknown = try Self.answer(client, server, nil)
        #expect(unknown.extensions.contains(.serverName))
    }

    /// EncryptedExtensions, read with the client's own keys.
    static func answer(
        _ client: ClientConfiguration, _ server: ServerConfiguration, _ session: ClientSession?
    ) throws -> EncryptedExtensions {
        let loopback = try Loopback(client, server, session: session)
        var hello = loopback.toServer
        try loopback.deliverToServer(&hello)
        // The client takes the ServerHello, and then holds the key for the record behind the change_cipher_spec.
        let flight = records(loopback.toClient)
        var serverHello = flight[0] + flight[1]
        try loopback.deliverToClient(&serverHello)
        var record = flight[2]
        var position = 0
        var span = record.mutableSpan
        let content = try #require(
            try loopback.client.connection.core.reader.next(&span, at: &position, inMessage: false))
        loopback.client.connection.core.joiner.append(record.span.extracting(content.content))
        let message = try #require(try loopback.client.connection.core.joiner.next())
        return try message.decode(as: EncryptedExtensions.self)
    }

    @Test("F-09 all tickets go out in one record")
    func ticketsTogether() throws {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        client.ticketRequest = nil
        server.ticketCount = 4
        let loopback = try Loopback(client, server)
        var hello = loopback.toServer
        loopback.toServer = []
        try loopback.deliverToServer(&hello)
        var flight = loopback.toClient
        loopback.toClient = []
        try loopback.deliverToClient(&flight)
        var finished = loopback.toServer
        loopback.toServer = []
        try loopback.deliverToServer(&finished)
        #expect(Self.records(loopback.toClient).count == 1)
        try loopback.run()
        #expect(loopback.sessions.count == 4)
    }

    @Test("B-20 the session that was found is dropped after a HelloRetryRequest: missing_extension")
    func droppedKey() throws {
        try Self.expectFailure(.missingExtension(.preSharedKey), .missingExtension) { hello in
            hello.extensions.order.removeAll { $0 == .preSharedKey }
            hello.preSharedKeys = nil
        }
    }

    @Test("B-20 another key in place of the one that was found: illegal_parameter")
    func replacedKey() throws {
        try Self.expectFailure(.helloChanged(.preSharedKey), .illegalParameter) { hello in
            let identity = PSKIdentity(identity: [1, 2, 3], obfuscatedTicketAge: 0)
            hello.preSharedKeys?.identities = [identity]
        }
    }

    private static func expectFailure(
        _ reason: PeerMisbehaved, _ alert: AlertDescription, change: (inout ClientHello) -> Void
    ) throws {
        let loopback = try retried()
        let record = try #require(records(loopback.toServer).first { $0[0] == ContentType.handshake.rawValue })
        var hello = try ReceivedMessage(Array(record.dropFirst(RecordHeader.length))).decode(as: ClientHello.self)
        change(&hello)
        var changed: [UInt8] = []
        var writer = RecordWriter()
        try writer.write(.handshake, hello.encoded().span, to: &changed)
        let error = #expect(throws: TLSError.self) { try loopback.deliverToServer(&changed) }
        #expect(error == .peerMisbehaved(reason))
        #expect(error?.alert == alert)
    }

    @Test("F-11 the server answers early data before the client's Finished, and at no other time")
    func answeredEarly() throws {
        let (client, server) = try EarlyDataTests.configurations()
        let session = try EarlyDataTests.session(client, server)
        let loopback = try Loopback(client, server, session: session)
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try loopback.server.answerEarlyData([1].span, output: &loopback.toClient)
        }
        try loopback.client.sendEarlyData([1].span, output: &loopback.toServer)
        var flight = loopback.toServer
        loopback.toServer = []
        try loopback.deliverToServer(&flight)
        #expect(!loopback.server.isEstablished && loopback.serverEarlyData == [1])
        try loopback.server.answerEarlyData([2, 3].span, output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.isEstablished && loopback.clientReceived == [2, 3])
        #expect(throws: TLSError.misuse(.noEarlyData)) {
            try loopback.server.answerEarlyData([4].span, output: &loopback.toClient)
        }
    }

    @Test("B-23 certificates of a resumed session are judged again when the client wants it", arguments: [true, false])
    func judgedAgain(accepts: Bool) throws {
        var (client, server) = try ResumptionTests.configurations(.tickets(TicketKeys()))
        client.verification = .asksForVerdict
        client.verifiesResumedSessions = true
        let first = try Loopback(client, server)
        try first.run()
        try first.client.resume(with: .accept, output: &first.toServer)
        try first.run()
        let session = try #require(first.sessions.first)

        let second = try Loopback(client, server, session: session)
        try second.run()
        let asked = second.clientEvents.contains { if case .needs(.peerVerdict) = $0 { true } else { false } }
        #expect(asked && !second.client.isEstablished && second.isResumed == true)
        guard accepts else {
            #expect(throws: TLSError.refused(.certificateUnknown)) {
                try second.client.resume(with: .reject(.certificateUnknown), output: &second.toServer)
            }
            #expect(throws: TLSError.alertReceived(Alert(.certificateUnknown))) { try second.run() }
            return
        }
        try second.client.resume(with: .acceptDespiteProblems, output: &second.toServer)
        try second.run()
        #expect(second.isEstablished && second.clientSession?.isPeerVerified == false)
        // What is accepted in spite of problems is not resumed again.
        #expect(second.sessions.isEmpty)
    }

    @Test("F-06 the server accepts the schemes of its policy only, and tells which one was used")
    func clientSchemes() throws {
        var (client, server) = try ClientCertificateTests.configurations(ClientCertificatePolicy.required)
        client.credentials = [try TestCredentials.server(.p256), try TestCredentials.server(.ed25519)]
        server.clientAuthentication.signatureSchemes = [.ed25519]
        let loopback = try Loopback(client, server)
        try loopback.run()
        #expect(loopback.serverSession?.peerSignatureScheme == .ed25519)
        #expect(loopback.clientSession?.peerSignatureScheme == .ecdsaSecp256r1SHA256)
    }
}
