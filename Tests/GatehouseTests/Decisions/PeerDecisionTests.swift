import Gatehouse
import GatehouseCertificates
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// What a server does about its clients' certificates, and who has a say in it.
@Suite(.onOwnThreads, .patient) struct PeerDecisionTests {
    private static let refusal = ["alertSent fatal unknown_ca", "error sslHandshakeFailed"]

    @Test("5.2, SK-6 a good certificate: no more signals than without, and the chain is there, verified")
    func good() async throws {
        for credential in [ClientIdentity.good, ClientIdentity.chained] {
            let attempt = try await Attempt(ClientIdentity.server(.verify), ClientIdentity.client(credential))
            #expect(attempt.events == ["newConnection", "started", "pending"])
            let socket = try #require(await attempt.socket())
            #expect(await socket.peerCertificateChain == credential.chain)
            #expect(await socket.peerCertificate == credential.chain[0])
            #expect(await socket.isPeerVerified)
            #expect(await socket.sslHandshakeErrors.isEmpty)
            await attempt.end()
            try await eventually { await socket.state == .unconnected }
            #expect(await socket.peerCertificateChain == credential.chain)
        }
    }

    @Test("5.3, 6.1-2, G-4, SV-7, SV-8, SV-11, P10, P14 a bad certificate: every signal once, and the alert is sent")
    func bad() async throws {
        let attempt = try await Attempt(
            ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned))
        #expect(
            attempt.events == [
                "newConnection", "started", "peerVerifyError selfSignedCertificate",
                "sslErrors selfSignedCertificate", "alertSent fatal unknown_ca",
                "error sslHandshakeFailed",
            ])
        #expect(await !attempt.server.hasPendingConnections)
        // In TLS 1.3 the client is done before the server has judged it: the alert is what it reads first.
        let end = try await attempt.clientEnd()
        #expect(end.contains("alertReceived fatal unknown_ca"))
        #expect(end.last == "disconnected failed")
        await attempt.end()
    }

    @Test("4.1 each problem has its alert")
    func alerts() async throws {
        for (credential, errors, alert) in [
            (ClientIdentity.stranger, ["unableToVerifyFirstCertificate"], "unknown_ca"),
            (ClientIdentity.expired, ["certificateExpired"], "certificate_expired"),
            (ClientIdentity.serverOnly, ["invalidPurpose"], "unsupported_certificate"),
        ] {
            let attempt = try await Attempt(ClientIdentity.server(.verify), ClientIdentity.client(credential))
            let told = attempt.events.filter { $0.hasPrefix("peerVerifyError") }
            for error in errors { #expect(told.contains("peerVerifyError \(error)"), "\(told)") }
            #expect(attempt.events.contains("alertSent fatal \(alert)"), "\(attempt.events)")
            #expect(attempt.events.last == "error sslHandshakeFailed")
            await attempt.end()
        }
    }

    @Test(
        "5.4, IG-1, SK-7, P14 problems are ignored in the slot of sslErrors, of peerVerifyError, or before",
        arguments: ["sslErrors", "peerVerifyError", "started", "decision"], [1, 2])
    func ignored(place: String, threads: Int) async throws {
        let attempt = try await Attempt(
            ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned), threads: threads
        ) { server in
            server.sslErrors.connect { _, socket, decision in
                if place == "sslErrors" { socket.perform { $0.ignoreSSLErrors() } }
                if place == "decision" { decision.ignore() }
            }
            server.peerVerifyError.connect { _, socket, _ in
                if place == "peerVerifyError" { socket.perform { $0.ignoreSSLErrors() } }
            }
            server.startedEncryptionHandshake.connect { _, socket in
                if place == "started" { socket.perform { $0.ignoreSSLErrors() } }
            }
        }
        #expect(attempt.isAccepted)
        #expect(attempt.story.count == 3)
        let socket = try #require(await attempt.socket())
        #expect(await socket.sslHandshakeErrors.map(\.code) == [.selfSignedCertificate])
        #expect(await socket.peerCertificate == ClientIdentity.selfSigned.chain[0])
        #expect(await !socket.isPeerVerified)
        #expect(await socket.isEncrypted)
        await attempt.end()
    }

    @Test("IG-2, 6.3-39 a list ignores what it names, and wins over ignoring everything")
    func lists() async throws {
        let certificate = ClientIdentity.selfSigned.chain[0]
        let right = SSLError(.selfSignedCertificate, certificate: certificate)
        let extra = SSLError(.certificateExpired, certificate: certificate)
        let withoutCertificate = SSLError(.selfSignedCertificate)
        for (list, ignoresAll, isAccepted) in [
            ([], false, false), ([right], false, true), ([extra, right], false, true), ([extra], false, false),
            ([withoutCertificate], false, false), ([extra], true, false), ([right], true, true), ([], true, true),
        ] {
            for isEarly in [true, false] {
                let attempt = try await Attempt(
                    ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned)
                ) { server in
                    let ignore: @Sendable (isolated SSLSocket) -> Void = { socket in
                        socket.ignoreSSLErrors([extra])
                        socket.ignoreSSLErrors(list)
                        if ignoresAll { socket.ignoreSSLErrors() }
                    }
                    server.startedEncryptionHandshake.connect { _, socket in
                        if isEarly { socket.perform { ignore($0) } }
                    }
                    server.sslErrors.connect { _, socket, _ in
                        if !isEarly { socket.perform { ignore($0) } }
                    }
                }
                #expect(attempt.isAccepted == isAccepted, "\(list) \(ignoresAll)")
                await attempt.end()
            }
        }
    }

    @Test("5.5 asked, but not required to be good: problems are told and change nothing")
    func query() async throws {
        let attempt = try await Attempt(
            ClientIdentity.server(.query), ClientIdentity.client(ClientIdentity.selfSigned))
        #expect(
            attempt.story == [
                "peerVerifyError selfSignedCertificate", "sslErrors selfSignedCertificate",
                "pending",
            ])
        let socket = try #require(await attempt.socket())
        #expect(await !socket.isPeerVerified)
        await attempt.end()

        let rejected = try await Attempt(
            ClientIdentity.server(.query), ClientIdentity.client(ClientIdentity.selfSigned)
        ) { server in server.sslErrors.connect { _, _, decision in decision.reject() } }
        #expect(rejected.events.suffix(2) == Self.refusal)
        await rejected.end()
    }

    @Test("5.6, 6.3-50, SV-11 no certificate: a problem that can be ignored, or a certificate_required alert at once")
    func missing() async throws {
        let attempt = try await Attempt(ClientIdentity.server(.verify), ClientIdentity.client(nil))
        #expect(
            attempt.story == [
                "peerVerifyError noPeerCertificate", "sslErrors noPeerCertificate",
                "alertSent fatal certificate_required", "error sslHandshakeFailed",
            ])
        #expect(try await attempt.clientEnd().contains("alertReceived fatal certificate_required"))
        await attempt.end()

        let ignored = try await Attempt(ClientIdentity.server(.verify), ClientIdentity.client(nil)) { server in
            server.sslErrors.connect { _, socket, _ in
                socket.perform { $0.ignoreSSLErrors([SSLError(.noPeerCertificate)]) }
            }
        }
        #expect(ignored.isAccepted)
        let socket = try #require(await ignored.socket())
        #expect(await socket.peerCertificate == nil)
        #expect(await !socket.isPeerVerified)
        await ignored.end()

        for mode in [PeerVerifyMode.verify, .query, .auto] {
            let fatal = try await Attempt(
                ClientIdentity.server(mode) { $0.missingCertificateIsFatal = true }, ClientIdentity.client(nil)
            ) { server in
                server.startedEncryptionHandshake.connect { _, socket in
                    socket.perform { $0.ignoreSSLErrors() }
                }
            }
            #expect(fatal.story == ["alertSent fatal certificate_required", "error sslHandshakeFailed"])
            await fatal.end()
        }
    }

    @Test("6.3-46, 6.3-35, G-21, G-12 every mode with every kind of certificate")
    func matrix() async throws {
        let kinds: [(name: String, credential: Credential?, isGood: Bool)] = [
            ("none", nil, false), ("self-signed", ClientIdentity.selfSigned, false),
            ("server-purpose", ClientIdentity.serverOnly, false), ("client-purpose", ClientIdentity.good, true),
            ("chained", ClientIdentity.chained, true),
        ]
        for (name, credential, isGood) in kinds {
            for mode in [PeerVerifyMode.none, .query, .verify, .auto] {
                let attempt = try await Attempt(ClientIdentity.server(mode), ClientIdentity.client(credential))
                let isExpected =
                    switch mode {
                    case .verify: isGood
                    case .auto: isGood || credential == nil
                    default: true
                    }
                #expect(attempt.isAccepted == isExpected, "\(name) \(mode)")
                if isExpected, let socket = await attempt.socket() {
                    let chain = await socket.peerCertificateChain
                    #expect(chain == (mode == .none ? [] : credential?.chain ?? []), "\(name) \(mode)")
                    #expect(await socket.isPeerVerified == (isGood && mode != .none))
                }
                await attempt.end()
            }
            // Nobody to trust is set: Auto asks for nothing, and Verify trusts nobody.
            let auto = try await Attempt(
                ClientIdentity.server(.auto) { $0.trustStore = nil }, ClientIdentity.client(credential))
            #expect(auto.events == ["newConnection", "started", "pending"])
            #expect(await auto.socket()?.peerCertificate == nil)
            await auto.end()
            let empty = try await Attempt(
                ClientIdentity.server(.verify) { $0.trustStore = nil }, ClientIdentity.client(credential))
            #expect(!empty.isAccepted)
            await empty.end()
        }
    }

    @Test("6.3-52 a self-signed certificate that is itself trusted is good, without an alert")
    func knownSelfSigned() async throws {
        let configuration = try ClientIdentity.server(.verify) {
            $0.caCertificates = [ClientIdentity.selfSigned.chain[0]]
        }
        let attempt = try await Attempt(configuration, ClientIdentity.client(ClientIdentity.selfSigned))
        #expect(attempt.events == ["newConnection", "started", "pending"])
        await attempt.end()
    }

    @Test("G-22 no ticket after ignored problems; one after none")
    func tickets() async throws {
        for (credential, getsTicket) in [(ClientIdentity.good, true), (ClientIdentity.selfSigned, false), (nil, false)]
        {
            let attempt = try await Attempt(ClientIdentity.server(.verify), ClientIdentity.client(credential)) {
                server in
                server.sslErrors.connect { _, _, decision in decision.ignore() }
            }
            #expect(attempt.isAccepted)
            let socket = try #require(await attempt.socket())
            await socket.write([1])
            _ = try await attempt.client.receive(1)
            #expect(await (attempt.client.sessionTicket != nil) == getsTicket)
            await attempt.end()
        }
    }
}
