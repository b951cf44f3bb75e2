import GatehouseSystem
import GatehouseTLS
import Synchronization

// MARK: - A server's socket

extension SSLSocket {
    /// Begins to serve a connection that came in. The one deadline of the handshake runs from here to encryption.
    func begin(_ settings: Acceptor.Settings) {
        phase = .silent
        startServing()
        awaitsProxyHeader = settings.trustsProxy(at: peerEndpoint)
        allowHalfClose = settings.allowHalfClose
        idleTimeout = settings.idleTimeout
        writeTimeout = settings.writeTimeout
        prepareTransport()
        startHandshakeDeadline(settings.handshakeTimeout)
        updateInterest()
        deliver()
    }

    /// Begins to await a ClientHello from the peer as it is known by now.
    func startServing() {
        guard case .server(let engine) = configuration.engine else { return }
        channel = ServerConnection(
            engine, now: SystemClock.unixTime, peerAddress: peerEndpoint?.address.bytes ?? [])
    }

    private func prepareTransport() {
        socket?.setNoDelay()
        let local = socket?.localEndpoint
        endpoints.withLock { $0.local = local }
    }

    private func startHandshakeDeadline(_ time: Duration?) {
        guard let time else { return }
        handshakeDeadline = loop.deadline(after: time) { [weak self] in
            self?.assumeIsolated { $0.handshakeTimedOut() }
        }
    }
}

// MARK: - A client's socket

extension SSLSocket {
    /// Looks the host up, connects, and does the handshake; ``encrypted`` tells that it is done, ``errorOccurred``
    /// that it failed. What is written meanwhile goes out after the handshake.
    ///
    /// A socket can connect again when it is unconnected, as often as it likes: as ``SSLConfiguration`` and settings say,
    /// and with nothing of the last connection. Bytes that were not read are gone, errors and certificates too, and late
    /// answers to its questions do nothing. Slots stay if one of ``disconnected`` connects again; otherwise they were
    /// dropped, and have to be connected anew.
    ///
    /// ```swift
    /// socket.disconnected.connect { socket, ending in
    ///     try? socket.connectToHostEncrypted("example.org", port: 443)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - host: a name or a textual address. Its addresses are tried one after the other.
    ///   - port: the TCP port.
    ///   - peerVerifyName: the name that the certificate must carry, if it is not `host`.
    /// - Throws: `SocketFailure` unless the socket is unconnected, and on an accepted one.
    public func connectToHostEncrypted(
        _ host: String, port: UInt16, peerVerifyName: String? = nil
    ) throws(SocketFailure) {
        try startConnecting(to: host, peerVerifyName ?? host)
        phase = .lookup
        notices.append(.stateChanged(.hostLookup))
        if let address = HostAddress(host) {
            connect(to: [Endpoint(address: address, port: port)])
        } else {
            lookUp(host, port)
        }
        deliver()
    }

    /// Connects to a Unix socket and does the handshake, as ``connectToHostEncrypted(_:port:peerVerifyName:)`` does.
    /// There are no addresses and no ports then.
    ///
    /// - Parameters:
    ///   - path: where the server listens; at most 107 bytes.
    ///   - peerVerifyName: the name that the certificate must carry.
    /// - Throws: `SocketFailure` unless the socket is unconnected, and on an accepted one.
    public func connectToUnixSocketEncrypted(_ path: String, peerVerifyName: String) throws(SocketFailure) {
        try startConnecting(to: path, peerVerifyName)
        phase = .connecting
        notices.append(.stateChanged(.connecting))
        do {
            socket = try StreamSocket.connect(toUnixPath: path)
            connectionEstablished()
        } catch {
            fail(SocketError(error), error.description, ending: .failed)
        }
        updateInterest()
        deliver()
    }

