import GatehouseSystem
import Glibc
import Testing

/// Waits until the descriptor is ready, at most ten seconds.
private func ready(_ descriptor: Int32, _ interest: Interest) throws -> Readiness {
    let poller = try Poller()
    try poller.add(descriptor, interest: interest, token: 7)
    var events: [Readiness] = []
    poller.wait(milliseconds: 10_000, into: &events)
    return try #require(events.first)
}

/// Where a socket is bound.
private func bound(_ socket: borrowing StreamSocket) throws -> Endpoint {
    let endpoint = socket.localEndpoint
    return try #require(endpoint)
}

private struct Pair: ~Copyable {
    let client: StreamSocket
    let server: StreamSocket
    let peer: Endpoint?

    init(_ address: HostAddress, to target: HostAddress? = nil) throws {
        let listener = try StreamSocket.listen(on: Endpoint(address: address, port: 0), backlog: 5)
        let endpoint = Endpoint(address: target ?? address, port: try bound(listener).port)
        self.init(try StreamSocket.connect(to: endpoint), try Self.accept(listener))
    }

    private init(_ client: consuming StreamSocket, _ accepted: consuming StreamSocket.Accepted) {
        self.client = client
        peer = accepted.peer
        server = accepted.take()
    }

    private static func accept(_ listener: borrowing StreamSocket) throws -> StreamSocket.Accepted {
        _ = try ready(listener.descriptor, .read)
        guard let accepted = try listener.accept() else { throw SystemError("accept", code: EAGAIN) }
        return accepted
    }
}

@Suite struct SocketTests {
    @Test("bytes go both ways, over IPv4 and IPv6", arguments: [HostAddress.localHost, .localHostIPv6])
    func bothWays(_ address: HostAddress) throws {
        let pair = try Pair(address)
        #expect(pair.peer?.address == address)
        #expect(pair.client.localEndpoint == pair.peer)
        #expect(pair.server.peerEndpoint == pair.peer)
        #expect(pair.client.send([1, 2, 3], from: 1) == .moved(2))
        _ = try ready(pair.server.descriptor, .read)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(pair.server.receive(into: &buffer, at: 4) == .moved(2))
        #expect(buffer == [0, 0, 0, 0, 2, 3, 0, 0])
        #expect(pair.server.receive(into: &buffer, at: 0) == .wouldBlock)
        pair.client.shutdownWriting()
        _ = try ready(pair.server.descriptor, .read)
        #expect(pair.server.receive(into: &buffer, at: 0) == .moved(0))
        #expect(pair.server.send([9], from: 0) == .moved(1))
    }

    @Test("6.2-13 the wildcard takes IPv4 and IPv6; each family's wildcard takes its own only")
    func dualStack() throws {
        for target in [HostAddress.localHost, .localHostIPv6] {
            #expect(try Pair(.any, to: target).peer?.address == target)
        }
        func connects(_ wildcard: HostAddress, _ target: HostAddress) throws -> Bool {
            let listener = try StreamSocket.listen(on: Endpoint(address: wildcard, port: 0), backlog: 5)
            let endpoint = Endpoint(address: target, port: try bound(listener).port)
            let client = try StreamSocket.connect(to: endpoint)
            _ = try ready(client.descriptor, .write)
            return client.connectionError(to: endpoint) == nil
        }
        #expect(try connects(.anyIPv4, .localHost))
        #expect(try !connects(.anyIPv4, .localHostIPv6))
        #expect(try connects(.anyIPv6, .localHostIPv6))
        #expect(try !connects(.anyIPv6, .localHost))
    }

    @Test("TS-1 what listening fails with")
    func listenErrors() throws {
        let foreign = Endpoint(address: try #require(HostAddress("1.2.3.4")), port: 0)
        let unavailable = #expect(throws: SystemError.self) { _ = try StreamSocket.listen(on: foreign, backlog: 5) }
        #expect(unavailable?.isAddressUnavailable == true)
        let first = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 5)
        let taken = try bound(first)
        let inUse = #expect(throws: SystemError.self) { _ = try StreamSocket.listen(on: taken, backlog: 5) }
        #expect(inUse?.isAddressInUse == true)
        #expect(inUse?.description == "cannot listen on \(taken): Address already in use")
    }

    @Test("a refused connection says so")
    func refused() throws {
        let endpoint: Endpoint
        do {
            let listener = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 5)
            endpoint = try bound(listener)
        }
        let client = try StreamSocket.connect(to: endpoint)
        _ = try ready(client.descriptor, .write)
        #expect(client.connectionError(to: endpoint)?.isConnectionRefused == true)
    }

    @Test("a reset is told apart, and writing to it does not end the process")
    func reset() throws {
        let pair = try Pair(.localHost)
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<Glibc.linger>.size)
        #expect(setsockopt(pair.client.descriptor, SOL_SOCKET, SO_LINGER, &linger, size) == 0)
        let server = pair.closeClient()
        #expect(try ready(server.descriptor, .read).isHangup)
        var buffer = [UInt8](repeating: 0, count: 8)
        guard case .failed(let error) = server.receive(into: &buffer, at: 0) else {
            Issue.record("a reset connection was read")
            return
        }
        #expect(error.isReset)
        guard case .failed(let error) = server.send([1], from: 0) else {
            Issue.record("a reset connection was written")
            return
        }
        #expect(error.isReset)
    }

    @Test("every descriptor is closed on exec and never blocks")
    func flags() throws {
        let pair = try Pair(.localHost)
        for descriptor in [pair.client.descriptor, pair.server.descriptor] {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
        }
    }
}

extension Pair {
    fileprivate consuming func closeClient() -> StreamSocket { server }
}
