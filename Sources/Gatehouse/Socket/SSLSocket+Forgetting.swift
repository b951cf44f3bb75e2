extension SSLSocket {
    /// Lets everything of the last connection go, so that nothing of it shows in the next one.
    ///
    /// What stays is not the connection's: the settings, early data that was written for the next one, what is still to
    /// be told, and the numbers that tell late answers from timely ones.
    func forgetConnection() {
        phase = .idle
        closing = nil
        ending = nil
        error = nil
        errorString = ""
        forgetHandshake()
        forgetReading()
        forgetWriting()
    }

    private func forgetHandshake() {
        mode = .unencrypted
        peerName = nil
        peerVerifyName = nil
        session = nil
        sessionTicket = nil
        sslHandshakeErrors = []
        certificateRequestAnswer = nil
        hasClientHello = false
        hasAnnouncedEncryption = false
        handshakeStart = nil
        handshakeDuration = nil
        handshakeDeadline = nil
        closingDeadline = nil
        continuesInterruptedHandshake = false
        hasAskedForPreSharedKey = false
        suppliedPreSharedKey = nil
    }

    private func forgetReading() {
        tail = []
        inbox.removeAll()
        uncommitted = nil
        hasNews = false
        earlyInbox.removeAll()
        isReadChannelFinished = false
    }

    private func forgetWriting() {
        forgetOutput()
        bytesSent = 0
        encryptedBytesSent = 0
        lastSealing = .zero
        isWriteChannelFinished = false
        hasSentCloseNotify = false
        isBlocked = false
    }

    /// Lets go what was written and not sent.
    func forgetOutput() {
        outgoing.removeAll()
        outbox = []
        outboxSent = 0
        sealedBytes = 0
        sealedAlert = nil
    }
}
