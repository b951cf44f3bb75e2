package import GatehouseSystem
import GatehouseTLS

/// The first byte of every TLS record that can begin a connection: ContentType `handshake` (RFC 9846 §5.1).
private let handshakeContentType: UInt8 = 22
/// The first byte of a change_cipher_spec record.
private let changeCipherSpecContentType: UInt8 = 20

extension SSLSocket: DescriptorWatcher {
    package nonisolated func descriptorReady(_ readiness: Readiness) {
        assumeIsolated { $0.transportReady(readiness) }
    }

    private func transportReady(_ readiness: Readiness) {
        serve(readiness)
        deliver()
    }

    /// Moves what can be moved; what there is to tell is told by the caller.
    func serve(_ readiness: Readiness) {
        if phase == .connecting {
            connectionAttemptEnded()
        } else {
            if readiness.isWritable || readiness.isHangup && isBlocked { transmit() }
            if readiness.isReadable || readiness.isHangup { receive(isHangup: readiness.isHangup) }
        }
        updateInterest()
    }

    /// Whether more from the peer is welcome.
    private var wantsToRead: Bool {
        switch phase {
        case .idle, .lookup, .connecting, .ended: false
        case .silent, .handshaking, .encrypted:
            closing == nil && !isReadChannelFinished && !isInboxFull && question == nil
        }
    }

    /// What a transaction has read counts until it is committed.
    var isInboxFull: Bool { readBufferSize > 0 && max(inbox.count, uncommitted?.count ?? 0) >= readBufferSize }

    /// Watches for what can be used now, and for nothing else.
    func updateInterest() {
        guard let descriptor = socket?.descriptor else { return }
        var wanted: Interest = wantsToRead ? .read : []
        if isBlocked || phase == .connecting { wanted.insert(.write) }
        do {
            if let watch {
                if wanted != interest { try loop.change(watch, to: wanted) }
            } else if !wanted.isEmpty {
                watch = try loop.watch(descriptor, for: wanted, by: self)
            }
            interest = wanted
        } catch {
            transportFailed(error)
        }
    }

    private func stopWatching() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        interest = []
    }

    // MARK: Reading

    private func receive(isHangup: Bool) {
        guard wantsToRead else {
            // A hangup is reported whatever we watch for, again and again: look away until we want to read.
            if isHangup { stopWatching() }
            return
        }
        var buffer = loop.borrowReadBuffer()
        let kept = tail.count
        buffer.replaceSubrange(..<kept, with: tail)
        switch socket?.receive(into: &buffer, at: kept) {
        case .moved(0): streamEnded()
        case .moved(let count):
            noteActivity()
            process(&buffer, count: kept + count)
        case .failed(let error): transportFailed(error)
        case .wouldBlock, nil: break
        }
        loop.giveBack(buffer)
    }

    /// Goes on after a pause, with what came before it.
    func continueReading() {
        var buffer = loop.borrowReadBuffer()
        let kept = tail.count
        buffer.replaceSubrange(..<kept, with: tail)
        process(&buffer, count: kept)
        loop.giveBack(buffer)
    }

    private func process(_ buffer: inout [UInt8], count: Int) {
        var count = count
        if awaitsProxyHeader {
            guard let rest = takeProxyHeader(&buffer, count: count) else { return }
            count = rest
        }
        if phase == .silent {
            guard canBegin(with: buffer[0]) else {
                fail(.notTLS, "the first byte, \(buffer[0]), does not begin a TLS handshake", ending: .failed)
                return
            }
            phase = .handshaking
            handshakeStart = SystemClock.monotonic
            mode = .sslServer
            notices += [.modeChanged(.sslServer), .handshakeStarted]
            // Before anything else of this handshake. A slot may end it.
            deliver()
            guard phase == .handshaking, closing == nil else { return }
        }
        var position = 0
        channel?.now = SystemClock.unixTime
        do throws(TLSError) {
            while let event = try nextEvent(&buffer, count: count, at: &position) {
                try handle(event, buffer)
            }
        } catch {
            takeKeyLog()
            fail(error)
            return
        }
        tail = position < count && !isReadChannelFinished ? Array(buffer[position..<count]) : []
        takeKeyLog()
        noteClientHello()
        transmit()
    }

    /// RFC 9846 §4.3.2: to a server without state a change_cipher_spec between the two hellos "will appear as if it were
    /// the first message to be received. Servers operating statelessly MUST ignore these records."
    private func canBegin(with contentType: UInt8) -> Bool {
        contentType == handshakeContentType
            || contentType == changeCipherSpecContentType && configuration.settings.statelessRetry != nil
    }

    private func nextEvent(
        _ buffer: inout [UInt8], count: Int, at position: inout Int
    ) throws(TLSError) -> Event? {
        var whole = buffer.mutableSpan
        var received = whole._mutatingExtracting(..<count)
        return try channel?.receive(&received, at: &position, output: &outbox)
    }

    private func handle(_ event: Event, _ buffer: [UInt8]) throws(TLSError) {
        switch event {
        case .applicationData(let range):
            takeIn(buffer[range])
        case .handshakeComplete: handshakeCompleted()
        case .alertReceived(let alert): notices.append(.alertReceived(alert))
        case .closeNotify: peerClosed()
        case .earlyData(let range): earlyDataReceived(buffer[range])
        case .earlyDataRejected: notices.append(.earlyDataRejected)
        case .sessionTicket(let session): ticketReceived(session)
        case .clientAuthenticated(let context): certificateRequestEnded(.shown, context)
        case .clientDeclined(let context): certificateRequestEnded(.declined, context)
        case .certificateRequestAnswered(let context, let didShow):
            certificateRequestEnded(didShow ? .shown : .declined, context)
        case .needs(let need): try decide(need)
        }
    }

    private func handshakeCompleted() {
        phase = .encrypted
        session = channel?.session
        handshakeDuration = handshakeStart.map { SystemClock.monotonic - $0 }
        handshakeDeadline?.cancel()
        handshakeDeadline = nil
        startIdleDeadline()
        notices += [.handshakeCompleted, .encrypted]
    }

    /// A complete ClientHello distinguishes a connection from those that only sit there.
    private func noteClientHello() {
        guard !hasClientHello, channel?.session != nil || question != nil else { return }
        hasClientHello = true
        supervisor?.clientHelloReceived(self)
    }

    private func takeKeyLog() {
        guard configuration.settings.keyLog != nil, let lines = channel?.takeKeyLog(), !lines.isEmpty else { return }
        notices.append(.keyLog(lines))
    }

    // MARK: Ends that come from the other side

    private func peerClosed() {
        isReadChannelFinished = true
        notices.append(.alertReceived(Alert(.closeNotify)))
        if phase == .encrypted {
            notices.append(.readChannelFinished)
        } else {
            fail(.remoteHostClosed, "the peer ended the connection during the handshake", ending: .closeNotify)
        }
    }

    private func streamEnded() {
        guard phase == .encrypted else {
            fail(.remoteHostClosed, "the peer ended the connection during the handshake", ending: .truncated)
            return
        }
        // RFC 9846 §6.1: without close_notify "a truncation attack" cannot be told from an end.
        fail(.remoteHostClosed, "the peer's stream ended without close_notify", ending: .truncated)
    }

    func transportFailed(_ error: SystemError) {
        if let closing {
            end(closing)
        } else if isReadChannelFinished {
            end(.closeNotify)
        } else {
            fail(SocketError(error), error.description, ending: .reset)
        }
    }
}
