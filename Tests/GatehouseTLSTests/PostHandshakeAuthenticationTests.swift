import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

@Suite("F-07 authentication after the handshake")
struct PostHandshakeAuthenticationTests {
    static func policy(
        _ make: (PeerVerification) -> ClientCertificatePolicy = ClientCertificatePolicy.optional
    ) throws -> ClientCertificatePolicy {
        make(.trustStore(try TestCredentials.trustStore()))
    }

    /// A client that can be asked, connected to a server that has not asked yet.
    static func connected(
        _ configure: (inout ClientConfiguration) throws -> Void = { _ in }
    ) throws -> (Loopback, Credential) {
        var (client, server) = try FullHandshakeTests.configurations()
        let credential = try TestCredentials.server(.ed25519, names: ["client.example"])
        client.credentials = [credential]
        client.offersPostHandshakeAuthentication = true
        try configure(&client)
        server.resumption = .tickets(TicketKeys())
        let loopback = try Loopback(client, server)
        try loopback.run()
        #expect(loopback.isEstablished && loopback.serverSession?.peerCertificates.isEmpty == true)
        return (loopback, credential)
    }

    private static func request(_ loopback: Loopback, _ policy: ClientCertificatePolicy) throws -> [UInt8] {
        try loopback.server.requestClientCertificate(policy, output: &loopback.toClient)
    }

    private static func exchange(_ loopback: Loopback) throws {
        try loopback.client.send([1, 2].span, output: &loopback.toServer)
        try loopback.server.send([3].span, output: &loopback.toClient)
        try loopback.run()
    }

    @Test("F-07 asked and shown: the server knows the client, and data goes on")
    func shown() throws {
        let (loopback, credential) = try Self.connected()
        let context = try Self.request(loopback, Self.policy())
        #expect(context.count == 32)
        try loopback.run()
        guard case .clientAuthenticated(context) = loopback.serverEvents.last,
            case .certificateRequestAnswered(context, didShowCredential: true) = loopback.clientEvents.last
        else {
            Issue.record("\(loopback.serverEvents.map(\.kind)), \(loopback.clientEvents.map(\.kind))")
            return
        }
        let session = try #require(loopback.serverSession)
        #expect(session.peerCertificates == credential.chain && session.isPeerVerified)
        #expect(session.peerSignatureScheme == .ed25519)
        try Self.exchange(loopback)
        #expect(loopback.serverReceived == [1, 2] && loopback.clientReceived == [3])
        // Once more, and with other keys on either side before: the next answer does not depend on the one before.
        try loopback.client.updateKeys(requestingPeers: true, output: &loopback.toServer)
        try loopback.run()
        let second = try Self.request(loopback, Self.policy())
        #expect(second != context)
        try loopback.run()
        guard case .clientAuthenticated(second) = loopback.serverEvents.last else {
            Issue.record("\(loopback.serverEvents.map(\.kind))")
            return
        }
        try Self.exchange(loopback)
    }

