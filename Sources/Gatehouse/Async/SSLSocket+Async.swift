import Synchronization

/// What ``SSLConnection`` is made of: each call suspends until the socket can do what is asked.
extension SSLSocket {
    /// Waits for the end of the handshake.
    func waitUntilEncrypted() async throws {
        let isEncrypted = await wait(for: .encrypted, nil)
        try Task.checkCancellation()
        guard isEncrypted else { throw failure }
    }

    /// Takes what has come, waiting for it; `nil` at the orderly end.
    ///
    /// - Parameter connection: the number of the connection to read from; `nil` takes the present one.
    func nextChunk(of connection: inout UInt64?) async throws -> [UInt8]? {
        let number = connection ?? connectionNumber
        connection = number
        while true {
            try checkReading(number)
            if bytesAvailable > 0 { return readAll() }
            // Somebody else may have taken what came.
            if await !wait(for: .bytesAvailable(moreThan: 0), nil), !Task.isCancelled {
                try checkOrderlyEnd(of: number)
                return nil
            }
        }
    }

    /// Takes a line with its end, waiting for it to come whole; `nil` at the orderly end, before which what is left is a
    /// line too.
    ///
    /// - Parameter connection: the number of the connection to read from; `nil` takes the present one.
    func nextLine(of connection: inout UInt64?, maximumLength: Int) async throws -> [UInt8]? {
        let number = connection ?? connectionNumber
        connection = number
        while true {
            try checkReading(number)
            // Where less than the longest line is kept, reading stops before its end comes.
            let limit = readBufferSize > 0 ? min(maximumLength, readBufferSize) : maximumLength
            if let length = inbox.countThroughNewline(), length <= limit { return read(length) }
            guard bytesAvailable < limit else { throw LineTooLong(maximumLength: limit) }
            if await !wait(for: .bytesAvailable(moreThan: bytesAvailable), nil), !Task.isCancelled {
                try checkOrderlyEnd(of: number)
                return bytesAvailable > 0 ? readAll() : nil
            }
        }
    }

    /// What a task has begun with one connection does not go on with the next one of the same socket.
    private func checkConnection(_ number: UInt64) throws(SocketFailure) {
        guard number == connectionNumber else {
            throw SocketFailure(.operation, "the connection is over, and the socket was connected again")
        }
    }

    private func checkReading(_ number: UInt64) throws {
        try Task.checkCancellation()
        try checkConnection(number)
    }

    /// Nothing more will come: it throws unless the peer has said so.
    private func checkOrderlyEnd(of number: UInt64) throws(SocketFailure) {
        try checkConnection(number)
        let isOrderly = ending == nil ? isReadChannelFinished : ending == .closeNotify
        guard isOrderly else { throw failure }
    }

    /// Writes everything, one caller after the other.
    func writeAll(_ bytes: some Collection<UInt8> & Sendable) async throws {
        let number = connectionNumber
        // Several may be woken for one turn.
        repeat { try await waitToWrite(.turnToWrite, number) } while isWritingAll
        isWritingAll = true
        defer {
            isWritingAll = false
            resumeWaits()
        }
        var rest = bytes[...]
        while true {
            try checkConnection(number)
            rest = rest.dropFirst(write(rest))
            if rest.isEmpty { return }
            try await waitToWrite(.roomToWrite, number)
        }
    }

    private func waitToWrite(_ awaited: Awaited, _ number: UInt64) async throws {
        try Task.checkCancellation()
        let canWrite = await wait(for: awaited, nil)
        try Task.checkCancellation()
        try checkConnection(number)
        guard canWrite else { throw failure }
    }

    /// Asks the client for a certificate, and waits for the answer.
    func awaitClientCertificate(timeout: Duration?) async throws -> CertificateRequestAnswer {
        try Task.checkCancellation()
        // By the context of the request.
        let answers = Mutex<[[UInt8]: CertificateRequestAnswer]>([:])
        let slot = certificateRequestAnswered.connect { _, answer, context in
            answers.withLock { $0[context] = answer }
        }
        defer { slot.disconnect() }
        let context = try requestClientCertificate(timeout: timeout)
        _ = await wait(for: .certificate(context), nil)
        try Task.checkCancellation()
        guard let answer = answers.withLock({ $0[context] }) else { throw failure }
        return answer
    }

    /// Ends the connection gracefully and waits for the end. A cancelled task does not wait.
    func closeAndWait() async {
        disconnectFromHost()
        _ = await wait(for: .disconnected, nil)
    }

    /// Why what was asked cannot be done.
    private var failure: SocketFailure {
        if let error { return SocketFailure(error, errorString, ending: ending) }
        return switch ending ?? closing {
        case .closeNotify: SocketFailure(.remoteHostClosed, "the peer has ended the connection", ending: .closeNotify)
        case let ending?: SocketFailure(.operation, "the connection was closed on this side", ending: ending)
        case nil where phase == .idle: SocketFailure(.operation, "the socket is not connected")
        case nil where phase == .ended: SocketFailure(.operation, "the connection has moved to another loop")
        case nil: SocketFailure(.operation, "the writing side is finished")
        }
    }
}
