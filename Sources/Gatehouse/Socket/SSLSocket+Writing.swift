import GatehouseSystem
import GatehouseTLS

extension SSLSocket: TurnObserver {
    /// How many bytes of plaintext are sealed at a time.
    private static let sealingSize = 1 << 16
    /// After how long without sealing records are short again.
    private static let recordSizingPause = Duration.seconds(1)

    /// How many written bytes have not gone to the kernel.
    public var bytesToWrite: Int { outgoing.count + sealedBytes }

    /// How many bytes of ciphertext have not gone to the kernel. What is sealed next is not among them yet.
    public var encryptedBytesToWrite: Int { outbox.count - outboxSent }

    /// Takes bytes to be sent. They are gathered until the end of the loop's turn, then sealed in as few records as
    /// they fit.
    ///
    /// - Returns: how many bytes were taken: fewer than given when ``writeBufferSize`` is reached (``bytesWritten``
    ///   tells when there is room again), 0 when the connection is closing or over.
    @discardableResult
    public func write(_ bytes: some Collection<UInt8>) -> Int {
        guard isWritable else { return 0 }
        let taken = bytes.prefix(max(0, writeBufferSize - bytesToWrite))
        outgoing.append(taken)
        awaitEndOfTurn()
        return taken.count
    }

    /// Whether bytes to be written are taken.
    var isWritable: Bool {
        phase != .idle && phase != .ended && closing == nil && !isWriteChannelFinished
    }

    private func awaitEndOfTurn() {
        guard !isTurnAwaited else { return }
        isTurnAwaited = true
        loop.callAtEndOfTurn(self)
    }

    package nonisolated func turnEnds() {
        assumeIsolated { socket in
            socket.isTurnAwaited = false
            socket.flush()
        }
    }

    /// Seals what was written, at once and not at the end of the turn, and sends as much as the kernel takes.
    ///
    /// - Returns: whether anything went to the kernel.
    @discardableResult
    public func flush() -> Bool {
        let before = encryptedBytesSent
        transmit()
        updateInterest()
        deliver()
        return encryptedBytesSent != before
    }

    /// Seals and sends as much as the kernel takes. When everything is out, a closing connection ends.
    func transmit() {
        switch phase {
        case .idle, .lookup, .connecting, .ended: return
        case .silent, .handshaking, .encrypted: break
        }
        do throws(TLSError) {
            repeat {
                try fill()
                switch push() {
                case .drained: break
                case .blocked: return
                case .failed(let error):
                    transportFailed(error)
                    return
                }
            } while hasMoreToSeal
        } catch {
            fail(error)
            return
        }
        if let closing { end(closing, lingering: true) }
    }

    private var hasMoreToSeal: Bool {
        phase == .encrypted && (!outgoing.isEmpty || isWriteChannelFinished && !hasSentCloseNotify)
            || closing != nil && !hasSentCloseNotify
    }

    /// Seals the next part of what is to be sent; `close_notify` comes behind everything else.
    private func fill() throws(TLSError) {
        if phase == .encrypted && !outgoing.isEmpty && outbox.count < Self.sealingSize {
            restartRecordSizingIfIdle()
            let part = outgoing.take(atMost: Self.sealingSize)
            try channel?.send(part.span, output: &outbox)
            sealedBytes += part.count
        }
        let isLast = closing != nil || isWriteChannelFinished && phase == .encrypted
        if isLast && outgoing.isEmpty && !hasSentCloseNotify {
            hasSentCloseNotify = true
            channel?.close(output: &outbox)
            sealedAlert = Alert(.closeNotify)
        }
    }

    /// The congestion window has shrunk while nothing was sent.
    private func restartRecordSizingIfIdle() {
        guard configuration.settings.recordSizing == .dynamic else { return }
        let now = SystemClock.monotonic
        if now - lastSealing >= Self.recordSizingPause { channel?.restartRecordSizing() }
        lastSealing = now
    }

    enum Push: Hashable {
        case drained
        case blocked
        case failed(SystemError)
    }

    /// Gives the kernel what is sealed.
    func push() -> Push {
        let before = outboxSent
        let result = sendOutbox()
        if outboxSent > before {
            encryptedBytesSent += outboxSent - before
            notices.append(.encryptedBytesWritten(outboxSent - before))
        }
        switch result {
        case .drained: outboxDrained()
        case .blocked: startWriteDeadline()
        case .failed: break
        }
        return result
    }

    private func sendOutbox() -> Push {
        while outboxSent < outbox.count {
            switch socket?.send(outbox, from: outboxSent) {
            case .moved(let count):
                outboxSent += count
                noteActivity()
            case .wouldBlock:
                isBlocked = true
                return .blocked
            case .failed(let error): return .failed(error)
            case nil: return .blocked
            }
        }
        return .drained
    }

    private func outboxDrained() {
        isBlocked = false
        stopWriteDeadline()
        outbox = []
        outboxSent = 0
        bytesSent += sealedBytes
        if sealedBytes > 0 { notices.append(.bytesWritten(sealedBytes)) }
        sealedBytes = 0
        if let sealedAlert { notices.append(.alertSent(sealedAlert)) }
        sealedAlert = nil
    }
}
