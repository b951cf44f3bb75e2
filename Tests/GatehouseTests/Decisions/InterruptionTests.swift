import Gatehouse
import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

/// Handshakes that are interrupted, paused, and ended by those who are asked.
@Suite(.onOwnThreads, .patient) struct InterruptionTests {
    private static let sslErrors = "sslErrors selfSignedCertificate"

    private static func interrupting(_ mode: PeerVerifyMode) throws -> SSLConfiguration {
        try ClientIdentity.server(mode) { $0.handshakeMustInterruptOnError = true }
    }

    @Test("5.7a, 6.1-4, SV-13, P9 nobody continues: the alert and nothing else, in Query too", arguments: [1, 2])
    func notContinued(threads: Int) async throws {
        for mode in [PeerVerifyMode.verify, .query] {
            let attempt = try await Attempt(
                Self.interrupting(mode), ClientIdentity.client(ClientIdentity.selfSigned), threads: threads)
            #expect(
                attempt.story == [
                    "interrupted selfSignedCertificate", "alertSent fatal unknown_ca", "error sslHandshakeFailed",
                ])
            #expect(try await attempt.clientEnd().contains("alertReceived fatal unknown_ca"))
            await attempt.end()
        }
    }

    @Test(
        "5.7b, 5.7c, IG-3, 6.3-52 continued in the slot or by the value: the same problems come again, to be ignored",
        arguments: [1, 2])
    func continued(threads: Int) async throws {
        for usesValue in [true, false] {
            for ignores in [true, false] {
                let attempt = try await Attempt(
                    Self.interrupting(.verify), ClientIdentity.client(ClientIdentity.selfSigned), threads: threads
                ) { server in
                    server.handshakeInterruptedOnError.connect { _, socket, interruption in
                        if usesValue {
                            interruption.proceed()
                        } else {
                            socket.perform { $0.continueInterruptedHandshake() }
                        }
                    }
                    server.sslErrors.connect { _, socket, _ in
                        if ignores { socket.perform { $0.ignoreSSLErrors() } }
                    }
                }
                let end = ignores ? ["pending"] : ["alertSent fatal unknown_ca", "error sslHandshakeFailed"]
                #expect(attempt.story == ["interrupted selfSignedCertificate", Self.sslErrors] + end)
                if !ignores {
                    #expect(try await attempt.clientEnd().contains("alertReceived fatal unknown_ca"))
                }
                await attempt.end()
            }
        }
    }

    @Test("G-19, SV-15, P8 decided later, from another thread", arguments: [1, 2])
    func later(threads: Int) async throws {
        for ignores in [true, false] {
            let attempt = try await Attempt(
                Self.interrupting(.verify), ClientIdentity.client(ClientIdentity.selfSigned), threads: threads
            ) { server in
                server.handshakeInterruptedOnError.connect { _, _, interruption in
                    Task.detached {
                        try await Task.sleep(for: .milliseconds(20))
                        interruption.proceed()
                    }
                }
                server.sslErrors.connect { _, _, decision in
                    Task.detached {
                        try await Task.sleep(for: .milliseconds(20))
                        if ignores { decision.ignore() } else { decision.reject() }
                        // Only the first answer counts.
                        decision.ignore()
                        decision.reject()
                    }
                }
            }
            #expect(attempt.isAccepted == ignores)
            await attempt.end()
        }
    }

    @Test("G-19 let go unanswered is no; too late does nothing")
    func dropped() async throws {
        let kept = Kept()
        let attempt = try await Attempt(
            ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned)
        ) { server in
            server.sslErrors.connect { _, _, decision in
                kept.decisions.withLock { $0.append(decision) }
                Task.detached {
                    try await Task.sleep(for: .milliseconds(20))
                    // The last one who could answer goes away.
                    kept.decisions.withLock { $0 = [] }
                }
            }
        }
        #expect(attempt.events.suffix(2) == ["alertSent fatal unknown_ca", "error sslHandshakeFailed"])
        await attempt.end()

        let late = try await Attempt(
            ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned)
        ) { server in
            server.handshakeTimeout = .milliseconds(300)
            server.sslErrors.connect { _, _, decision in kept.decisions.withLock { $0.append(decision) } }
        }
        #expect(late.events.last == "error socketTimeout")
        for decision in kept.decisions.withLock({ $0 }) { decision.ignore() }
        _ = try await late.clientEnd()
        #expect(await !late.server.hasPendingConnections)
        await late.end()
    }

    @Test("IG-4, 6.3-44 paused on problems: resumed with the right ones ignored, or with the wrong ones")
    func paused() async throws {
        let right = SSLError(.selfSignedCertificate, certificate: ClientIdentity.selfSigned.chain[0])
        let wrong = SSLError(.certificateExpired, certificate: ClientIdentity.selfSigned.chain[0])
        for (list, ignoresAll, isAccepted) in [
            ([], false, false), ([], true, true), ([right], false, true), ([wrong], false, false),
        ] {
            let attempt = try await Attempt(
                ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned)
            ) { server in
                server.startedEncryptionHandshake.connect { _, socket in
                    socket.perform { $0.pauseMode = .pauseOnSSLErrors }
                }
                server.sslErrors.connect { _, socket, _ in
                    Task.detached {
                        try await Task.sleep(for: .milliseconds(20))
                        await socket.run { socket in
                            #expect(socket.state == .connected && !socket.isEncrypted)
                            socket.ignoreSSLErrors(list)
                            if ignoresAll { socket.ignoreSSLErrors() }
                            socket.resume()
                        }
                    }
                }
            }
            #expect(attempt.isAccepted == isAccepted)
            if !isAccepted { #expect(attempt.events.last == "error sslHandshakeFailed") }
            await attempt.end()
        }
        // The handshake's time goes on.
        let forgotten = try await Attempt(
            ClientIdentity.server(.verify), ClientIdentity.client(ClientIdentity.selfSigned)
        ) { server in
            server.handshakeTimeout = .milliseconds(300)
            server.startedEncryptionHandshake.connect { _, socket in
                socket.perform { $0.pauseMode = .pauseOnSSLErrors }
            }
        }
        #expect(forgotten.events.last == "error socketTimeout")
        await forgotten.end()
    }

    @Test(
        "IG-5, G-17, 6.3-40, P10 ended in the slot: no more signals, no error, and its room is free at once",
        arguments: ["abort", "close", "disconnect"], ["interrupted", "peerVerifyError", "sslErrors"])
    func ended(how: String, place: String) async throws {
        let configuration = try place == "interrupted" ? Self.interrupting(.verify) : ClientIdentity.server(.verify)
        let (server, recorder, endpoint) = try await SSLServer.listening(configuration) { server in
            @Sendable func end(_ socket: SSLSocket) {
                socket.perform { socket in
                    switch how {
                    case "abort": socket.abort()
                    case "close": socket.close()
                    default: socket.disconnectFromHost()
                    }
                }
            }
            server.handshakeInterruptedOnError.connect { _, socket, _ in if place == "interrupted" { end(socket) } }
            server.peerVerifyError.connect { _, socket, _ in if place == "peerVerifyError" { end(socket) } }
            server.sslErrors.connect { _, socket, _ in if place == "sslErrors" { end(socket) } }
        }
        let client = try await SSLSocket.connecting(
            to: endpoint, ClientIdentity.client(ClientIdentity.selfSigned))
        try await eventually { recorder.all.contains { $0.hasPrefix(place) } }
        try await eventually { await server.statistics.open == 0 }
        #expect(await server.statistics.inFlight == 0)
        #expect(await server.statistics.failed == 0)
        let told = recorder.all.filter { !$0.hasPrefix("alertSent warning close_notify") }
        let end = ["interrupted": "interrupted", "peerVerifyError": "peerVerifyError", "sslErrors": "sslErrors"][place]
        #expect(told.last?.hasPrefix(end ?? "-") == true, "\(told)")
        try await eventually { await client.state == .unconnected }
        await server.close()
    }

    @Test("6.1-3, 6.3-51 a client that interrupts: one alert, one error, and the server hears the alert")
    func interruptingClient() async throws {
        let (server, serverRecorder, endpoint) = try await SSLServer.listening(
            Fixture.server(alpn: [], Fixture.otherCredential))
        let recorder = Recorder()
        let configuration = try ClientIdentity.client(nil) { $0.handshakeMustInterruptOnError = true }
        let client = try await SSLSocket.connecting(to: endpoint, configuration, recorder: recorder)
        try await eventually { recorder.all.last == "disconnected failed" }
        #expect(
            recorder.all.drop { $0 != "connected" } == [
                "connected", "interrupted selfSignedCertificate", "alertSent fatal unknown_ca",
                "error sslHandshakeFailed", "state unconnected", "readChannelFinished", "disconnected failed",
            ])
        #expect(await client.error == .sslHandshakeFailed)
        try await eventually { serverRecorder.all.last?.hasPrefix("error") == true }
        #expect(
            serverRecorder.all == [
                "newConnection", "started", "alertReceived fatal unknown_ca", "error sslHandshakeFailed",
            ])
        #expect(await !server.hasPendingConnections)
        await server.close()
    }

    @Test("6.1-1, IG-2 a client decides about its server in the same ways")
    func client() async throws {
        let (server, serverRecorder, endpoint) = try await SSLServer.listening(
            Fixture.server(alpn: [], Fixture.otherCredential))
        let certificate = Fixture.otherCredential.chain[0]
        let list = [
            SSLError(.selfSignedCertificate, certificate: certificate),
            SSLError(.hostNameMismatch, certificate: certificate),
        ]
        for (ignored, isAccepted) in [(list, true), ([list[0]], false)] {
            let recorder = Recorder()
            let socket = try SSLSocket(
                configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
            recorder.follow(socket)
            socket.sslErrors.connect { socket, _ in socket.ignoreSSLErrors(ignored) }
            try await socket.connectToHostEncrypted(
                endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
            try await eventually { recorder.all.contains { $0 == "encrypted" || $0.hasPrefix("error ") } }
            #expect(
                recorder.all.filter { $0.hasPrefix("peerVerifyError") } == [
                    "peerVerifyError selfSignedCertificate", "peerVerifyError hostNameMismatch",
                ])
            #expect(await socket.isEncrypted == isAccepted)
            #expect(await Set(socket.sslHandshakeErrors) == Set(list))
            if !isAccepted {
                #expect(recorder.all.contains("alertSent fatal unknown_ca"))
                // The first problem's text is the socket's.
                #expect(await socket.errorString == socket.sslHandshakeErrors.first?.errorString)
            }
            await socket.abort()
        }
        // No server signal but the beginning and the end.
        #expect(serverRecorder.all.allSatisfy { !$0.hasPrefix("peerVerify") && !$0.hasPrefix("sslErrors") })
        await server.close()
    }
}

/// Decisions that somebody has taken along.
private final class Kept: Sendable {
    let decisions = Mutex<[SSLErrorsDecision]>([])
}
