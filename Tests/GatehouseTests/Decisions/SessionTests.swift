import GatehouseSystem
import GatehouseTLS
import Synchronization
import TestSupport
import Testing

@testable import Gatehouse

/// Coming back: sessions and early data, in both roles.
@Suite(.onOwnThreads, .patient) struct SessionTests {
    /// Connects, exchanges a byte, and disconnects; the session of the last ticket.
    private func visit(
        _ server: SSLServer, _ endpoint: Endpoint, _ configuration: SSLConfiguration, _ early: [UInt8] = []
    ) async throws -> (client: SSLSocket, server: SSLSocket, session: SSLSession?) {
        let client = try SSLSocket(configuration: configuration, on: EventLoop(), handshakeTimeout: Fixture.patience)
        await client.writeEarlyData(early)
        try await client.connectToHostEncrypted(
            endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
        let socket = try #require(await server.next())
        await socket.write([1])
        #expect(try await client.receive(1) == [1])
        let session = await client.sessionTicket
        await client.disconnectFromHost()
        try await eventually { await client.state == .unconnected }
        try await eventually { await socket.state == .unconnected }
        return (client, socket, session)
    }

    private func configuration(resuming session: SSLSession?) throws -> SSLConfiguration {
        var configuration = try Fixture.client()
        configuration.sessionTicket = session
        configuration.offersEarlyData = true
        return configuration
    }

    @Test("G-6, 5.16, SK-11 resumption works on a default server, and never reaches the PSK signal", arguments: [1, 3])
    func resumed(threads: Int) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(threads: threads)
        var session: SSLSession?
        for visit in 0..<6 {
            let (client, socket, next) = try await self.visit(
                server, endpoint, configuration(resuming: session))
            #expect(await client.isSessionResumed == (visit > 0))
            #expect(await socket.isSessionResumed == (visit > 0))
            #expect(await client.peerCertificate == Fixture.credential.chain[0])
            #expect(await client.isPeerVerified)
            #expect(await socket.sessionTicket == nil)
            // As bytes and back, as it would be kept in a file.
            session = try SSLSession(importing: #require(next).exported())
        }
        // A ticket of another server, whose key is not here: a full handshake, and no signal either.
        let (other, otherRecorder, otherEndpoint) = try await SSLServer.listening()
        let (client, _, _) = try await visit(other, otherEndpoint, configuration(resuming: session))
        #expect(await !client.isSessionResumed)
        #expect(!(recorder.all + otherRecorder.all).contains { $0.hasPrefix("psk") })
        await server.close()
        await other.close()
    }

    @Test("SK-11 newSessionTicketReceived tells of each ticket; count, lifetime and none are settings")
    func tickets() async throws {
        for (count, resumption, expected) in [
            (0, SSLSessionResumption.automatic, 0), (1, .automatic, 1), (5, .automatic, 5), (2, .disabled, 0),
            (2, .tickets(TicketKeys()), 2), (2, .store(SessionStore(capacity: 10)), 2),
        ] {
            var configuration = try Fixture.server()
            configuration.sessionTicketCount = count
            configuration.sessionTicketLifetime = .seconds(100)
            configuration.sessionResumption = resumption
            let (server, _, endpoint) = try await SSLServer.listening(configuration)
            let client = try SSLSocket(
                configuration: Fixture.client(), on: EventLoop(), handshakeTimeout: Fixture.patience)
            let received = Received()
            let start = SystemClock.unixTime
            client.newSessionTicketReceived.connect { _, session in received.sessions.withLock { $0.append(session) } }
            try await client.connectToHostEncrypted(
                endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
            let socket = try #require(await server.next())
            await socket.write([1])
            _ = try await client.receive(1)
            let sessions = received.sessions.withLock { $0 }
            #expect(sessions.count == expected)
            for session in sessions {
                #expect((start + 100...SystemClock.unixTime + 100).contains(session.expiry))
            }
            await client.abort()
            await server.close()
        }
    }

    @Test("G-6 keys that two servers share, and a store whose tickets are good once")
    func sharedKeys() async throws {
        var configuration = try Fixture.server()
        configuration.sessionResumption = .tickets(TicketKeys())
        let (first, _, firstEndpoint) = try await SSLServer.listening(configuration)
        let (second, _, secondEndpoint) = try await SSLServer.listening(configuration)
        let (_, _, session) = try await visit(first, firstEndpoint, self.configuration(resuming: nil))
        let (client, _, _) = try await visit(second, secondEndpoint, self.configuration(resuming: session))
        #expect(await client.isSessionResumed)
        configuration.sessionResumption = .store(SessionStore(capacity: 100))
        try await first.setSSLConfiguration(configuration)
        let (_, _, stored) = try await visit(first, firstEndpoint, self.configuration(resuming: nil))
        for isFirst in [true, false] {
            let (client, _, _) = try await visit(first, firstEndpoint, self.configuration(resuming: stored))
            #expect(await client.isSessionResumed == isFirst)
        }
        await first.close()
        await second.close()
    }

    @Test("G-6, F-09 a server's own keys rotate: two earlier ones still open their tickets, older ones do not")
    func rotation() async throws {
        let settings = try Fixture.server()
        var resources = ResumptionResources()
        let start = SystemClock.monotonic
        var configuration = settings
        configuration.sessionResumption = .tickets(resources.ticketKeys)
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        let (_, _, session) = try await visit(server, endpoint, self.configuration(resuming: nil))
        let isEarly = resources.rotate(settings, now: start + ResumptionResources.period(settings) / 2)
        #expect(!isEarly)
        for rotations in 1...3 {
            let now = start + (ResumptionResources.period(settings) + .seconds(1)) * rotations
            let isRotated = resources.rotate(settings, now: now)
            #expect(isRotated)
            configuration.sessionResumption = .tickets(resources.ticketKeys)
            try await server.setSSLConfiguration(configuration)
            let (client, _, _) = try await visit(server, endpoint, self.configuration(resuming: session))
            #expect(await client.isSessionResumed == (rotations < 3))
        }
        await server.close()
    }

    @Test("F-09, G-12 a change of whom to trust voids sessions; the same settings made anew do not")
    func trustChanges() async throws {
        let configuration = try ClientIdentity.server(.verify)
        let (server, _, endpoint) = try await SSLServer.listening(configuration)
        var client = try ClientIdentity.client(ClientIdentity.good)
        client.sessionTicket = try await visit(server, endpoint, client).session
        try await server.setSSLConfiguration(ClientIdentity.server(.verify))
        var visited = try await visit(server, endpoint, client)
        #expect(await visited.client.isSessionResumed)
        #expect(await visited.server.isPeerVerified)
        #expect(await visited.server.peerCertificate == ClientIdentity.good.chain[0])
        client.sessionTicket = visited.session
        for change in [
            { $0.caCertificates += [ClientIdentity.selfSigned.chain[0]] }, { $0.peerVerifyMode = .auto },
            { $0.peerVerifyDepth = 3 }, { $0.peerVerifyMode = .none },
        ] as [(inout SSLConfiguration) -> Void] {
            try await server.setSSLConfiguration(ClientIdentity.server(.verify, change))
            visited = try await visit(server, endpoint, client)
            #expect(await !visited.client.isSessionResumed)
        }
        await server.close()
    }

    @Test("F-11 early data has an interface of its own, comes once, and only to who opted in", arguments: [1, 3])
    func earlyData(threads: Int) async throws {
        var configuration = try Fixture.server()
        configuration.maximumEarlyDataSize = 1000
        let (server, _, endpoint) = try await SSLServer.listening(configuration, threads: threads)
        let (_, first, session) = try await visit(server, endpoint, self.configuration(resuming: nil), [1, 2, 3])
        #expect(await first.readEarlyData().isEmpty)
        let early = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        let (client, socket, _) = try await visit(
            server, endpoint, self.configuration(resuming: session), early + [1, 2])
        #expect(await client.session?.isEarlyDataAccepted == true)
        // What the ticket allows was taken, no more; none of it comes through `read`.
        #expect(await socket.bytesAvailable == 0)
        #expect(await socket.readEarlyData() == early)
        #expect(await socket.readEarlyData().isEmpty)
        // The same ticket again, on whichever thread: resumed, but its early data is a replay.
        for _ in 0..<3 {
            let (again, replayed, _) = try await visit(
                server, endpoint, self.configuration(resuming: session), early)
            #expect(await again.isSessionResumed)
            #expect(await again.session?.isEarlyDataAccepted == false)
            #expect(await replayed.readEarlyData().isEmpty)
        }
        await server.close()
    }

    @Test("F-11 earlyDataAvailable tells before the handshake is complete, and can be answered; rejected data is told")
    func earlySignals() async throws {
        var configuration = try Fixture.server()
        configuration.maximumEarlyDataSize = 100
        let (order, exported) = (Recorder(), Recorder())
        let (server, _, endpoint) = try await SSLServer.listening(configuration) { server in
            server.earlyDataAvailable.connect { _, socket in
                socket.perform { socket in
                    order.add("early \(socket.isEncrypted)")
                    let material = try? socket.exportEarlyKeyingMaterial(label: "EXPERIMENTAL early", length: 20)
                    exported.add("\(material ?? [])")
                    #expect(socket.writeEarlyData([9, 9]) == 2)
                }
            }
            server.pendingConnectionAvailable.connect { _ in order.add("pending") }
        }
        var client = try self.configuration(resuming: nil)
        let (_, _, session) = try await visit(server, endpoint, client)
        client.sessionTicket = session
        let socket = try SSLSocket(configuration: client, on: EventLoop(), handshakeTimeout: Fixture.patience)
        socket.earlyDataRejected.connect { _ in order.add("rejected") }
        socket.connected.connect { socket in
            let material = try? socket.exportEarlyKeyingMaterial(label: "EXPERIMENTAL early", length: 20)
            exported.add("\(material ?? [])")
        }
        #expect(await socket.writeEarlyData([5]) == 1)
        try await socket.connectToHostEncrypted(
            endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
        #expect(try await socket.receive(2) == [9, 9])
        #expect(order.all == ["pending", "early false", "pending"])
        // Both have had the same material, and there is none any more.
        #expect(exported.all.count == 2 && exported.all[0] == exported.all[1] && exported.all[0].count > 20)
        await #expect(throws: SocketFailure.self) {
            try await socket.exportEarlyKeyingMaterial(label: "EXPERIMENTAL early", length: 20)
        }
        // After the handshake there is no early data to write.
        #expect(await socket.writeEarlyData([1]) == 0)
        await socket.abort()
        // The ticket is used up: what is sent early now is not taken.
        let again = try SSLSocket(configuration: client, on: EventLoop(), handshakeTimeout: Fixture.patience)
        again.earlyDataRejected.connect { _ in order.add("rejected") }
        await again.writeEarlyData([5])
        try await again.connectToHostEncrypted(
            endpoint.address.description, port: endpoint.port, peerVerifyName: "localhost")
        try await eventually { await again.isEncrypted }
        #expect(order.all.contains("rejected"))
        await again.abort()
        await server.close()
    }
}

private final class Received: Sendable {
    let sessions = Mutex<[SSLSession]>([])
}
