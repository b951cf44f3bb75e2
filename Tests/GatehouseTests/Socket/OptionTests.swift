import Gatehouse
import GatehouseSystem
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct OptionTests {
    @Test("RW-18 TCP_NODELAY is on from the start, for accepted sockets and for clients, and can be switched off")
    func lowDelay() async throws {
        let pair = try await Pair()
        for socket in [pair.socket, pair.client] {
            try await socket.run { socket in
                #expect(try socket.socketOption(.lowDelay) != 0)
                try socket.setSocketOption(.lowDelay, to: 0)
                #expect(try socket.socketOption(.lowDelay) == 0)
            }
        }
        await pair.end()
    }

    @Test("RW-18 keep-alive is off, and is set with its times")
    func keepAlive() async throws {
        let pair = try await Pair()
        try await pair.socket.run { socket in
            #expect(try socket.socketOption(.keepAlive) == 0)
            for (option, value) in [
                (SocketOption.keepAlive, 1), (.keepAliveIdle, 61), (.keepAliveInterval, 7), (.keepAliveCount, 3),
            ] {
                try socket.setSocketOption(option, to: value)
                #expect(try socket.socketOption(option) == value)
            }
        }
        await pair.end()
    }

    @Test("RW-18 the kernel's buffers, and the class of the traffic over IPv4 and IPv6")
    func buffersAndClass() async throws {
        for address in [HostAddress.localHost, .localHostIPv6, .any] {
            let server = try await SSLServer.patient()
            try await server.listen(address: address)
            let target = address == .any ? HostAddress.localHost : address
            let client = try await SSLSocket.connected(to: Endpoint(address: target, port: server.serverPort))
            let socket = try #require(await server.next())
            try await socket.run { socket in
                for option in [SocketOption.sendBufferSize, .receiveBufferSize] {
                    try socket.setSocketOption(option, to: 20_000)
                    #expect(try socket.socketOption(option) >= 20_000)
                    #expect(try socket.socketOption(option) <= 60_000)
                }
                try socket.setSocketOption(.typeOfService, to: 0x10)
                #expect(try socket.socketOption(.typeOfService) == 0x10)
            }
            await client.abort()
            await server.close()
        }
    }

    @Test("RW-18 what the system refuses is said, and so is the want of a connection")
    func refusals() async throws {
        let pair = try await Pair()
        for value in [-1, 1 << 40] {
            let failure = await #expect(throws: SocketFailure.self) {
                try await pair.socket.setSocketOption(.keepAliveIdle, to: value)
            }
            #expect(failure?.error == .unsupportedSocketOperation)
            #expect(failure?.reason == "cannot set keepAliveIdle: Invalid argument")
        }
        await pair.socket.abort()
        for option in SocketOption.allCases {
            let set = await #expect(throws: SocketFailure.self) {
                try await pair.socket.setSocketOption(option, to: 1)
            }
            #expect(set?.error == .operation)
            let get = await #expect(throws: SocketFailure.self) { _ = try await pair.socket.socketOption(option) }
            #expect(get?.error == .operation)
        }
        await pair.end()
    }
}