    @Test("F-07 asked and declined: told, or certificate_required, as the policy says")
    func declined() throws {
        for required in [false, true] {
            let (loopback, _) = try Self.connected { $0.credentials = [] }
            let context = try Self.request(
                loopback, Self.policy(required ? ClientCertificatePolicy.required : ClientCertificatePolicy.optional))
            if required {
                #expect(throws: TLSError.peerIncompatible(.clientCertificateRequired)) { try loopback.run() }
                var bytes = loopback.toClient
                #expect(throws: TLSError.alertReceived(Alert(.certificateRequired))) {
                    try loopback.deliverToClient(&bytes)
                }
                continue
            }
            try loopback.run()
            guard case .clientDeclined(context) = loopback.serverEvents.last,
                case .certificateRequestAnswered(context, didShowCredential: false) = loopback.clientEvents.last
            else {
                Issue.record("\(loopback.serverEvents.map(\.kind)), \(loopback.clientEvents.map(\.kind))")
                return
            }
            #expect(loopback.serverSession?.peerCertificates.isEmpty == true)
            #expect(loopback.serverSession?.isPeerVerified == false)
            try Self.exchange(loopback)
        }
    }

    @Test("F-07 the client chooses and signs later; meanwhile it sends, and changes its key")
    func clientDecisions() throws {
        let key = try PrivateKey.generate(.p256)
        let external = try TestCredentials.external(key, [.ecdsaSecp256r1SHA256])
        let (loopback, _) = try Self.connected { $0.asksForCredential = true }
        let context = try Self.request(loopback, Self.policy())
        try loopback.run()
        guard case .needs(.clientCredential(let info)) = loopback.clientEvents.last else {
            Issue.record("the client did not ask")
            return
        }
        #expect(info.signatureSchemes.contains(.ed25519) && info.certificateType == .x509)
        #expect(throws: TLSError.misuse(.noSuchDecision)) {
            try loopback.client.resume(with: .signature([1]), output: &loopback.toServer)
        }
        try loopback.client.send([1].span, output: &loopback.toServer)
        try loopback.client.resume(with: .clientCredential(external), output: &loopback.toServer)
        try loopback.run()
        guard case .needs(.signature(let request)) = loopback.clientEvents.last else {
            Issue.record("the client did not ask for a signature")
            return
        }
        #expect(throws: TLSError.misuse(.noSuchDecision)) {
            try loopback.client.resume(with: .clientCredential(nil), output: &loopback.toServer)
        }
        try loopback.client.updateKeys(requestingPeers: false, output: &loopback.toServer)
        try loopback.client.send([2].span, output: &loopback.toServer)
        try loopback.run()
        #expect(loopback.serverReceived == [1, 2])
        let signature = try key.sign(request.content.span, scheme: request.scheme)
        try loopback.client.resume(with: .signature(signature), output: &loopback.toServer)
        try loopback.run()
        guard case .clientAuthenticated(context) = loopback.serverEvents.last else {
            Issue.record("\(loopback.serverEvents.map(\.kind))")
            return
        }
        try Self.exchange(loopback)
        // Refusing to decide ends the connection.
        _ = try Self.request(loopback, Self.policy())
        try loopback.run()
        #expect(throws: TLSError.refused(.userCanceled)) {
            try loopback.client.resume(with: .reject(.userCanceled), output: &loopback.toServer)
        }
    }

    @Test("F-07 the server's application judges what the client shows")
    func verdict() throws {
        for verdict in [Decision.accept, .acceptDespiteProblems, .reject(.accessDenied)] {
            let (loopback, credential) = try Self.connected()
            let context = try Self.request(loopback, .required(.asksForVerdict))
            try loopback.run()
            guard case .needs(.peerVerdict(let peer)) = loopback.serverEvents.last else {
                Issue.record("the server did not ask")
                return
            }
            #expect(peer.chain == credential.chain && peer.name == nil)
            // Nobody is anybody before the verdict and Finished; what the server has to say goes out all the same.
            #expect(loopback.serverSession?.peerCertificates.isEmpty == true)
            #expect(throws: TLSError.misuse(.noSuchDecision)) {
                try loopback.server.resume(with: .preSharedKey(nil), output: &loopback.toClient)
            }
            try loopback.server.send([7].span, output: &loopback.toClient)
            do throws(TLSError) {
                try loopback.server.resume(with: verdict, output: &loopback.toClient)
            } catch {
                #expect(error == .refused(.accessDenied))
                continue
            }
            try loopback.run()
            guard case .clientAuthenticated(context) = loopback.serverEvents.last else {
                Issue.record("\(loopback.serverEvents.map(\.kind))")
                return
            }
            let isDoubtful = if case .acceptDespiteProblems = verdict { true } else { false }
            #expect(loopback.serverSession?.isPeerVerified == !isDoubtful && loopback.clientReceived == [7])
        }
    }

    @Test("F-07 B-16 the server's application judges a client that shows nothing, whatever it should")
    func verdictOnNothing() throws {
        for make in [ClientCertificatePolicy.optional, ClientCertificatePolicy.required] {
            for verdict in [Decision.accept, .acceptDespiteProblems, .reject(.certificateRequired)] {
                let (loopback, _) = try Self.connected { $0.credentials = [] }
                var policy = make(.asksForVerdict)
                policy.asksAboutMissingCertificate = true
                let context = try Self.request(loopback, policy)
                try loopback.run()
                guard case .needs(.peerVerdict(let peer)) = loopback.serverEvents.last else {
                    Issue.record("the server did not ask")
                    return
                }
                #expect(peer.chain.isEmpty && peer.rawPublicKey == nil)
                #expect(throws: TLSError.misuse(.noSuchDecision)) {
                    try loopback.server.resume(with: .clientCredential(nil), output: &loopback.toClient)
                }
                do throws(TLSError) {
                    try loopback.server.resume(with: verdict, output: &loopback.toClient)
                } catch {
                    #expect(error == .refused(.certificateRequired))
                    var bytes = loopback.toClient
                    #expect(throws: TLSError.alertReceived(Alert(.certificateRequired))) {
                        try loopback.deliverToClient(&bytes)
                    }
                    continue
                }
                if case .reject = verdict { Issue.record("a rejected client went on") }
                try loopback.run()
                guard case .clientDeclined(context) = loopback.serverEvents.last else {
                    Issue.record("\(loopback.serverEvents.map(\.kind))")
                    return
                }
                #expect(loopback.serverSession?.isPeerVerified == false)
                try Self.exchange(loopback)
                #expect(loopback.serverReceived == [1, 2])
            }
        }
    }

    @Test("F-07 eight requests may be out, each with a context of its own")
    func several() throws {
        let (loopback, _) = try Self.connected()
        var contexts: Set<[UInt8]> = []
        for _ in 0..<8 { contexts.insert(try Self.request(loopback, Self.policy())) }
        let count = loopback.toClient.count
        #expect(throws: TLSError.misuse(.tooManyCertificateRequests)) {
            try Self.request(loopback, Self.policy())
        }
        #expect(loopback.toClient.count == count && contexts.count == 8)
        try loopback.run()
        let answered = loopback.serverEvents.compactMap { event -> [UInt8]? in
            if case .clientAuthenticated(let context) = event { context } else { nil }
        }
        #expect(Set(answered) == contexts && answered.count == 8)
        _ = try Self.request(loopback, Self.policy())
    }

    @Test("F-07 F-09 also in a resumed session, and not with a key that was given")
    func resumed() throws {
        var (client, server) = try FullHandshakeTests.configurations()
        client.credentials = [try TestCredentials.server(.p256)]
        client.offersPostHandshakeAuthentication = true
        server.resumption = .tickets(TicketKeys())
        let session = try #require(try ResumptionTests.connect(client, server).sessions.first)
        let loopback = try ResumptionTests.connect(client, server, session)
        #expect(loopback.isResumed == true)
        let context = try Self.request(loopback, Self.policy())
        try loopback.run()
        guard case .clientAuthenticated(context) = loopback.serverEvents.last else {
            Issue.record("\(loopback.serverEvents.map(\.kind))")
            return
        }
        let key = try PreSharedKeyTests.preSharedKey()
        client.preSharedKeys = [key]
        server.preSharedKeys = [key]
        let external = try ResumptionTests.connect(client, server)
        #expect(external.clientSession?.preSharedKeyIdentity == key.identity)
        #expect(throws: TLSError.misuse(.cannotRequestCertificate)) { try Self.request(external, Self.policy()) }
    }

    @Test("F-07 asking who cannot be asked is a misuse, and nothing is sent")
    func misuse() throws {
        let (loopback, _) = try Self.connected { $0.offersPostHandshakeAuthentication = false }
        #expect(throws: TLSError.misuse(.cannotRequestCertificate)) { try Self.request(loopback, Self.policy()) }
        #expect(loopback.toClient.isEmpty)
        try Self.exchange(loopback)
        #expect(loopback.serverReceived == [1, 2])

        let (asked, _) = try Self.connected()
        let key = try #require(RawPublicKeyTests.credential().rawPublicKey)
        for policy in [ClientCertificatePolicy.none, .optional(.trustedRawPublicKeys([key]))] {
            #expect(throws: TLSError.misuse(.cannotRequestCertificate)) { try Self.request(asked, policy) }
        }
        asked.server.close(output: &asked.toClient)
        #expect(throws: TLSError.misuse(.alreadyClosed)) { try Self.request(asked, Self.policy()) }

        let (client, server) = try FullHandshakeTests.configurations()
        let early = try Loopback(client, server)
        #expect(throws: TLSError.misuse(.notEstablished)) { try Self.request(early, Self.policy()) }
        try early.run()
        #expect(early.isEstablished)
    }

    @Test("F-07 F-22 a server that has closed its side still hears and judges the answer")
    func closedServer() throws {
        let (loopback, credential) = try Self.connected()
        _ = try Self.request(loopback, .required(.asksForVerdict))
        loopback.server.close(output: &loopback.toClient)
        try loopback.run()
        try loopback.server.resume(with: .accept, output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.serverSession?.peerCertificates == credential.chain)
    }

    @Test("F-07 a client that has closed does not answer")
    func closed() throws {
        let (loopback, _) = try Self.connected { $0.asksForCredential = true }
        _ = try Self.request(loopback, Self.policy())
        _ = try Self.request(loopback, Self.policy())
        try loopback.run()
        loopback.client.close(output: &loopback.toServer)
        let closed = loopback.toServer.count
        try loopback.client.resume(with: .clientCredential(nil), output: &loopback.toServer)
        #expect(loopback.toServer.count == closed)
        // What the server still has to say is heard.
        try loopback.server.send([3].span, output: &loopback.toClient)
        try loopback.run()
        #expect(loopback.clientReceived == [3])
        let (other, _) = try Self.connected()
        other.client.close(output: &other.toServer)
        let count = other.toServer.count
        _ = try Self.request(other, Self.policy())
        var bytes = other.toClient
        try other.deliverToClient(&bytes)
        #expect(other.toServer.count == count)
    }
}
