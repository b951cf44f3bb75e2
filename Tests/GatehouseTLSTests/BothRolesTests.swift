import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// Features whose two sides are shown together.
@Suite("Features, in both roles")
struct BothRolesTests {
    @Test("F-05 each name gets its own chain, and an unknown one the first", arguments: [true, false])
    func names(known: Bool) throws {
        var (client, server) = try FullHandshakeTests.configurations()
        server.credentials = try ["first.example", "second.example", "third.example"].map {
            try TestCredentials.server(.p256, names: [$0])
        }
        client.verification = .asksForVerdict
        let names = known ? ["second.example", "THIRD.example", "first.example"] : ["fourth.example", "example"]
        let expected = known ? [1, 2, 0] : [0, 0]
        for (name, index) in zip(names, expected) {
            let loopback = try Loopback(client, server, serverName: name)
            try loopback.run()
            try loopback.client.resume(with: .accept, output: &loopback.toServer)
            try loopback.run()
            #expect(loopback.isEstablished)
            #expect(loopback.clientSession?.peerCertificates == server.credentials[index].chain)
            #expect(loopback.serverSession?.serverName == name.lowercased())
            #expect(loopback.clientSession?.serverName == name.lowercased())
        }
    }

    @Test("F-12 a request is not made again before the one before is answered")
    func outstandingRequest() throws {
        let loopback = try KeyUpdateTests.established()
        for _ in 0..<2 {
            try loopback.client.updateKeys(requestingPeers: true, output: &loopback.toServer)
            try loopback.run()
            #expect(loopback.serverOwesKeyUpdate)
            // While the server is silent, another request would only be said again.
            loopback.server.connection.core.owesKeyUpdate = false
            try loopback.client.updateKeys(requestingPeers: true, output: &loopback.toServer)
            try loopback.run()
            #expect(!loopback.serverOwesKeyUpdate)
            try loopback.server.updateKeys(requestingPeers: false, output: &loopback.toClient)
            try loopback.run()
        }
        try loopback.server.updateKeys(requestingPeers: true, output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.clientOwesKeyUpdate)
        try loopback.client.send([1].span, output: &loopback.toServer)
        try loopback.run()
        #expect(loopback.serverReceived == [1] && !loopback.clientOwesKeyUpdate)
    }

    @Test("F-12 a server, too, changes a worn-out key before the next record")
    func serverChangesByItself() throws {
        let loopback = try KeyUpdateTests.established()
        loopback.server.connection.core.writer.recordLimit = 3
        for byte in 0..<10 as Range<UInt8> {
            try loopback.server.send([byte].span, output: &loopback.toClient)
        }
        // Ten records of data, and a KeyUpdate before the fourth, the seventh and the tenth.
        #expect(ResumptionRulesTests.records(loopback.toClient).count == 13)
        try loopback.run()
        #expect(loopback.clientReceived == Array(0..<10))
    }

