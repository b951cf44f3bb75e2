import GatehouseTLS

/// What a socket has to tell. Whatever changes the socket appends here; telling comes after, when no access to the
/// engine or a buffer is open any more.
enum Notice: Sendable {
    case stateChanged(SocketState)
    case hostFound
    case connected
    case modeChanged(SSLMode)
    case handshakeStarted
    case keyLog([UInt8])
    /// Somebody has to decide how the handshake goes on: the number of the question.
    case question(UInt64)
    /// The handshake is complete: the connection goes to its server's queue.
    case handshakeCompleted
    case encrypted
    case readyRead
    case earlyDataAvailable
    case earlyDataRejected
    case sessionTicket(SSLSession)
    case certificateRequestAnswered(CertificateRequestAnswer, [UInt8])
    case bytesWritten(Int)
    case encryptedBytesWritten(Int)
    case alertSent(Alert)
    case alertReceived(Alert)
    case readChannelFinished
    case error(SocketError)
    case disconnected(Ending)
}

extension SSLSocket {
    /// Tells everything, in order. A slot that causes more notices does not recurse: they come after it.
    func deliver() {
        guard !isDelivering else { return }
        isDelivering = true
        var isOver = false
        while !awaitsQueue, !isOver, noticesTold < notices.count {
            let notice = notices[noticesTold]
            noticesTold += 1
            tell(notice)
            if case .disconnected = notice { isOver = true }
        }
        isDelivering = false
        guard !awaitsQueue else { return }
        notices = Array(notices.dropFirst(noticesTold))
        noticesTold = 0
        // A slot has begun the next connection. What that has to tell comes in a turn of its own: whoever tries again
        // and again, and fails at once, does not hold up the loop.
        guard notices.isEmpty else { return postpone { $0.deliver() } }
        resumeWaits()
    }

    /// The server's slots have had their turn with the connection, and what they asked of it is done.
    func queued() {
        awaitsQueue = false
        deliver()
    }

    /// Remembers that there is something to read, once for however many records.
    func noticeReadable() {
        if case .readyRead = notices.last { return }
        notices.append(.readyRead)
    }

    /// While the handshake lasts, what happens is its server's signal too (and first); from the moment of encryption
    /// on, the socket's alone.
    var handshakeSupervisor: Acceptor? { hasAnnouncedEncryption ? nil : supervisor }

    private func tell(_ notice: Notice) {
        let supervisor = handshakeSupervisor
        switch notice {
        case .stateChanged(let state): stateChanged.emit(from: self, state)
        case .hostFound: hostFound.emit(from: self)
        case .connected: connected.emit(from: self)
        case .modeChanged(let mode): modeChanged.emit(from: self, mode)
        case .handshakeStarted: supervisor?.handshakeStarted(self)
        case .keyLog(let lines): configuration.settings.keyLog?(lines)
        case .question(let number): ask(number)
        case .handshakeCompleted:
            hasAnnouncedEncryption = true
            awaitsQueue = supervisor != nil
            supervisor?.handshakeCompleted(self, isResumed: session?.isResumed == true)
        case .encrypted: encrypted.emit(from: self)
        case .readyRead: readyRead.emit(from: self)
        case .earlyDataAvailable:
            supervisor?.tell { [self] in $0.earlyDataAvailable.emit(from: $0, self) }
            earlyDataAvailable.emit(from: self)
        case .earlyDataRejected: earlyDataRejected.emit(from: self)
        case .sessionTicket(let session): newSessionTicketReceived.emit(from: self, session)
        case .certificateRequestAnswered(let answer, let context):
            certificateRequestAnswered.emit(from: self, (answer, context))
        case .bytesWritten(let count): bytesWritten.emit(from: self, count)
        case .encryptedBytesWritten(let count): encryptedBytesWritten.emit(from: self, count)
        case .alertSent(let alert):
            self.supervisor?.count(sent: alert)
            supervisor?.alertSent(self, alert)
            alertSent.emit(from: self, alert)
        case .alertReceived(let alert):
            self.supervisor?.count(received: alert)
            supervisor?.alertReceived(self, alert)
            alertReceived.emit(from: self, alert)
        case .readChannelFinished:
            readChannelFinished.emit(from: self)
            answerCloseNotify()
        case .error(let error):
            supervisor?.handshakeFailed(self, error)
            errorOccurred.emit(from: self, error)
        case .disconnected(let ending):
            disconnected.emit(from: self, ending)
            self.supervisor?.connectionEnded(self)
            self.supervisor = nil
            // Unless one of them has begun the next connection, whose slots they are now.
            if phase == .ended && noticesTold == notices.count { dropSlots() }
        }
    }

    /// RFC 9846 §6.1: "Each party MUST send a "close_notify" alert before closing its write side of the connection".
    /// Slots have had their chance to answer what came before; their answers go out first.
    func answerCloseNotify() {
        guard phase == .encrypted, isReadChannelFinished, !allowHalfClose || hasSentCloseNotify else { return }
        beginClosing(.closeNotify)
        transmit()
        updateInterest()
    }

    /// Without this, a slot that holds the socket would keep both alive for ever.
    func dropSlots() {
        hostFound.disconnectAll()
        connected.disconnectAll()
        modeChanged.disconnectAll()
        encrypted.disconnectAll()
        readyRead.disconnectAll()
        bytesWritten.disconnectAll()
        encryptedBytesWritten.disconnectAll()
        readChannelFinished.disconnectAll()
        disconnected.disconnectAll()
        errorOccurred.disconnectAll()
        stateChanged.disconnectAll()
        alertSent.disconnectAll()
        alertReceived.disconnectAll()
        newSessionTicketReceived.disconnectAll()
        earlyDataAvailable.disconnectAll()
        earlyDataRejected.disconnectAll()
        certificateRequestAnswered.disconnectAll()
        peerVerifyError.disconnectAll()
        sslErrors.disconnectAll()
        handshakeInterruptedOnError.disconnectAll()
        preSharedKeyAuthenticationRequired.disconnectAll()
        credentialRequired.disconnectAll()
        signatureRequired.disconnectAll()
        ticketSealingRequired.disconnectAll()
        ticketOpeningRequired.disconnectAll()
    }
}
