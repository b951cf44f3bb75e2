import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("Client certificates and decisions that come later")
struct ClientCertificateTests {
    static func configurations(
        _ policy: (PeerVerification) -> ClientCertificatePolicy
    ) throws -> (client: ClientConfiguration, server: ServerConfiguration) {
        var (client, server) = try FullHandshakeTests.configurations()
        client.credentials = [try TestCredentials.server(.ed25519, names: ["client.example"])]
        server.clientAuthentication = policy(.trustStore(try TestCredentials.trustStore()))
        return (client, server)
    }

    @Test("F-06 required and shown: the server has the chain, verified")
    func required() throws {
        let (client, server) = try Self.configurations(ClientCertificatePolicy.required)
        let loopback = try Loopback(client, server)
        try loopback.run()
        #expect(loopback.isEstablished)
        let session = try #require(loopback.serverSession)
        #expect(session.peerCertificates == client.credentials[0].chain && session.isPeerVerified)
    }

    @Test("F-06 B-16 optional and declined: connected, and nobody is verified")
    func declined() throws {
        var (client, server) = try Self.configurations(ClientCertificatePolicy.optional)
        client.credentials = []
        let loopback = try Loopback(client, server)
        try loopback.run()
        let session = try #require(loopback.serverSession)
        #expect(loopback.isEstablished && session.peerCertificates.isEmpty && !session.isPeerVerified)
        server.clientAuthentication = .required(.trustStore(.empty))
        PreSharedKeyTests.expectFailure(
            .peerIncompatible(.clientCertificateRequired), .certificateRequired, client, server)
    }

    @Test("F-06 B-19 a certificate from elsewhere, and one for servers only, are refused also when optional")
    func refused() throws {
        var (client, server) = try Self.configurations(ClientCertificatePolicy.optional)
        server.clientAuthentication = .optional(.trustStore(.empty))
        let loopback = try Loopback(client, server)
        #expect(throws: TLSError.self) { try loopback.run() }
        #expect(!loopback.isEstablished)

        server.clientAuthentication = .optional(.trustStore(try TestCredentials.trustStore()))
        client.credentials = [try TestCredentials.server(.p256, purposes: [.serverAuthentication])]
        let other = try Loopback(client, server)
        do throws(TLSError) {
            try other.run()
            Issue.record("no error")
        } catch {
            #expect(error.alert == .unsupportedCertificate)
        }
    }

    @Test("F-06 B-41 server_name may stand in a CertificateRequest (RFC 9846 §4.3), and chooses nothing")
    func serverNameInRequest() throws {
        let (client, server) = try ClientStage.serverHello.start()
        var request = CertificateRequest(context: [])
        request.extensions.order = [.signatureAlgorithms]
        request.signatureAlgorithms = [.ed25519]
        request.extensions.append(.serverName, [0, 4, 0, 0, 1, UInt8(ascii: "a")])
        server.certificateRequest = request
        try client.receive(try server.flight())
        #expect(client.isEstablished)
    }

    @Test("F-09 F-06 a resumed session knows the client again")
    func resumed() throws {
        var (client, server) = try Self.configurations(ClientCertificatePolicy.required)
        server.resumption = .tickets(TicketKeys())
        client.trustGeneration = 0
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        let loopback = try ResumptionTests.connect(client, server, session)
        #expect(loopback.isResumed == true)
        #expect(loopback.serverSession?.peerCertificates == client.credentials[0].chain)
        #expect(loopback.serverSession?.isPeerVerified == true)
        // A ticket from a time when nobody was asked is no way around being asked.
        server.clientAuthentication = .none
        let anonymous = try #require(try ResumptionTests.connect(client, server).sessions.first)
        server.clientAuthentication = .required(.trustStore(try TestCredentials.trustStore()))
        #expect(try ResumptionTests.connect(client, server, anonymous).isResumed == false)
    }

    @Test("F-06 verdicts and choices answered later, on both sides")
    func decisions() throws {
        var (client, server) = try Self.configurations(ClientCertificatePolicy.required)
        let credential = client.credentials[0]
        client.asksForCredential = true
        server.clientAuthentication = .required(.asksForVerdict)
        for (choice, verdict, error) in [
            (Decision.clientCredential(credential), Decision.accept, nil),
            (.clientCredential(credential), .reject(.accessDenied), TLSError.refused(.accessDenied)),
            (.clientCredential(nil), .accept, .peerIncompatible(.clientCertificateRequired)),
        ] {
            let loopback = try Loopback(client, server)
            do throws(TLSError) {
                try loopback.run()
                guard case .needs(.clientCredential(let info)) = loopback.clientEvents.last else {
                    Issue.record("the client did not ask")
                    return
                }
                #expect(info.signatureSchemes.contains(.ed25519))
                try loopback.client.resume(with: choice, output: &loopback.toServer)
                try loopback.run()
                guard case .needs(.peerVerdict(let peer)) = loopback.serverEvents.last else {
                    Issue.record("the server did not ask")
                    return
                }
                #expect(peer.chain == credential.chain && !loopback.isEstablished)
                try loopback.server.resume(with: verdict, output: &loopback.toClient)
                try loopback.run()
                #expect(error == nil && loopback.isEstablished)
            } catch let thrown {
                #expect(thrown == error)
            }
        }
    }

