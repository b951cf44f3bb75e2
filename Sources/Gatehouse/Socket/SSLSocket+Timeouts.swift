import GatehouseSystem

// MARK: - Idle connections

extension SSLSocket {
    /// A byte came or went.
    func noteActivity() {
        if idleTimeout != nil { lastActivity = SystemClock.monotonic }
    }

    func startIdleDeadline() {
        idleDeadline?.cancel()
        idleDeadline = nil
        guard let idleTimeout, phase == .encrypted, closing == nil else { return }
        lastActivity = SystemClock.monotonic
        awaitIdleness(idleTimeout)
    }

    private func awaitIdleness(_ time: Duration) {
        idleDeadline = loop.deadline(after: time) { [weak self] in
            self?.assumeIsolated { $0.idleTimePassed() }
        }
    }

    /// The deadline stands still while bytes come and go; only when it has passed is it looked at what is left.
    private func idleTimePassed() {
        guard let idleTimeout, phase == .encrypted, closing == nil else { return }
        let rest = lastActivity + idleTimeout - SystemClock.monotonic
        guard rest <= .zero else {
            // In sixteenths, so that all connections together use a few lengths of deadlines only.
            let unit = idleTimeout / 16
            return awaitIdleness(min(idleTimeout, unit * (rest / unit).rounded(.up)))
        }
        error = .socketTimeout
        errorString = "the connection was idle for too long"
        notices.append(.error(.socketTimeout))
        beginClosing(.failed)
        transmit()
        // What does not go out now does not go out at all: nothing has moved for all this time.
        end(.failed)
        deliver()
    }
}

// MARK: - Peers that do not read

extension SSLSocket {
    func startWriteDeadline() {
        guard writeDeadline == nil, let writeTimeout else { return }
        let before = encryptedBytesSent
        writeDeadline = loop.deadline(after: writeTimeout) { [weak self] in
            self?.assumeIsolated { $0.writeTimePassed(before) }
        }
    }

    func stopWriteDeadline() {
        writeDeadline?.cancel()
        writeDeadline = nil
    }

    private func writeTimePassed(_ before: Int) {
        writeDeadline = nil
        guard isBlocked, closing == nil else { return }
        if encryptedBytesSent - before >= Self.closingProgress {
            startWriteDeadline()
        } else {
            fail(.socketTimeout, "the peer does not take what is written", ending: .failed)
            deliver()
        }
    }
}

// MARK: - The end

extension SSLSocket {
    /// Nothing is waited for any more.
    func stopDeadlines() {
        handshakeDeadline?.cancel()
        closingDeadline?.cancel()
        idleDeadline?.cancel()
        for request in outstandingRequests { request.deadline?.cancel() }
        stopWriteDeadline()
    }
}