    /// Changes what the next connections go by: to resume the session of the last one, for example.
    ///
    /// ```swift
    /// var configuration = socket.sslConfiguration
    /// configuration.sessionTicket = socket.sessionTicket
    /// try socket.setSSLConfiguration(configuration)
    /// try socket.connectToHostEncrypted("example.org", port: 443)
    /// ```
    ///
    /// - Throws: `SocketFailure` when a client cannot work with it, unless the socket is unconnected, and on an accepted
    ///   one. The old one stays then.
    public func setSSLConfiguration(_ configuration: SSLConfiguration) throws(SocketFailure) {
        try checkUnconnectedClient()
        do throws(ConfigurationError) {
            self.configuration = try PreparedConfiguration(client: configuration)
        } catch {
            throw SocketFailure(error)
        }
    }

    private func startConnecting(to name: String, _ peerVerifyName: String) throws(SocketFailure) {
        try checkUnconnectedClient()
        connectionNumber += 1
        // Whoever waits has waited for the last connection.
        resumeWaits()
        forgetConnection()
        endpoints.withLock { $0 = Endpoints() }
        peerName = name
        self.peerVerifyName = peerVerifyName
        startHandshakeDeadline(handshakeTimeout)
    }

    var isClient: Bool {
        if case .client = configuration.engine { true } else { false }
    }

    private func checkUnconnectedClient() throws(SocketFailure) {
        guard isClient else { throw SocketFailure(.operation, "the socket is an accepted one") }
        guard state == .unconnected else { throw SocketFailure(.operation, "the socket is connected, or on its way") }
    }

    /// The resolver waits for the network, so it gets a thread of its own.
    private func lookUp(_ host: String, _ port: UInt16) {
        let number = connectionNumber
        do {
            try SystemThread.start { [self] in
                let result = Result { () throws(NameResolution.Failure) in try NameResolution.addresses(of: host) }
                post { $0.lookedUp(result.map { $0.map { Endpoint(address: $0, port: port) } }, for: number) }
            }
        } catch {
            fail(SocketError(error), error.description, ending: .failed)
        }
    }

    private func lookedUp(_ result: Result<[Endpoint], NameResolution.Failure>, for number: UInt64) {
        guard phase == .lookup, number == connectionNumber else { return }
        switch result {
        case .success(let endpoints): connect(to: endpoints)
        case .failure(let failure): fail(.hostNotFound, failure.description, ending: .failed)
        }
        deliver()
    }

    private func connect(to endpoints: [Endpoint]) {
        candidates = endpoints
        phase = .connecting
        notices += [.stateChanged(.connecting), .hostFound]
        tryNextCandidate(after: SystemError("connect", code: 0))
    }

    /// Tries the next address; with none left, the last attempt's error is the connection's.
    private func tryNextCandidate(after last: SystemError) {
        if let watch { loop.unwatch(watch) }
        watch = nil
        socket = nil
        var last = last
        while !candidates.isEmpty {
            let endpoint = candidates.removeFirst()
            endpoints.withLock { $0.peer = endpoint }
            do {
                socket = try StreamSocket.connect(to: endpoint)
                updateInterest()
                return
            } catch {
                last = error
            }
        }
        fail(SocketError(last), last.description, ending: .failed)
    }

    func connectionAttemptEnded() {
        guard let peer = peerEndpoint else { return }
        if let error = socket?.connectionError(to: peer) {
            tryNextCandidate(after: error)
        } else {
            connectionEstablished()
        }
    }

    private func connectionEstablished() {
        prepareTransport()
        phase = .handshaking
        handshakeStart = SystemClock.monotonic
        mode = .sslClient
        notices += [.stateChanged(.connected), .connected, .modeChanged(.sslClient)]
        startHandshake()
    }

    private func startHandshake() {
        guard case .client(let engine) = configuration.engine else { return }
        do {
            // RFC 9846 §4.3.11.1: a ticket's age counts from its receipt. A second less makes up for the whole seconds
            // of both times: a ticket that is older for its client than for its server costs the early data.
            channel = try ClientConnection(
                engine, serverName: peerVerifyName, session: configuration.settings.sessionTicket,
                now: SystemClock.unixTime - 1, output: &outbox)
            sendEarlyData()
            transmit()
        } catch {
            switch error {
            case .configuration(let reason): fail(.sslInvalidUserData, reason.description, ending: .failed)
            case .failed(let error): fail(error)
            }
        }
    }
}
