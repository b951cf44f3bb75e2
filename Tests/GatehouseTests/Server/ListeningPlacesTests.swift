import Gatehouse
import GatehouseSystem
import Glibc
import TestSupport
import Testing

/// A socket that listens, whose descriptor nobody closes.
private func listeningDescriptor(_ address: HostAddress = .localHost) throws -> (descriptor: Int32, port: UInt16) {
    let socket = try StreamSocket.listen(on: Endpoint(address: address, port: 0), backlog: 5)
    return (dup(socket.descriptor), socket.localEndpoint?.port ?? 0)
}

/// What tells an open descriptor's file from every other; `nil` when it is not open.
private func inode(_ descriptor: Int32) -> ino_t? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status.st_ino : nil
}

/// Where a server can listen: kinds of addresses, Unix sockets, descriptors of others.
@Suite(.onOwnThreads, .patient) struct ListeningPlacesTests {
    @Test("6.2-13, TS-1 one family: .anyIPv4 takes no IPv6, .anyIPv6 no IPv4")
    func oneFamily() async throws {
        for (address, wanted, refused) in [
            (HostAddress.anyIPv4, HostAddress.localHost, HostAddress.localHostIPv6),
            (.anyIPv6, .localHostIPv6, .localHost),
        ] {
            let server = try await SSLServer.patient()
            try await server.listen(address: address)
            #expect(await server.serverAddress == address)
            let port = await server.serverPort
            _ = try await SSLSocket.connected(to: Endpoint(address: wanted, port: port))
            #expect(throws: SystemError.self) { try BlockingClient(to: Endpoint(address: refused, port: port)) }
            await server.close()
        }
    }

    @Test("6.2-14 an IPv4 client of a dual-stack server has an IPv4 address")
    func mapped() async throws {
        let server = try await SSLServer.patient()
        try await server.listen(address: .any)
        let client = try await SSLSocket.connected(
            to: Endpoint(address: .localHost, port: await server.serverPort))
        let socket = try #require(await server.next())
        #expect(socket.peerAddress == .localHost)
        #expect(socket.localEndpoint?.address == .localHost)
        await client.abort()
        await server.close()
    }

    @Test("6.2-21 a port is free again at once, although connections linger")
    func reusable() async throws {
        let (server, _, endpoint) = try await SSLServer.listening(port: freePort())
        let client = try await SSLSocket.connected(to: endpoint)
        let socket = try #require(await server.next())
        // Our side ends first: its address lingers in TIME_WAIT.
        await socket.disconnectFromHost()
        try await eventually { await client.state == .unconnected }
        await server.close()
        let other = try await SSLServer.patient()
        try await other.listen(address: .localHost, port: endpoint.port)
        await other.close()
    }

    @Test("6.2-21 a port is free again at once after a process that listened there was killed")
    func reusableAfterACrash() async throws {
        let (process, endpoint) = try await ToolProcess.serving(["--mode", "echo"], port: freePort())
        let client = try await SSLSocket.connected(to: endpoint, Fixture.anyServer)
        _ = try await process.terminate(SIGKILL)
        let server = try await SSLServer.patient()
        try await server.listen(address: .localHost, port: endpoint.port)
        _ = try await SSLSocket.connected(to: endpoint)
        await client.abort()
        await server.close()
    }

    @Test("TS-1 what the system's errors are called")
    func errorNames() {
        let texts: [(Int32, SocketError, String)] = [
            (EADDRINUSE, .addressInUse, "The bound address is already in use"),
            (EADDRNOTAVAIL, .socketAddressNotAvailable, "The address is not available"),
            (EACCES, .socketAccess, "The address is protected"),
            (EPERM, .socketAccess, "The address is protected"),
            (EINVAL, .unsupportedSocketOperation, "cannot listen: Invalid argument"),
            (EMFILE, .socketResource, "cannot listen: Too many open files"),
            (ENFILE, .socketResource, "cannot listen: Too many open files in system"),
            (ENOMEM, .socketResource, "cannot listen: Cannot allocate memory"),
            (EBADF, .unsupportedSocketOperation, "cannot listen: Bad file descriptor"),
            (ECONNABORTED, .network, "cannot listen: Software caused connection abort"),
        ]
        for (code, error, text) in texts {
            let failure = SocketFailure(listening: SystemError("listen", code: code))
            #expect(failure.error == error)
            #expect(failure.reason == text)
        }
    }

    @Test("TS-6 the backlog is the one that was set before listening")
    func backlog() async throws {
        let (server, _, _) = try await SSLServer.listening { server in
            #expect(server.listenBacklogSize == 1024)
            server.listenBacklogSize = 7
        }
        // tcp(7): of a listening socket, the field that counts SACKs elsewhere is the backlog's limit.
        var information = [UInt32](repeating: 0, count: 32)
        var length = socklen_t(information.count * 4)
        let status = getsockopt(
            await server.socketDescriptor, Int32(IPPROTO_TCP), TCP_INFO, &information, &length)
        #expect(status == 0)
        #expect(information[7] == 7)
        await server.close()
    }

