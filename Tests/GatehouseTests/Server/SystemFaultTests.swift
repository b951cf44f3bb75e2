import CFaults
import Gatehouse
import GatehouseSystem
import Glibc
import TestSupport
import Testing

/// What the system's calls fail with, brought about.
@Suite(.onOwnThreads, .patient) struct SystemFaultTests {
    @Test(
        "G-3, TS-12 no descriptors, no memory: one acceptError for each episode, and recovery by itself",
        arguments: [EMFILE, ENFILE, ENOMEM, ENOBUFS])
    func shortage(error: Int32) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening()
        for episode in 1...2 {
            fault_inject(fault_accept, await server.socketDescriptor, error, 3)
            let client = try await SSLSocket.connected(to: endpoint)
            #expect(fault_remaining(fault_accept, await server.socketDescriptor) == 0)
            #expect(recorder.count("acceptError socketResource") == episode)
            #expect(recorder.all.count { $0.hasPrefix("acceptError") } == episode)
            #expect(await server.serverError == .socketResource)
            let reason = String(cString: strerror(error))
            #expect(await server.errorString == "cannot accept a connection: \(reason)")
            #expect(await server.isListening)
            await client.abort()
        }
        await server.close()
    }

    @Test("G-3, TS-12 a shortage that lasts does not keep a server from being closed, nor from listening again")
    func closedInAShortage() async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(threads: 2)
        let descriptor = await server.socketDescriptor
        fault_inject(fault_accept, descriptor, ENFILE, .max)
        _ = try BlockingClient(to: endpoint)
        try await eventually { recorder.count("acceptError socketResource") == 1 }
        await server.close()
        try await server.listen(address: .localHost)
        _ = try await SSLSocket.connected(to: Endpoint(address: .localHost, port: await server.serverPort))
        #expect(recorder.all.count { $0.hasPrefix("acceptError") } == 1)
        await server.close()
    }

    @Test(
        "TS-12 a connection that was torn down in the kernel's queue, and a call that was interrupted, are passed over",
        arguments: [ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, EINTR, EAGAIN], [1, 3])
    func passedOver(error: Int32, threads: Int) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening(threads: threads)
        let descriptor = await server.socketDescriptor
        fault_inject(fault_accept, descriptor, error, 500)
        let client = try await SSLSocket.connected(to: endpoint)
        #expect(fault_remaining(fault_accept, descriptor) == 0)
        #expect(await server.next() != nil)
        #expect(recorder.all == ["newConnection", "started", "pending"])
        #expect(await server.serverError == nil)
        await client.abort()
        await server.close()
    }

    @Test("TS-12 a listener that the system does not know as one any more: one acceptError, and listening ends")
    func listenerGone() async throws {
        for error in [EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP] {
            let (server, recorder, endpoint) = try await SSLServer.listening()
            let client = try await SSLSocket.connected(to: endpoint)
            fault_inject(fault_accept, await server.socketDescriptor, error, 1)
            // It may be reset before it knows that it was connected.
            _ = try? BlockingClient(to: endpoint)
            try await eventually { await !server.isListening }
            #expect(recorder.all.filter { $0.hasPrefix("acceptError") } == ["acceptError unsupportedSocketOperation"])
            #expect(await client.isEncrypted)
            await server.close()
        }
    }

    @Test("storms of calls that would block or are interrupted: every byte comes, in both directions")
    func storms() async throws {
        let pair = try await Pair()
        let descriptors = [await pair.socket.socketDescriptor, await pair.client.socketDescriptor]
        let data = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for error in [EAGAIN, EINTR] {
            for descriptor in descriptors.compactMap({ $0 }) {
                fault_inject(fault_receive, descriptor, error, 300)
                fault_inject(fault_send, descriptor, error, 300)
            }
            for (sender, receiver) in [(pair.client, pair.socket), (pair.socket, pair.client)] {
                #expect(await sender.write(data) == data.count)
                let isSame = try await receiver.receive(data.count) == data
                #expect(isSame)
            }
            for descriptor in descriptors.compactMap({ $0 }) {
                #expect(fault_remaining(fault_receive, descriptor) == 0)
                #expect(fault_remaining(fault_send, descriptor) == 0)
            }
        }
        #expect(await pair.socket.error == nil)
        #expect(await pair.client.error == nil)
        await pair.end()
    }

    @Test("a handshake goes through storms of calls that would block or are interrupted", arguments: [EAGAIN, EINTR])
    func stormInHandshake(error: Int32) async throws {
        let (server, recorder, endpoint) = try await SSLServer.listening { server in
            server.startedEncryptionHandshake.connect { _, socket in
                socket.perform { socket in
                    guard let descriptor = socket.socketDescriptor else { return }
                    fault_inject(fault_receive, descriptor, error, 300)
                    fault_inject(fault_send, descriptor, error, 300)
                }
            }
        }
        _ = try await SSLSocket.connected(to: endpoint)
        try await eventually { recorder.count("pending") == 1 }
        let socket = try #require(await server.next())
        let descriptor = try #require(await socket.socketDescriptor)
        #expect(fault_remaining(fault_receive, descriptor) == 0)
        #expect(fault_remaining(fault_send, descriptor) == 0)
        await server.close()
    }

    @Test(
        "a connection that the network breaks ends once, with its error and its reason",
        arguments: [
            (ECONNRESET, SocketError.remoteHostClosed), (EPIPE, .remoteHostClosed), (ETIMEDOUT, .socketTimeout),
            (EHOSTUNREACH, .network), (ENETDOWN, .network), (ENOBUFS, .socketResource), (ENOMEM, .socketResource),
        ])
    func broken(error: Int32, expected: SocketError) async throws {
        for call in [fault_receive, fault_send] {
            let pair = try await Pair()
            let recorder = Recorder()
            recorder.follow(pair.socket)
            let descriptor = try #require(await pair.socket.socketDescriptor)
            fault_inject(call, descriptor, error, 1)
            if call == fault_receive { await pair.client.write([1]) } else { await pair.socket.write([1]) }
            try await eventually { recorder.all.last?.hasPrefix("disconnected") == true }
            #expect(
                recorder.all == [
                    "error \(expected)", "state unconnected", "readChannelFinished", "disconnected reset",
                ])
            #expect(await pair.socket.errorString.hasSuffix(String(cString: strerror(error))))
            #expect(fault_remaining(call, descriptor) == 0)
            try await eventually { await pair.server.statistics.open == 0 }
            await pair.end()
        }
    }
}
