import GatehouseSystem
public import GatehouseTLS

extension SSLSocket {
    /// How many bytes the peer of a closing connection has to take in every ``closingTime``: one that reads byte by
    /// byte does not hold our memory for ever.
    static let closingProgress = 1 << 14

    /// Ends the connection gracefully: what was written goes out, then `close_notify`, then TCP ends. The state is
    /// ``SocketState/closing`` until then. During the handshake there is nothing to wait for.
    public func disconnectFromHost() {
        switch phase {
        case .idle, .ended: return
        case .lookup, .connecting: end(.local)
        case .silent, .handshaking, .encrypted:
            beginClosing(isReadChannelFinished ? .closeNotify : .local)
        }
        flush()
    }

    /// Ends our side only (RFC 9846 §6.1): what was written goes out, then `close_notify`. What the peer sends can still
    /// be read, and the connection ends when the peer ends it.
    public func closeWriteChannel() {
        guard phase != .idle, phase != .ended, closing == nil else { return }
        isWriteChannelFinished = true
        if isReadChannelFinished { beginClosing(.closeNotify) }
        flush()
    }

    /// As ``disconnectFromHost()``, and what was received and not read is dropped.
    public func close() {
        inbox.removeAll()
        uncommitted = nil
        hasNews = false
        disconnectFromHost()
    }

    /// Ends the connection at once. What was not sent is lost, and no `close_notify` goes out: the peer sees a
    /// truncated stream.
    public func abort() {
        guard phase != .idle, phase != .ended else { return }
        end(.local)
        deliver()
    }

    /// Ends the connection at once with an error alert (RFC 9846 §6.2) that tells the peer why. What was not sent is
    /// lost.
    ///
    /// ```swift
    /// socket.abort(with: .accessDenied)
    /// ```
    public func abort(with alert: AlertDescription) {
        guard channel != nil else { return abort() }
        end(.local, lingering: sendLast(alert))
        deliver()
    }

    /// Sends an error alert, in one attempt: it is reported if it went out, and only then.
    ///
    /// - Returns: whether it did.
    func sendLast(_ alert: AlertDescription) -> Bool {
        channel?.abort(with: alert, output: &outbox)
        if !hasSentCloseNotify { sealedAlert = Alert(alert) }
        outgoing.removeAll()
        return push() == .drained
    }

    /// From here on only what is left to write matters.
    func beginClosing(_ ending: Ending) {
        guard closing == nil, phase != .ended else { return }
        closing = ending
        handshakeDeadline?.cancel()
        if phase != .encrypted { outgoing.removeAll() }
        notices.append(.stateChanged(.closing))
        watchProgress()
    }

    private func watchProgress() {
        let before = bytesLeft
        closingDeadline = loop.deadline(after: closingTime) { [weak self] in
            self?.assumeIsolated { $0.closingTimePassed(before) }
        }
    }

    private var bytesLeft: Int { outgoing.count + outbox.count - outboxSent }

    private func closingTimePassed(_ before: Int) {
        if before - bytesLeft >= Self.closingProgress {
            watchProgress()
        } else {
            fail(.socketTimeout, "the peer does not take what is left to write", ending: closing ?? .local)
            deliver()
        }
    }

    /// The engine has failed. Its alert, if it has one, stands at the end of the outbox.
    func fail(_ error: TLSError, reason: String? = nil) {
        if case .alertReceived(let alert) = error { notices.append(.alertReceived(alert)) }
        let code: SocketError = phase == .encrypted && !isAwaitingCertificate ? .sslInternal : .sslHandshakeFailed
        if !hasSentCloseNotify { sealedAlert = error.alert.map { Alert($0) } }
        let hasAlert = sealedAlert != nil
        outgoing.removeAll()
        // One attempt: the alert is reported if it went out, and only then.
        let isSent = push() == .drained
        fail(code, reason ?? "\(error)", ending: .failed, lingering: hasAlert && isSent)
    }

    /// Ends the connection with an error, which is told once.
    func fail(_ code: SocketError, _ reason: String, ending: Ending, lingering: Bool = false) {
        guard phase != .ended else { return }
        error = code
        errorString = reason
        notices.append(.error(code))
        end(ending, lingering: lingering)
    }

    func handshakeTimedOut() {
        guard phase != .encrypted else { return }
        let reason = phase == .connecting || phase == .lookup ? "connecting" : "the handshake"
        fail(.socketTimeout, "\(reason) took too long", ending: .failed)
        deliver()
    }

    /// The server needs the room for another connection.
    func makeRoom() {
        fail(.socketResource, "too many handshakes at once: the oldest makes room", ending: .failed)
        deliver()
    }

    /// The connection is over. With `lingering`, what we sent gets a chance to arrive.
    func end(_ ending: Ending, lingering: Bool = false) {
        guard phase != .ended else { return }
        let wasConnected = state == .connected || state == .closing
        phase = .ended
        self.ending = ending
        stopDeadlines()
        if let watch { loop.unwatch(watch) }
        watch = nil
        if let socket = socket.take(), lingering { LingeringClose.begin(socket, on: loop) }
        channel = nil
        candidates = []
        question = nil
        outstandingRequests = []
        forgetIgnoring()
        earlyOutgoing = []
        tail = []
        forgetOutput()
        notices.append(.stateChanged(.unconnected))
        if wasConnected && !isReadChannelFinished { notices.append(.readChannelFinished) }
        isReadChannelFinished = true
        notices.append(.disconnected(ending))
    }
}