    @Test("6.2-19, TS-4 a descriptor that does not listen is refused; one that listens is served")
    func adopting() async throws {
        let server = try await SSLServer.patient()
        let bad = await #expect(throws: SocketFailure.self) { try await server.setSocketDescriptor(4242) }
        #expect(bad?.error == .unsupportedSocketOperation)
        #expect(await server.serverError == .unsupportedSocketOperation)
        #expect(await !server.isListening)
        let plain = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let silent = await #expect(throws: SocketFailure.self) { try await server.setSocketDescriptor(plain) }
        #expect(silent?.error == .unsupportedSocketOperation)
        // It stays ours.
        #expect(close(plain) == 0)

        let (descriptor, port) = try listeningDescriptor(.any)
        try await server.setSocketDescriptor(descriptor)
        #expect(await server.socketDescriptor == descriptor)
        #expect(await server.serverPort == port)
        #expect(await server.serverAddress == .any)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        let listening = inode(descriptor)
        let (other, _) = try listeningDescriptor()
        let twice = await #expect(throws: SocketFailure.self) { try await server.setSocketDescriptor(other) }
        #expect(twice?.error == .operation)
        #expect(close(other) == 0)
        _ = try await SSLSocket.connected(to: Endpoint(address: .localHost, port: port))
        await server.close()
        #expect(await server.socketDescriptor == -1)
        // Somebody else may get its number.
        try await eventually { inode(descriptor) != listening }
    }

    @Test("a Unix socket: permissions, clients, and its file when listening ends")
    func unixSocket() async throws {
        let folder = try TemporaryFolder()
        let server = try await SSLServer.patient()
        await server.run { $0.echo() }
        let umaskBefore = umask(0o022)
        defer { umask(umaskBefore) }
        try await server.listen(unixSocket: folder.path("tls"), permissions: 0o666)
        #expect(try folder.permissions(of: "tls") == 0o666)
        #expect(await server.serverPath == folder.path("tls"))
        #expect(await server.serverAddress == nil)
        #expect(await server.serverPort == 0)
        var client = try EngineClient(on: BlockingClient(toUnixSocket: folder.path("tls")))
        try client.handshake()
        try client.sendAndClose([1, 2, 3])
        #expect(try client.readToEnd())
        #expect(client.received == [1, 2, 3])
        await server.close()
        #expect(!folder.exists("tls"))
        #expect(await server.serverPath == nil)
        try await server.listen(unixSocket: folder.path("tls"))
        #expect(try folder.permissions(of: "tls") == 0o600)
        await server.close()
    }

    @Test("a Unix socket's path: too long, taken, abandoned, and what is no socket")
    func unixPaths() async throws {
        let folder = try TemporaryFolder()
        let server = try await SSLServer.patient()
        let long = folder.path(String(repeating: "x", count: 108))
        await #expect(throws: SocketFailure.self) { try await server.listen(unixSocket: long) }
        await #expect(throws: SocketFailure.self) { try await server.listen(unixSocket: "") }
        try folder.write([1], to: "file")
        let file = await #expect(throws: SocketFailure.self) {
            try await server.listen(unixSocket: folder.path("file"))
        }
        #expect(file?.error == .addressInUse)
        #expect(folder.exists("file"))

        try await server.listen(unixSocket: folder.path("tls"))
        let other = try await SSLServer.patient()
        let taken = await #expect(throws: SocketFailure.self) {
            try await other.listen(unixSocket: folder.path("tls"))
        }
        #expect(taken?.error == .addressInUse)
        await server.close()

        // Somebody who ended without cleaning up.
        do { _ = try StreamSocket.listen(unixPath: folder.path("tls"), permissions: 0o600, backlog: 1) }
        #expect(folder.exists("tls"))
        try await server.listen(unixSocket: folder.path("tls"))
        // Another one in its place is not ours to remove.
        _ = unlink(folder.path("tls"))
        try await other.listen(unixSocket: folder.path("tls"))
        await server.close()
        #expect(folder.exists("tls"))
        await other.close()
        #expect(!folder.exists("tls"))
    }

    @Test("G-2, TS-12 a listener that is shut down under us: one acceptError, and listening again works")
    func listenerGone() async throws {
        for threads in [1, 3] {
            let (server, recorder, endpoint) = try await SSLServer.listening(threads: threads, port: freePort())
            let client = try await SSLSocket.connected(to: endpoint)
            shutdown(await server.socketDescriptor, Int32(SHUT_RDWR))
            try await eventually { await !server.isListening }
            #expect(recorder.count("acceptError unsupportedSocketOperation") == 1)
            #expect(await server.serverError == .unsupportedSocketOperation)
            #expect(await server.errorString == "cannot accept a connection: Invalid argument")
            #expect(await client.isEncrypted)
            try await server.listen(address: .localHost, port: endpoint.port)
            _ = try await SSLSocket.connected(to: endpoint)
            #expect(recorder.all.count { $0.hasPrefix("acceptError") } == 1)
            await server.close()
        }
    }
}
