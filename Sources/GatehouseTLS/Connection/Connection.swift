/// What a connection does in either role: reads records, hands messages to the role's states, ends.
struct Connection<Role: HandshakeRole & ~Copyable>: ~Copyable, Sendable {
    private var role: Role
    var core: ConnectionCore
    private var failure: TLSError?
    private var hasReceivedCloseNotify = false
    private var warningAlerts = 0
    private var postHandshakeMessages = 0

    init(role: consuming Role, core: consuming ConnectionCore) {
        self.role = role
        self.core = core
    }

    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event? {
        if let failure { throw failure }
        swap(&core.output, &output)
        defer { swap(&core.output, &output) }
        do throws(TLSError) {
            return try nextEvent(&buffer, at: &position)
        } catch {
            fail(error)
            throw error
        }
    }

    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard core.isPaused else { throw .misuse(.noSuchDecision) }
        // What the peer sends can still be received when we have closed: for that, the pause has to end.
        guard core.isEstablished || !core.hasSentCloseNotify else { throw .misuse(.alreadyClosed) }
        swap(&core.output, &output)
        defer { swap(&core.output, &output) }
        do throws(TLSError) {
            try core.endPause(with: decision)
            try role.resume(with: decision, &core)
        } catch {
            fail(error)
            throw error
        }
    }

    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard core.isEstablished else { throw .misuse(.notEstablished) }
        guard !core.hasSentCloseNotify else { throw .misuse(.alreadyClosed) }
        guard !plaintext.isEmpty else { return }
        if core.writer.isKeyWornOut || core.owesKeyUpdate { try updateKeys(requestingPeers: false, output: &output) }
        try core.writer.write(.applicationData, plaintext, to: &output)
    }

    mutating func sendEarlyData(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard !plaintext.isEmpty else { return }
        swap(&core.output, &output)
        defer { swap(&core.output, &output) }
        try core.sendEarlyData(plaintext)
    }

    mutating func answerEarlyData(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard core.acceptsEarlyData else { throw .misuse(.noEarlyData) }
        guard !core.hasSentCloseNotify else { throw .misuse(.alreadyClosed) }
        guard !plaintext.isEmpty else { return }
        try core.writer.write(.applicationData, plaintext, to: &output)
    }

    mutating func updateKeys(requestingPeers: Bool, output: inout [UInt8]) throws(TLSError) {
        guard core.isEstablished else { throw failure ?? .misuse(.notEstablished) }
        try act(output: &output) { (role, core) throws(TLSError) in
            try role.updateKeys(requestingPeers: requestingPeers, &core)
        }
    }

    /// Does what the application asks of the role's state.
    mutating func act<Result>(
        output: inout [UInt8], _ action: (inout Role, inout ConnectionCore) throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        if let failure { throw failure }
        guard !core.hasSentCloseNotify else { throw .misuse(.alreadyClosed) }
        swap(&core.output, &output)
        defer { swap(&core.output, &output) }
        do throws(TLSError) {
            return try action(&role, &core)
        } catch {
            fail(error)
            throw error
        }
    }

    func export(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        if let failure { throw failure }
        return try role.export(label: label, context: context, count: count)
    }

    mutating func close(output: inout [UInt8]) {
        guard failure == nil, !core.hasSentCloseNotify else { return }
        core.hasSentCloseNotify = true
        swap(&core.output, &output)
        defer { swap(&core.output, &output) }
        // An alert that cannot be sealed is not sent: there is nobody to tell.
        try? core.send(Alert(.closeNotify))
    }

    mutating func abort(with alert: AlertDescription, output: inout [UInt8]) {
        guard failure == nil else { return }
        swap(&core.output, &output)
        defer { swap(&core.output, &output) }
        fail(.refused(alert))
    }

    private mutating func nextEvent(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int
    ) throws(TLSError) -> Event? {
        while true {
            if let event = core.takeEvent() { return event }
            guard core.isEstablished || !core.hasSentCloseNotify else {
                // We have closed before the handshake was complete: it cannot go on, as we have nothing more to say.
                position = buffer.count
                return nil
            }
            guard !core.isPaused else { return nil }
            if let message = try core.joiner.next() {
                try handle(message)
            } else if hasReceivedCloseNotify {
                // RFC 9846 §6.1: "Any data received after a closure alert has been received MUST be ignored."
                position = buffer.count
                return nil
            } else if let record = try core.reader.next(
                &buffer, at: &position, inMessage: core.joiner.isInMessage)
            {
                try handle(record, buffer.span)
            } else {
                return nil
            }
        }
    }

    private mutating func handle(_ message: ReceivedMessage) throws(TLSError) {
        if core.isEstablished {
            postHandshakeMessages += 1
            guard postHandshakeMessages <= Limits.postHandshakeMessages else {
                throw .peerMisbehaved(.tooManyPostHandshakeMessages)
            }
        }
        try role.handle(message, &core)
    }

    private mutating func handle(_ record: ReceivedRecord, _ buffer: Span<UInt8>) throws(TLSError) {
        switch record.type {
        case .handshake: core.joiner.append(buffer.extracting(record.content))
        case .alert: try handleAlert(buffer.extracting(record.content))
        default:
            // RFC 9846 §5.1: "Handshake messages MUST NOT be interleaved with other record types."
            guard !core.joiner.isInMessage else { throw .peerMisbehaved(.interleavedRecord) }
            guard core.isEstablished else { return try core.takeEarlyData(record.content) }
            guard !core.awaitsOnlyHandshake else { throw .peerMisbehaved(.unexpectedApplicationData) }
            guard !record.content.isEmpty else { return }
            postHandshakeMessages = 0
            core.tell(.applicationData(record.content))
        }
    }

    private mutating func handleAlert(_ content: Span<UInt8>) throws(TLSError) {
        guard content.count == 2 else { throw .invalidMessage(.malformedAlert) }
        let alert = Alert(
            level: Alert.Level(rawValue: content[0]) ?? .fatal, AlertDescription(rawValue: content[1]))
        // RFC 9846 §5.1: "if a handshake message is split over two or more records, there MUST NOT be any other records
        // between them." An error alert ends the connection there all the same.
        if alert.description.isClosure, core.joiner.isInMessage { throw .peerMisbehaved(.interleavedRecord) }
        switch alert.description {
        case .closeNotify:
            hasReceivedCloseNotify = true
            core.tell(.closeNotify)
        case .userCanceled:
            warningAlerts += 1
            guard warningAlerts <= Limits.warningAlerts else { throw .peerMisbehaved(.tooManyWarnings) }
            core.tell(.alertReceived(alert))
        default:
            // RFC 9846 §6: "All the alerts listed in Section 6.2 MUST be sent with AlertLevel=fatal and MUST be
            // treated as error alerts when received regardless of the AlertLevel in the message. Unknown Alert types
            // MUST be treated as error alerts."
            throw .alertReceived(alert)
        }
    }

    private mutating func fail(_ error: TLSError) {
        if case .misuse = error { return }
        failure = error
        guard let description = error.alert, !core.hasSentCloseNotify else { return }
        // As in `close`: an alert that cannot be sealed is not sent.
        try? core.send(Alert(description))
    }
}
