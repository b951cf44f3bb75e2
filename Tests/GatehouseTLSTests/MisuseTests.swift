import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Calls that do not fit leave the connection as it was")
struct MisuseTests {
    private func expectMisuse<Connection: TestedConnection & ~Copyable>(_ subject: Subject<Connection>) {
        let count = subject.output.count
        if !subject.isEstablished {
            #expect(throws: TLSError.misuse(.notEstablished)) { try subject.send([1]) }
        }
        for decision in [Decision.accept, .reject(.accessDenied)] {
            #expect(throws: TLSError.misuse(.noSuchDecision)) { try subject.resume(with: decision) }
        }
        #expect(subject.output.count == count)
    }

    @Test("A server, before every step")
    func server() throws {
        for stage in ServerStage.allCases {
            let (server, client) = try stage.start()
            if stage == .credential {
                #expect(throws: TLSError.misuse(.notEstablished)) { try server.send([1]) }
                #expect(throws: TLSError.misuse(.noSuchDecision)) { try server.resume(with: .accept) }
                try server.resume(with: .credential(try TestCredentials.p256.get()))
                try client.receive(server.takeOutput())
            } else {
                expectMisuse(server)
            }
            if stage == .clientHello {
                try server.receive(try client.helloRecords())
                try client.receive(server.takeOutput())
            }
            if stage == .secondClientHello {
                try server.receive(try client.secondHelloRecords(group: .x25519))
                try client.receive(server.takeOutput())
            }
            if stage == .clientCertificate { try server.receive(try client.say(client.certificate().encoded())) }
            if stage == .clientCertificate || stage == .clientCertificateVerify {
                try server.receive(try client.say(client.certificateVerify().encoded()))
            }
            if stage != .connected { try server.receive(try client.finishedRecord()) }
            try server.send([1])
            try client.receive(server.takeOutput())
            #expect(client.heard.applicationData == [1])
            #expect(client.heard.alerts.isEmpty)
        }
    }

    @Test("A client, before the ServerHello and when a verdict is due")
    func client() throws {
        let (client, server) = try ClientStage.serverHello.start { $0.verification = .asksForVerdict }
        expectMisuse(client)
        try client.receive(try server.flight())
        #expect(client.events.map(\.kind) == ["needs"])
        #expect(throws: TLSError.misuse(.noSuchDecision)) {
            try client.resume(with: .credential(try TestCredentials.p256.get()))
        }
        #expect(throws: TLSError.misuse(.notEstablished)) { try client.send([1]) }
        try client.resume(with: .accept)
        #expect(throws: TLSError.misuse(.noSuchDecision)) { try client.resume(with: .accept) }
        try client.receive([])
        try client.send([2])
        try server.receive(client.takeOutput())
        #expect(server.hasVerifiedFinished)
        #expect(server.heard.applicationData == [2])
    }

    @Test("KeyUpdates and exporters before the handshake is complete, or for more than there is")
    func keysTooEarly() throws {
        for stage in ServerStage.allCases where stage != .connected {
            let (server, _) = try stage.start()
            let output = server.output
            #expect(throws: TLSError.misuse(.notEstablished)) {
                try server.connection.updateKeys(requestingPeers: true, output: &server.output)
            }
            #expect(throws: TLSError.misuse(.notEstablished)) {
                try server.connection.exportKeyingMaterial(label: "label", context: [], count: 32)
            }
            #expect(server.output == output)
        }
        let (server, client) = try ServerStage.connected.start()
        for (label, count) in [
            ("", 32), (String(repeating: "a", count: 250), 32), ("a", 0), ("a", -1), ("a", 255 * 32 + 1),
        ] {
            #expect(throws: TLSError.misuse(.invalidExporterRequest)) {
                try server.connection.exportKeyingMaterial(label: label, context: [], count: count)
            }
        }
        try server.send([1])
        try client.receive(server.takeOutput())
        #expect(client.heard.applicationData == [1])
    }

    @Test("A credential that cannot sign for the client ends the handshake")
    func unfitCredential() throws {
        let (server, client) = try ServerStage.clientHello.start { $0.asksForCredential = true }
        client.hello.signatureAlgorithms = [.ecdsaSecp256r1SHA256]
        client.helloBytes = client.hello.encoded()
        try server.receive(try client.helloRecords())
        #expect(throws: TLSError.peerIncompatible(.noCommonSignatureScheme)) {
            let credential = try TestCredentials.server(.ed25519)
            try server.resume(with: .credential(credential))
        }
        try expectFailure(
            of: server, client, receiving: [], .peerIncompatible(.noCommonSignatureScheme), .handshakeFailure)
    }

    @Test("A refusal sends the alert that was chosen")
    func refusals() throws {
        let (server, scriptedClient) = try ServerStage.credential.start()
        #expect(throws: TLSError.refused(.unrecognizedName)) {
            try server.resume(with: .reject(.unrecognizedName))
        }
        try expectFailure(of: server, scriptedClient, receiving: [], .refused(.unrecognizedName), .unrecognizedName)

        let (client, scriptedServer) = try ClientStage.verdict.start()
        #expect(throws: TLSError.refused(.unknownCA)) { try client.resume(with: .reject(.unknownCA)) }
        try expectFailure(of: client, scriptedServer, receiving: [], .refused(.unknownCA), .unknownCA)
    }

    @Test("close says close_notify once, and ends sending only")
    func close() throws {
        let (server, client) = try ServerStage.connected.start()
        server.close()
        server.close()
        #expect(throws: TLSError.misuse(.alreadyClosed)) { try server.send([1]) }
        try server.receive(try client.record(.applicationData, [3]))
        #expect(server.received == [3])
        try client.receive(server.takeOutput())
        #expect(client.heard.alerts == [[1, 0]])
    }

    @Test(
        "A handshake that was closed does not go on",
        arguments: [ServerStage.clientHello, .secondClientHello, .credential])
    func closedServer(stage: ServerStage) throws {
        let (server, client) = try stage.start()
        server.close()
        try client.receive(server.takeOutput())
        #expect(client.heard.alerts == [[1, 0]])
        switch stage {
        case .credential:
            #expect(throws: TLSError.misuse(.alreadyClosed)) {
                try server.resume(with: .credential(try TestCredentials.p256.get()))
            }
        case .clientHello: try server.receive(try client.helloRecords())
        default: try server.receive(try client.secondHelloRecords(group: .x25519))
        }
        #expect(server.output.isEmpty, "sends after its close_notify")
        #expect(server.pending.isEmpty)
    }

    @Test("A client that has closed answers no ServerHello", arguments: [ClientStage.serverHello, .serverFinished])
    func closedClient(stage: ClientStage) throws {
        let (client, server) = try stage.start()
        client.close()
        try server.receive(client.takeOutput())
        #expect(server.heard.alerts == [[1, 0]])
        if stage == .serverHello {
            try client.receive(try server.flight())
        } else {
            try client.receive(try server.record(.handshake, [20, 0, 0, 0]))
        }
        #expect(client.output.isEmpty, "sends after its close_notify")
        #expect(!client.isEstablished)
    }

    @Test("After its close_notify a connection that fails says no more")
    func failureAfterClose() throws {
        let (server, client) = try ServerStage.connected.start()
        server.close()
        try client.receive(server.takeOutput())
        let error = server.failure(receiving: ScriptedWriter.plaintext(.handshake, [1]))
        #expect(error == .peerMisbehaved(.unexpectedRecord(22)))
        #expect(server.output.isEmpty)
    }
}