    @Test("F-12 the limit of GCM stands before 2^24.5 records; ChaCha20 has none", arguments: CipherSuite.supported)
    func limits(suite: CipherSuite) throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.cipherSuites = [suite]
        server.cipherSuites = [suite]
        let loopback = try Loopback(client, server)
        try loopback.run()
        let limits = (
            loopback.client.connection.core.writer.recordLimit, loopback.server.connection.core.writer.recordLimit
        )
        let expected: UInt64 = suite == .chacha20Poly1305SHA256 ? .max : 1 << 24
        #expect(limits == (expected, expected))
    }

    @Test("B-04 endless KeyUpdates, asking or not, from either side: unexpected_message", arguments: [true, false])
    func endlessKeyUpdates(requests: Bool) throws {
        let flooded = try KeyUpdateTests.established()
        for _ in 0..<Limits.postHandshakeMessages + 1 {
            try flooded.client.updateKeys(requestingPeers: requests, output: &flooded.toServer)
        }
        let error = TLSError.peerMisbehaved(.tooManyPostHandshakeMessages)
        #expect(throws: error) { try flooded.run() }
        var alert = flooded.toClient
        #expect(throws: TLSError.alertReceived(Alert(.unexpectedMessage))) { try flooded.deliverToClient(&alert) }

        let other = try KeyUpdateTests.established()
        for _ in 0..<Limits.postHandshakeMessages + 1 {
            try other.server.updateKeys(requestingPeers: requests, output: &other.toClient)
        }
        #expect(throws: error) { try other.run() }
        var answer = other.toServer
        #expect(throws: TLSError.alertReceived(Alert(.unexpectedMessage))) { try other.deliverToServer(&answer) }

        // With data between them there may be any number.
        let busy = try KeyUpdateTests.established()
        for _ in 0..<100 {
            try busy.client.updateKeys(requestingPeers: requests, output: &busy.toServer)
            try busy.client.send([1].span, output: &busy.toServer)
            try busy.run()
        }
        #expect(busy.serverReceived.count == 100)
    }

    @Test("F-13 the server's first protocol that the client offers; none when one of them wants none")
    func applicationProtocols() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        for (offered, supported, chosen) in [
            (["http/1.1", "h2"], ["h2", "http/1.1"], "h2"), (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
            ([], ["h2"], nil), (["h2"], [], nil),
        ] as [([String], [String], String?)] {
            client.applicationProtocols = offered
            server.applicationProtocols = supported
            try FullHandshakeTests.exchange(client, server) { #expect($0.applicationProtocol == chosen) }
        }
    }

    @Test("F-14 a client's own record_size_limit: a longer record is record_overflow")
    func recordSizeLimit() throws {
        let (client, server) = try ClientStage.serverHello.start { $0.recordSizeLimit = 1000 }
        server.encryptedExtensions.extensions.append(.recordSizeLimit, [0x40, 1])
        try client.receive(try server.flight())
        try server.receive(client.takeOutput())
        try client.receive(try server.record(.applicationData, [UInt8](repeating: 1, count: 999)))
        #expect(client.received.count == 999)
        try expectFailure(
            of: client, server, receiving: try server.record(.applicationData, [UInt8](repeating: 1, count: 1000)),
            .invalidMessage(.recordOverflow), .recordOverflow)
    }

    @Test("F-20 a client ignores what it does not know in CertificateRequest and NewSessionTicket")
    func unknownExtensions() throws {
        var request = CertificateRequest(context: [])
        request.extensions.order = [.signatureAlgorithms]
        request.signatureAlgorithms = [SignatureScheme(rawValue: 0x0A0A), .ed25519]
        request.extensions.append(ExtensionType(rawValue: 0x1A1A), [1, 2, 3])
        let (client, server) = try ClientStage.serverHello.start()
        server.certificateRequest = request
        try client.receive(try server.flight())
        #expect(client.isEstablished)
        var ticket = NewSessionTicket(ticketLifetime: 100, ticketAgeAdd: 1, ticketNonce: [], ticket: [1])
        ticket.extensions.append(ExtensionType(rawValue: 0x2A2A), [0])
        try client.receive(try server.record(.handshake, ticket.encoded()))
        #expect(client.events.last?.kind == "sessionTicket")
    }

    @Test("B-43 512 of everything from a server")
    func manyFromServer() throws {
        let unknown = (0..<512).map { UInt16(0x6000 + $0) }
        var request = CertificateRequest(context: [])
        request.extensions.order = [
            .signatureAlgorithms, .signatureAlgorithmsCert, .certificateAuthorities, .oidFilters,
        ]
        request.signatureAlgorithms = unknown.map { SignatureScheme(rawValue: $0) }
        request.signatureAlgorithmsCert = unknown.map { SignatureScheme(rawValue: $0) }
        request.certificateAuthorities = unknown.map { [0x30, UInt8($0 & 255)] }
        request.oidFilters = unknown.map { OIDFilter(oid: [6, 1, UInt8($0 & 127)], values: []) }
        for type in unknown { request.extensions.append(ExtensionType(rawValue: type), [1]) }
        let (client, server) = try ClientStage.serverHello.start()
        server.certificateRequest = request
        server.encryptedExtensions.extensions.order = [.supportedGroups]
        server.encryptedExtensions.supportedGroups = unknown.map { NamedGroup(rawValue: $0) }
        try client.receive(try server.flight())
        #expect(client.isEstablished)
    }

    @Test("F-21 no key share comes twice: from connection to connection, and around a HelloRetryRequest")
    func freshShares() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.groups = [.x25519, .secp256r1]
        var shares: Set<[UInt8]> = []
        for _ in 0..<10 {
            let (_, peer) = try ClientStage.serverHello.start()
            shares.formUnion(try peer.clientHello().0.keyShares?.map(\.keyExchange) ?? [])
            let (_, retried) = try ClientStage.secondServerHello.start()
            shares.formUnion(try retried.clientHello().0.keyShares?.map(\.keyExchange) ?? [])
        }
        // Twenty of our own, and the one byte of GREASE.
        #expect(shares.filter { $0.count > 1 }.count == 20)

        shares = []
        for _ in 0..<10 {
            let (_, peer) = try ServerStage.clientFinished.start()
            let message = try #require(peer.heard.messages.first { $0.type == .serverHello })
            guard case .share(let share) = try message.decode(as: ServerHello.self).keyShare else { continue }
            shares.insert(share.keyExchange)
        }
        #expect(shares.count == 10)
        server.groups = [.x25519]
        #expect(try ResumptionTests.connect(client, server).isResumed == false)
    }

    @Test("F-21 a session that is exported and imported is the same, and resumes", arguments: [true, false])
    func exportedSession(stored: Bool) throws {
        let (client, server) = try ResumptionTests.configurations(
            stored ? .store(SessionStore(capacity: 4)) : .tickets(TicketKeys()))
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        let imported = try ClientSession(importing: session.exported())
        #expect(imported.exported() == session.exported())
        #expect(imported.serverName == "localhost" && imported.expiry == session.expiry)
        #expect(imported.maximumEarlyDataSize == session.maximumEarlyDataSize)
        #expect(try ResumptionTests.connect(client, server, imported).isResumed == true)
    }

    @Test("F-22 what either side says after the other's close_notify arrives; after its own nothing can be said")
    func halfClose() throws {
        let loopback = try KeyUpdateTests.established()
        loopback.client.close(output: &loopback.toServer)
        try loopback.run()
        #expect(loopback.serverEvents.last?.kind == "closeNotify")
        #expect(throws: TLSError.misuse(.alreadyClosed)) {
            try loopback.client.send([1].span, output: &loopback.toServer)
        }
        try loopback.server.send([1, 2, 3].span, output: &loopback.toClient)
        loopback.server.close(output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.clientReceived == [1, 2, 3] && loopback.clientEvents.last?.kind == "closeNotify")
        #expect(throws: TLSError.misuse(.alreadyClosed)) {
            try loopback.server.send([1].span, output: &loopback.toClient)
        }
    }

    @Test("F-22 the end of the transport tells nothing: only close_notify is an end", arguments: Conversation.connected)
    func truncation(conversation: Conversation) throws {
        let (events, received) = try conversation.takes { try $0.record(.applicationData, [1, 2]) }
        #expect(events == ["applicationData"] && received == [1, 2])
        let (ended, _) = try conversation.takes {
            try $0.record(.applicationData, [1, 2]) + $0.record(.alert, [1, 0])
        }
        #expect(ended == ["applicationData", "closeNotify"])
    }

    @Test("B-17 between early data and its end no other message may come: unexpected_message")
    func insteadOfEndOfEarlyData() throws {
        for type in MessageOrderTests.types where type != .endOfEarlyData {
            let (client, server) = try EarlyDataTests.configurations()
            let loopback = try Loopback(client, server, session: try EarlyDataTests.session(client, server))
            try loopback.client.sendEarlyData([1].span, output: &loopback.toServer)
            try loopback.client.connection.core.writer.write(
                .handshake, type.rawValue.with24BitLength([]).span, to: &loopback.toServer)
            #expect(throws: TLSError.unexpected(type)) { try loopback.run() }
            #expect(loopback.serverEarlyData == [1] && !loopback.isEstablished)
            var answer = loopback.toClient
            #expect(throws: TLSError.alertReceived(Alert(.unexpectedMessage))) {
                try loopback.deliverToClient(&answer)
            }
        }
    }

    @Test("B-31 B-34 an EndOfEarlyData with a byte too many, and one with bytes behind it")
    func badEndOfEarlyData() throws {
        for (bytes, error, alert) in [
            ([5, 0, 0, 1, 0], .invalidMessage(.trailingBytes), .decodeError),
            ([5, 0, 0, 0, 20], .peerMisbehaved(.messageAcrossKeyChange), .unexpectedMessage),
        ] as [([UInt8], TLSError, AlertDescription)] {
            let (client, server) = try EarlyDataTests.configurations()
            let loopback = try Loopback(client, server, session: try EarlyDataTests.session(client, server))
            try loopback.client.sendEarlyData([1].span, output: &loopback.toServer)
            try loopback.client.connection.core.writer.write(.handshake, bytes.span, to: &loopback.toServer)
            #expect(throws: error) { try loopback.run() }
            var answer = loopback.toClient
            #expect(throws: TLSError.alertReceived(Alert(alert))) { try loopback.deliverToClient(&answer) }
        }
    }
}

extension Loopback {
    fileprivate var clientOwesKeyUpdate: Bool { client.connection.core.owesKeyUpdate }
    fileprivate var serverOwesKeyUpdate: Bool { server.connection.core.owesKeyUpdate }
}
