import GatehouseTLS

// MARK: - Sessions

extension SSLSocket {
    /// Whether an earlier session was resumed.
    public var isSessionResumed: Bool { session?.isResumed ?? false }

    /// A server has given a client a ticket: the session of a later connection.
    func ticketReceived(_ session: SSLSession) {
        sessionTicket = session
        notices.append(.sessionTicket(session))
    }
}

// MARK: - Early data

extension SSLSocket {
    /// Takes the early data (RFC 9846 §2.3) that a client has sent to a server's socket; empty when there is none. It may
    /// be a replay, also when the handshake is complete: only what may be repeated may be done for it.
    public func readEarlyData() -> [UInt8] {
        earlyInbox.take()
    }

    /// Takes bytes to be sent as early data (RFC 9846 §2.3).
    ///
    /// On a client they go out with the first flight, under the key of the session that is resumed: call it before
    /// `connectToHostEncrypted`, or until the server has answered. Anybody who sees them can send them again, and the
    /// server may not take them: ``earlyDataRejected`` tells, and then they have to be written again, if that is safe.
    ///
    /// On a server's socket they answer early data before the handshake is complete: the client may be somebody who
    /// replays what another one has sent.
    ///
    /// - Returns: how many bytes were taken: on a client no more than ``SSLConfiguration/sessionTicket`` allows, 0 unless
    ///   ``SSLConfiguration/offersEarlyData`` is set; on a server all or, when no early data is being taken, none.
    @discardableResult
    public func writeEarlyData(_ bytes: some Collection<UInt8>) -> Int {
        switch phase {
        case .idle, .lookup, .connecting, .ended:
            guard isClient else { return 0 }
            let limit = configuration.settings.offeredEarlyData - earlyOutgoing.count
            let taken = bytes.prefix(max(0, limit))
            earlyOutgoing += taken
            return taken.count
        case .handshaking:
            let taken = sealEarlyData(Array(bytes))
            flush()
            return taken
        case .silent, .encrypted: return 0
        }
    }

    /// What was written before the connection stood follows the ClientHello.
    func sendEarlyData() {
        guard !earlyOutgoing.isEmpty else { return }
        // The session may not have been offered after all: it may have ended since.
        if sealEarlyData(earlyOutgoing) == 0 { notices.append(.earlyDataRejected) }
        earlyOutgoing = []
    }

    private func sealEarlyData(_ bytes: [UInt8]) -> Int {
        let part = bytes.prefix(channel?.earlyDataLimit ?? 0)
        guard !part.isEmpty, closing == nil, (try? channel?.writeEarly(part.span, output: &outbox)) != nil else {
            return 0
        }
        return part.count
    }

    func earlyDataReceived(_ bytes: ArraySlice<UInt8>) {
        earlyInbox.append(bytes)
        if case .earlyDataAvailable = notices.last { return }
        notices.append(.earlyDataAvailable)
    }
}

extension SSLConfiguration {
    /// How much early data a client may write, in bytes.
    fileprivate var offeredEarlyData: Int {
        offersEarlyData ? sessionTicket?.maximumEarlyDataSize ?? 0 : 0
    }
}