    @Test("F-06 G-22 a client without a certificate, judged by the application; no ticket in spite of problems")
    func missingCertificate() throws {
        var (client, server) = try Self.configurations(ClientCertificatePolicy.optional)
        client.credentials = []
        server.resumption = .tickets(TicketKeys())
        server.clientAuthentication = .required(.asksForVerdict)
        server.clientAuthentication.asksAboutMissingCertificate = true
        for (verdict, tickets, error) in [
            (Decision.accept, 2, nil), (.acceptDespiteProblems, 0, nil),
            (.reject(.certificateRequired), 0, TLSError.refused(.certificateRequired)),
            (.preSharedKey(nil), 0, .misuse(.noSuchDecision)),
        ] {
            let loopback = try Loopback(client, server)
            try loopback.run()
            guard case .needs(.peerVerdict(let peer)) = loopback.serverEvents.last else {
                Issue.record("the server did not ask")
                return
            }
            #expect(peer.chain.isEmpty)
            do throws(TLSError) {
                try loopback.server.resume(with: verdict, output: &loopback.toClient)
                try loopback.run()
                #expect(error == nil && loopback.isEstablished && loopback.serverSession?.isPeerVerified == false)
                #expect(loopback.sessions.count == tickets)
            } catch let thrown {
                #expect(thrown == error)
            }
        }
    }

    @Test("F-05 a credential chosen later, and none that fits")
    func credentialChoice() throws {
        let (client, _) = try FullHandshakeTests.configurations()
        let server = ServerConfiguration.askingForCredential()
        for (algorithm, error) in [
            (KeyAlgorithm.p256, nil), (.ed448, TLSError.peerIncompatible(.noCommonSignatureScheme)),
        ] {
            var client = client
            client.signatureSchemes = [.ecdsaSecp256r1SHA256]
            let loopback = try Loopback(client, server)
            try loopback.run()
            guard case .needs(.credential(let info)) = loopback.serverEvents.last else {
                Issue.record("the server did not ask")
                return
            }
            #expect(info.serverName == "localhost")
            do throws(TLSError) {
                try loopback.server.resume(
                    with: .credential(try! TestCredentials.server(algorithm)), output: &loopback.toClient)
                try loopback.run()
                #expect(error == nil && loopback.isEstablished)
            } catch let thrown {
                #expect(thrown == error)
            }
        }
    }

    @Test("F-03 keys held elsewhere sign later, on both sides; a wrong signature is decrypt_error")
    func externalKeys() throws {
        var (client, server) = try Self.configurations(ClientCertificatePolicy.required)
        let (clientKey, serverKey) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.p384))
        client.credentials = [try TestCredentials.external(clientKey, [.ecdsaSecp256r1SHA256])]
        server.credentials = [try TestCredentials.external(serverKey, [.ecdsaSecp384r1SHA384])]
        for isHonest in [true, false] {
            let loopback = try Loopback(client, server)
            try loopback.run()
            guard case .needs(.signature(let request)) = loopback.serverEvents.last else {
                Issue.record("the server did not ask")
                return
            }
            var signature = try serverKey.sign(request.content.span, scheme: request.scheme)
            if !isHonest { signature[signature.count - 1] ^= 1 }
            try loopback.server.resume(with: .signature(signature), output: &loopback.toClient)
            if !isHonest {
                #expect(throws: TLSError.peerMisbehaved(.invalidSignature)) { try loopback.run() }
                continue
            }
            try loopback.run()
            guard case .needs(.signature(let request)) = loopback.clientEvents.last else {
                Issue.record("the client did not ask")
                return
            }
            try loopback.client.resume(
                with: .signature(try clientKey.sign(request.content.span, scheme: request.scheme)),
                output: &loopback.toServer)
            try loopback.run()
            #expect(loopback.isEstablished && loopback.serverSession?.isPeerVerified == true)
        }
    }
}
