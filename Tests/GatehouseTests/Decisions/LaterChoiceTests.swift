import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// Credentials that are chosen, and signatures that are made, somewhere else and later.
@Suite(.onOwnThreads, .patient) struct LaterChoiceTests {
    @Test("G-8, G-19 a server's credential is chosen by the name asked for, in the slot or later", arguments: [1, 2])
    func credentialByName(threads: Int) async throws {
        for isLater in [false, true] {
            var configuration = SSLConfiguration()
            configuration.asksForCredential = true
            let attempt = try await Attempt(configuration, Fixture.client(), threads: threads) { server in
                server.credentialRequired.connect { _, _, request in
                    #expect(request.serverName == "localhost")
                    #expect(request.signatureSchemes.contains(.ecdsaSecp256r1SHA256))
                    guard isLater else { return request.use(Fixture.credential) }
                    Task.detached {
                        try await Task.sleep(for: .milliseconds(20))
                        request.use(Fixture.credential)
                    }
                }
            }
            #expect(attempt.isAccepted)
            #expect(await attempt.socket()?.requestedServerName == "localhost")
            #expect(await attempt.client.peerCertificate == Fixture.credential.chain[0])
            await attempt.end()
        }
    }

    @Test("G-8 nobody chooses a credential: unrecognized_name")
    func noCredential() async throws {
        var configuration = SSLConfiguration()
        configuration.asksForCredential = true
        let attempt = try await Attempt(configuration, Fixture.client())
        #expect(attempt.story == ["alertSent fatal unrecognized_name", "error sslHandshakeFailed"])
        await attempt.end()
        var rejecting = try Fixture.server(alpn: [], Fixture.otherCredential)
        rejecting.rejectsUnrecognizedName = true
        let unknown = try await Attempt(rejecting, Fixture.client())
        #expect(unknown.story == ["alertSent fatal unrecognized_name", "error sslHandshakeFailed"])
        await unknown.end()
    }

    @Test("G-8 a client's credential is chosen when the server asks; unanswered, it shows none")
    func clientCredential() async throws {
        for chosen in [ClientIdentity.good, nil] {
            let (server, _, endpoint) = try await SSLServer.listening(
                ClientIdentity.server(.verify) { $0.announcesCertificateAuthorities = true })
            let client = try SSLSocket(
                configuration: ClientIdentity.client(nil) { $0.asksForCredential = true }, on: EventLoop(),
                handshakeTimeout: Fixture.patience)
            let recorder = Recorder()
            recorder.follow(client)
            client.credentialRequired.connect { _, request in
                #expect(request.serverName == nil)
                #expect(request.certificateAuthorities == [ClientIdentity.authority.subject.der])
                if let chosen { request.use(chosen) }
            }
            try await client.connectToHostEncrypted(
                endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
            if chosen != nil {
                let socket = try #require(await server.next())
                #expect(await socket.peerCertificate == ClientIdentity.good.chain[0])
                await client.abort()
            } else {
                try await eventually { recorder.all.contains("alertReceived fatal certificate_required") }
            }
            await server.close()
        }
    }

    @Test("G-19 a key that is held elsewhere signs later; nobody signs: internal_error", arguments: [1, 2])
    func signature(threads: Int) async throws {
        let key = try #require(Fixture.credential.key)
        let external = try Credential(chain: Fixture.credential.chain, signatureSchemes: [.ecdsaSecp256r1SHA256])
        for signs in [true, false] {
            let attempt = try await Attempt(
                SSLConfiguration(credentials: [external]), Fixture.client(), threads: threads
            ) { server in
                server.signatureRequired.connect { _, _, pending in
                    guard signs else { return }
                    Task.detached {
                        try await Task.sleep(for: .milliseconds(20))
                        pending.supply(try key.sign(pending.request.content.span, scheme: pending.request.scheme))
                    }
                }
            }
            #expect(attempt.isAccepted == signs)
            if !signs { #expect(attempt.story == ["alertSent fatal internal_error", "error sslHandshakeFailed"]) }
            await attempt.end()
        }
    }

    @Test("F-19 raw public keys: those that are trusted are verified, others are a problem to decide about")
    func rawPublicKeys() async throws {
        let (serverKey, clientKey) = (try SSLKey.generate(.ed25519), try SSLKey.generate(.p256))
        var server = SSLConfiguration(credentials: [try Credential(rawPublicKeyOf: serverKey)])
        server.peerVerifyMode = .verify
        var client = SSLConfiguration(credentials: [try Credential(rawPublicKeyOf: clientKey)])
        client.trustedPublicKeys = [try RawPublicKey(der: serverKey.subjectPublicKeyInfo)]
        for isTrusted in [true, false] {
            let trusted = isTrusted ? clientKey : serverKey
            server.trustedPublicKeys = [try RawPublicKey(der: trusted.subjectPublicKeyInfo)]
            let attempt = try await Attempt(server, client)
            #expect(attempt.isAccepted == isTrusted)
            if isTrusted {
                let socket = try #require(await attempt.socket())
                #expect(await socket.peerRawPublicKey?.der == clientKey.subjectPublicKeyInfo)
                #expect(await socket.isPeerVerified)
                #expect(await socket.peerCertificate == nil)
            } else {
                #expect(
                    attempt.story == [
                        "peerVerifyError certificateUntrusted", "sslErrors certificateUntrusted",
                        "alertSent fatal certificate_unknown", "error sslHandshakeFailed",
                    ])
            }
            await attempt.end()
        }
    }

    @Test("F-14 a client judges the stapled OCSP response; the server's is handed out only to who asks")
    func staple() async throws {
        var credential = ClientIdentity.localhost
        credential.ocspResponse = [1, 2, 3]
        let (server, _, endpoint) = try await SSLServer.listening(SSLConfiguration(credentials: [credential]))
        var configuration = SSLConfiguration()
        configuration.caCertificates = [ClientIdentity.authority]
        let unasked = try await SSLSocket.connected(to: endpoint, configuration)
        #expect(await unasked.ocspResponses.isEmpty)
        await unasked.abort()
        configuration.ocspStaplingEnabled = true
        let recorder = Recorder()
        let asking = try await SSLSocket.connecting(to: endpoint, configuration, recorder: recorder)
        try await eventually { recorder.all.contains { $0.hasPrefix("disconnected") } }
        #expect(await asking.session?.peerOCSPResponse == [1, 2, 3])
        #expect(await asking.ocspResponses.isEmpty)
        #expect(recorder.all.contains("sslErrors ocspMalformedResponse"))
        #expect(recorder.all.contains("alertSent fatal bad_certificate_status_response"))
        await server.close()
    }
}
