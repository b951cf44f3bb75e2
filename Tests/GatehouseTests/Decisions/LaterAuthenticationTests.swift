import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// Clients that are asked for a certificate after the handshake.
@Suite("F-07 authentication after the handshake", .onOwnThreads, .patient) struct LaterAuthenticationTests {
    @Test("F-07 nobody is asked in the handshake; asked later, the client is known, as often as it is asked")
    func shown() async throws {
        for mode in [PeerVerifyMode.auto, .query, .verify] {
            let meeting = try await Meeting(mode, ClientIdentity.chained)
            for _ in 0..<2 {
                try await meeting.ask()
                #expect(await meeting.socket.certificateRequestAnswer == .shown)
                #expect(await meeting.socket.peerCertificateChain == ClientIdentity.chained.chain)
                #expect(await meeting.socket.isPeerVerified)
                try await meeting.exchange()
            }
            #expect(meeting.recorder.all == ["certificate shown", "certificate shown"])
            #expect(meeting.clientRecorder.count("certificate shown") == 2)
            #expect(meeting.serverRecorder.all == ["newConnection", "started", "pending"])
            await meeting.end()
        }
    }

    @Test("F-07 B-16 a client that declines: told, a problem that can be ignored, or certificate_required at once")
    func declined() async throws {
        for mode in [PeerVerifyMode.auto, .query] {
            let meeting = try await Meeting(mode, nil)
            try await meeting.ask()
            #expect(meeting.recorder.all == ["certificate declined"])
            #expect(await meeting.client.certificateRequestAnswer == .declined)
            #expect(await !meeting.socket.isPeerVerified)
            try await meeting.exchange()
            await meeting.end()
        }

        let ignoring = try await Meeting(.verify, nil)
        ignoring.socket.sslErrors.connect { _, decision in
            #expect(decision.peerCertificateChain.isEmpty)
            decision.ignore()
        }
        try await ignoring.ask()
        #expect(
            ignoring.recorder.all == [
                "peerVerifyError noPeerCertificate", "sslErrors noPeerCertificate", "certificate declined",
            ])
        #expect(await ignoring.socket.sslHandshakeErrors.map(\.code) == [.noPeerCertificate])
        try await ignoring.exchange()
        await ignoring.end()

        for isFatal in [false, true] {
            let meeting = try await Meeting(.verify, nil, { $0.missingCertificateIsFatal = isFatal })
            try await meeting.ask()
            let (told, clientTold) = try await meeting.refusal()
            let problems = isFatal ? [] : ["peerVerifyError noPeerCertificate", "sslErrors noPeerCertificate"]
            #expect(told.prefix(problems.count) == problems[...])
            #expect(
                told.dropFirst(problems.count).filter { $0.hasPrefix("alert") || $0.hasPrefix("error") }
                    == ["alertSent fatal certificate_required", "error sslHandshakeFailed"])
            #expect(clientTold == ["alertReceived fatal certificate_required", "error sslInternal"])
            await meeting.end()
        }
    }

    @Test("F-07, 4.1 a certificate that is not good has the alert that it has in the handshake")
    func refused() async throws {
        for (credential, problem, alert) in [
            (ClientIdentity.stranger, "unableToVerifyFirstCertificate", "unknown_ca"),
            (ClientIdentity.selfSigned, "selfSignedCertificate", "unknown_ca"),
            (ClientIdentity.expired, "certificateExpired", "certificate_expired"),
            (ClientIdentity.serverOnly, "invalidPurpose", "unsupported_certificate"),
        ] {
            for mode in [PeerVerifyMode.verify, .auto] {
                let meeting = try await Meeting(mode, credential)
                meeting.socket.sslErrors.connect { _, decision in
                    #expect(decision.peerCertificateChain == credential.chain)
                }
                try await meeting.ask()
                let (told, clientTold) = try await meeting.refusal()
                #expect(told.contains("peerVerifyError \(problem)"), "\(told)")
                #expect(told.contains("alertSent fatal \(alert)"), "\(told)")
                #expect(told.contains("error sslHandshakeFailed"))
                #expect(clientTold == ["alertReceived fatal \(alert)", "error sslInternal"])
                // It never was who it said.
                #expect(await meeting.socket.peerCertificate == nil)
                #expect(meeting.serverRecorder.all == ["newConnection", "started", "pending"])
                await meeting.end()
            }
        }
    }

    @Test(
        "F-07, SK-7 ignored in the slot or with Query, the client counts as not verified; a good answer makes up for it"
    )
    func ignored() async throws {
        for place in ["peerVerifyError", "sslErrors", "after asking", "query"] {
            let meeting = try await Meeting(place == "query" ? .query : .verify, ClientIdentity.selfSigned)
            meeting.socket.peerVerifyError.connect { socket, _ in
                if place == "peerVerifyError" { socket.ignoreSSLErrors() }
            }
            meeting.socket.sslErrors.connect { socket, _ in
                // The proof is not complete.
                #expect(socket.peerCertificate == nil)
                if place == "sslErrors" { socket.ignoreSSLErrors() }
            }
            try await meeting.socket.run { socket throws(SocketFailure) in
                try socket.requestClientCertificate(timeout: nil)
                if place == "after asking" { socket.ignoreSSLErrors() }
            }
            try await eventually { await !meeting.socket.isAwaitingCertificate }
            #expect(
                meeting.recorder.all == [
                    "peerVerifyError selfSignedCertificate", "sslErrors selfSignedCertificate", "certificate shown",
                ], "\(place)")
            #expect(await meeting.socket.peerCertificate == ClientIdentity.selfSigned.chain[0])
            #expect(await !meeting.socket.isPeerVerified)
            await meeting.end()
        }

        // Another certificate for each request.
        let meeting = try await Meeting(.verify, nil, client: { $0.asksForCredential = true })
        let shown = Recorder()
        meeting.client.credentialRequired.connect { _, request in
            request.use(shown.all.isEmpty ? ClientIdentity.selfSigned : ClientIdentity.good)
            shown.add("one")
        }
        meeting.socket.sslErrors.connect { _, decision in decision.ignore() }
        try await meeting.ask()
        #expect(await !meeting.socket.isPeerVerified)
        #expect(await meeting.socket.sslHandshakeErrors.count == 1)
        try await meeting.ask()
        #expect(await meeting.socket.isPeerVerified)
        #expect(await meeting.socket.sslHandshakeErrors.isEmpty)
        #expect(await meeting.socket.peerCertificate == ClientIdentity.good.chain[0])
        await meeting.end()
    }

    @Test("F-07, IG-1 what was ignored in the handshake, or for an earlier answer, is not ignored for this one")
    func ignoringEnds() async throws {
        let meeting = try await Meeting(
            .verify, ClientIdentity.selfSigned,
            prepare: { server in
                server.startedEncryptionHandshake.connect { _, socket in
                    socket.perform { $0.ignoreSSLErrors() }
                }
            })
        try await meeting.ask()
        let (told, _) = try await meeting.refusal()
        #expect(told.contains("alertSent fatal unknown_ca"))
        await meeting.end()
    }

    @Test("F-07, G-19, SV-13 the decision comes later, problem by problem, or after resume()")
    func later() async throws {
        for isIgnored in [true, false] {
            let deferred = try await Meeting(.verify, ClientIdentity.selfSigned)
            deferred.socket.sslErrors.connect { _, decision in
                Task.detached {
                    try await Task.sleep(for: .milliseconds(20))
                    if isIgnored { decision.ignore() } else { decision.reject() }
                }
            }
            try await deferred.ask()
            #expect(await (deferred.socket.certificateRequestAnswer == .shown) == isIgnored)
            #expect(deferred.recorder.all.contains("alertSent fatal unknown_ca") == !isIgnored)
            await deferred.end()

            let interrupted = try await Meeting(
                .verify, ClientIdentity.selfSigned, { $0.handshakeMustInterruptOnError = true })
            interrupted.socket.handshakeInterruptedOnError.connect { socket, interruption in
                #expect(interruption.peerCertificateChain == ClientIdentity.selfSigned.chain)
                // It has not been told as a whole: this answers nothing.
                socket.resume()
                if isIgnored { interruption.proceed() }
            }
            interrupted.socket.sslErrors.connect { _, decision in decision.ignore() }
            try await interrupted.ask()
            #expect(interrupted.recorder.all.first == "interrupted selfSignedCertificate")
            #expect(interrupted.recorder.all.contains("certificate shown") == isIgnored)
            #expect(interrupted.recorder.all.contains("alertSent fatal unknown_ca") == !isIgnored)
            await interrupted.end()

            let paused = try await Meeting(.verify, ClientIdentity.selfSigned)
            await paused.socket.run { $0.pauseMode = .pauseOnSSLErrors }
            try await paused.socket.requestClientCertificate(timeout: nil)
            try await eventually { paused.recorder.all.contains { $0.hasPrefix("sslErrors") } }
            // Neither side is held up by it.
            await paused.socket.write([7])
            #expect(try await paused.client.receive(1) == [7])
            #expect(await paused.socket.isAwaitingCertificate)
            try await eventually {
                await paused.socket.run { socket in
                    if isIgnored { socket.ignoreSSLErrors() }
                    socket.resume()
                    return !socket.isAwaitingCertificate
                }
            }
            #expect(paused.recorder.all.contains("certificate shown") == isIgnored)
            #expect(paused.recorder.all.contains("alertSent fatal unknown_ca") == !isIgnored)
            await paused.end()
        }
    }

    @Test("F-07, G-8, G-19 the client chooses its credential and signs later; unanswered, it declines or gives up")
    func clientChooses() async throws {
        let key = try #require(ClientIdentity.good.key)
        let external = try Credential(chain: ClientIdentity.good.chain, signatureSchemes: [.ecdsaSecp256r1SHA256])
        for signs in [true, false] {
            let meeting = try await Meeting(
                .verify, nil, { $0.announcesCertificateAuthorities = true }, client: { $0.asksForCredential = true })
            meeting.client.credentialRequired.connect { _, request in
                #expect(request.certificateAuthorities == [ClientIdentity.authority.subject.der])
                Task.detached {
                    try await Task.sleep(for: .milliseconds(20))
                    request.use(external)
                }
            }
            meeting.client.signatureRequired.connect { _, pending in
                guard signs else { return }
                Task.detached {
                    try await Task.sleep(for: .milliseconds(20))
                    pending.supply(try key.sign(pending.request.content.span, scheme: pending.request.scheme))
                }
            }
            try await meeting.ask()
            if signs {
                #expect(await meeting.socket.peerCertificate == ClientIdentity.good.chain[0])
                #expect(await meeting.socket.isPeerVerified)
                try await meeting.exchange()
            } else {
                try await eventually { meeting.recorder.all.last?.hasPrefix("disconnected") == true }
                #expect(meeting.recorder.all.contains("alertReceived fatal internal_error"))
            }
            await meeting.end()
        }
        let silent = try await Meeting(.auto, nil, client: { $0.asksForCredential = true })
        try await silent.ask()
        #expect(silent.recorder.all == ["certificate declined"])
        await silent.end()
    }

    @Test("F-07 a client that takes too long gets certificate_required, and the connection ends")
    func deadline() async throws {
        let meeting = try await Meeting(.verify, nil, client: { $0.asksForCredential = true })
        let kept = KeptRequests()
        meeting.client.credentialRequired.connect { _, request in kept.keep(request) }
        try await meeting.socket.requestClientCertificate(timeout: .milliseconds(50))
        try await eventually { meeting.recorder.all.last?.hasPrefix("disconnected") == true }
        #expect(
            meeting.recorder.all.filter { $0.hasPrefix("alert") || $0.hasPrefix("error") }
                == ["alertSent fatal certificate_required", "error socketTimeout"])
        #expect(await meeting.socket.errorString == "the client has not shown a certificate in time")
        #expect(await !meeting.socket.isAwaitingCertificate)
        await meeting.end()
    }

    @Test("F-07 who cannot be asked: thrown with a reason, and the connection goes on")
    func cannotBeAsked() async throws {
        let unwilling = try await Meeting(client: { $0.postHandshakeAuthenticationEnabled = false })
        await #expect(throws: SocketFailure.self) { try await unwilling.socket.requestClientCertificate(timeout: nil) }
        await #expect(throws: SocketFailure.self) { try await unwilling.client.requestClientCertificate(timeout: nil) }
        try await unwilling.exchange()
        await unwilling.end()

        let key = try PreSharedKey(identity: [1], key: [UInt8](repeating: 7, count: 32))
        let agreed = try await Meeting(.verify, nil, { $0.preSharedKeys = [key] }, client: { $0.preSharedKeys = [key] })
        await #expect(throws: SocketFailure.self) { try await agreed.socket.requestClientCertificate(timeout: nil) }
        try await agreed.exchange()
        await agreed.end()

        // Nobody is trusted, so nobody is asked.
        let pair = try await Pair()
        await #expect(throws: SocketFailure.self) { try await pair.socket.requestClientCertificate(timeout: nil) }
        await pair.end()
        await #expect(throws: SocketFailure.self) { try await pair.socket.requestClientCertificate(timeout: nil) }

        let asked = try await Meeting(.verify, nil, client: { $0.asksForCredential = true })
        let kept = KeptRequests()
        asked.client.credentialRequired.connect { _, request in kept.keep(request) }
        try await asked.socket.requestClientCertificate(timeout: nil)
        try await eventually { kept.count == 1 }
        let loop = try EventLoop()
        for socket in [asked.socket, asked.client] {
            await #expect(throws: SocketFailure.self) { try await socket.move(to: loop) }
        }
        kept.answer(with: ClientIdentity.good)
        try await eventually { await !asked.socket.isAwaitingCertificate }
        let moved = try await asked.socket.move(to: loop)
        #expect(await moved.isPeerVerified)
        #expect(await moved.certificateRequestAnswer == .shown)
        await moved.abort()
        await asked.end()
    }

    @Test("F-07 settings that cannot work are refused")
    func settings() throws {
        var configuration = try Fixture.server()
        configuration.postHandshakeAuthenticationEnabled = true
        #expect(throws: ConfigurationError.self) { try configuration.validate(as: .server) }
        configuration.trustedPublicKeys = [
            try #require(Credential(rawPublicKeyOf: SSLKey.generate(.ed25519)).rawPublicKey)
        ]
        #expect(throws: ConfigurationError.self) { try configuration.validate(as: .server) }
        configuration.caCertificates = [ClientIdentity.authority]
        try configuration.validate(as: .server)
    }

    @Test("F-07, F-22 an end on either side while a decision is out: nothing hangs, nothing is answered")
    func ends() async throws {
        let meeting = try await Meeting(.verify, nil, client: { $0.asksForCredential = true })
        await meeting.server.run { $0.allowHalfClose = true }
        await meeting.socket.run { $0.allowHalfClose = true }
        let kept = KeptRequests()
        meeting.client.credentialRequired.connect { _, request in kept.keep(request) }
        try await meeting.socket.requestClientCertificate(timeout: nil)
        try await eventually { kept.count == 1 }
        await meeting.client.closeWriteChannel()
        try await eventually { meeting.recorder.all.contains("readChannelFinished") }
        kept.answer(with: ClientIdentity.good)
        await meeting.socket.write([9])
        #expect(try await meeting.client.receive(1) == [9])
        await meeting.socket.disconnectFromHost()
        try await eventually { meeting.clientRecorder.all.last == "disconnected closeNotify" }
        #expect(await meeting.socket.certificateRequestAnswer == nil)
        await meeting.end()

        // The server has said all it has to say, and still decides.
        let server = try await Meeting(.verify, ClientIdentity.selfSigned)
        server.socket.sslErrors.connect { socket, decision in
            socket.closeWriteChannel()
            decision.ignore()
        }
        await server.client.run { $0.allowHalfClose = true }
        try await server.ask()
        #expect(await server.socket.peerCertificate == ClientIdentity.selfSigned.chain[0])
        await server.end()

        // In the slot of the question, the connection ends.
        let aborting = try await Meeting(.verify, ClientIdentity.selfSigned)
        aborting.socket.peerVerifyError.connect { socket, _ in socket.abort(with: .accessDenied) }
        try await aborting.ask()
        let (told, clientTold) = try await aborting.refusal()
        #expect(!told.contains { $0.hasPrefix("sslErrors") || $0.hasPrefix("error") })
        #expect(told.contains("alertSent fatal access_denied"))
        #expect(clientTold == ["alertReceived fatal access_denied", "error sslInternal"])
        await aborting.end()
    }

    @Test("F-07 in a task: the answer, a refusal, a cancellation, and bytes that come meanwhile")
    func asynchronous() async throws {
        let meeting = try await Meeting()
        await meeting.client.write([1, 2, 3])
        let connection = SSLConnection(meeting.socket)
        #expect(try await connection.requestClientCertificate(timeout: nil) == .shown)
        #expect(await meeting.socket.isPeerVerified)
        #expect(try await meeting.socket.receive(3) == [1, 2, 3])
        await meeting.end()
        await #expect(throws: SocketFailure.self) { try await connection.requestClientCertificate(timeout: nil) }

        let refused = try await Meeting(.verify, ClientIdentity.stranger)
        let failure = await #expect(throws: SocketFailure.self) {
            try await SSLConnection(refused.socket).requestClientCertificate(timeout: nil)
        }
        #expect(failure?.error == .sslHandshakeFailed && failure?.ending == .failed)
        await refused.end()

        let slow = try await Meeting(.verify, nil, client: { $0.asksForCredential = true })
        let kept = KeptRequests()
        slow.client.credentialRequired.connect { _, request in kept.keep(request) }
        let task = Task { try await SSLConnection(slow.socket).requestClientCertificate(timeout: nil) }
        try await eventually { kept.count == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        kept.answer(with: ClientIdentity.good)
        try await eventually { await slow.socket.isPeerVerified }
        await slow.end()
    }
}
