import GatehouseSystem

/// Somebody who waits for a connection.
package struct ConnectionWaiter: Sendable {
    let id: UInt64
    let continuation: CheckedContinuation<Bool, Never>
    let deadline: Deadline?
}

// MARK: - The queue

extension SSLServer {
    /// Whether encrypted connections wait to be taken.
    public var hasPendingConnections: Bool { !queue.isEmpty }

    /// Takes the connection that has waited longest, `nil` when there is none. It may have ended meanwhile; what came
    /// before its end is still readable.
    public func nextPendingConnection() -> SSLSocket? {
        guard !queue.isEmpty else { return nil }
        defer { updatePause() }
        return queue.removeFirst()
    }

    /// Waits until an encrypted connection can be taken.
    ///
    /// - Parameter timeout: how long to wait; `nil` for as long as the server listens.
    /// - Returns: `false` when the time is over, which ``serverError`` then tells, the task is cancelled, or the server
    ///   does not listen.
    public func waitForNewConnection(timeout: Duration? = nil) async -> Bool {
        nextWaiterID += 1
        let id = nextWaiterID
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Asked in here, where nothing can come between the question and the wait.
                if hasPendingConnections { return continuation.resume(returning: true) }
                guard isListening else { return continuation.resume(returning: false) }
                let deadline = timeout.map { time in
                    loop.deadline(after: time) { [weak self] in self?.assumeIsolated { $0.waitingTimedOut(id) } }
                }
                connectionWaiters.append(ConnectionWaiter(id: id, continuation: continuation, deadline: deadline))
                if Task.isCancelled { giveUpWaiting(id) }
            }
        } onCancel: {
            perform { $0.giveUpWaiting(id) }
        }
    }

    private func waitingTimedOut(_ id: UInt64) {
        serverError = .socketTimeout
        errorString = "Network operation timed out"
        giveUpWaiting(id)
    }

    private func giveUpWaiting(_ id: UInt64) {
        guard let index = connectionWaiters.firstIndex(where: { $0.id == id }) else { return }
        let waiter = connectionWaiters.remove(at: index)
        waiter.deadline?.cancel()
        waiter.continuation.resume(returning: false)
    }

    func resumeConnectionWaiters(with result: Bool) {
        let resumed = connectionWaiters
        connectionWaiters = []
        for waiter in resumed {
            waiter.deadline?.cancel()
            waiter.continuation.resume(returning: result)
        }
    }
}

// MARK: - Pausing

extension SSLServer {
    /// Accepts nothing until ``resumeAccepting()``, whatever happens meanwhile. The kernel goes on keeping connections.
    public func pauseAccepting() {
        isPausedByUser = true
        updatePause()
    }

    /// Ends what ``pauseAccepting()`` began.
    public func resumeAccepting() {
        isPausedByUser = false
        updatePause()
    }

    var shouldPause: Bool {
        isPausedByUser || queue.count >= maxPendingConnections || counters.open >= maxConnections
    }

    func updatePause() {
        if shouldPause != isPaused { spreadPause() }
    }

    /// Tells every acceptor, also those that have paused by themselves meanwhile.
    func spreadPause() {
        isPaused = shouldPause
        let isPaused = isPaused
        for acceptor in acceptors { acceptor.perform { $0.setPaused(isPaused) } }
    }
}

// MARK: - What acceptors report

extension SSLServer {
    func connectionAccepted() {
        isShortOfResources = false
        updatePause()
        newConnection.emit(from: self)
    }

    func handshakeStarted(_ socket: SSLSocket) {
        startedEncryptionHandshake.emit(from: self, socket)
    }

    func enqueue(_ socket: SSLSocket) {
        if isClosed {
            // On another thread a handshake may have been completed while the server was being closed.
            socket.perform { $0.disconnectFromHost() }
        } else {
            addPendingConnection(socket)
        }
        socket.perform { $0.queued() }
    }

    func acceptingFailed(_ failed: Listener, _ error: SystemError) {
        // On another thread it may have happened before the server was closed.
        guard failed === listener, !isShortOfResources else { return }
        isShortOfResources = true
        reportAcceptError(error)
    }

    /// The listening socket is of no use any more.
    func listenerFailed(_ failed: Listener, _ error: SystemError) {
        guard failed === listener else { return }
        stopListening()
        reportAcceptError(error)
    }

    private func reportAcceptError(_ error: SystemError) {
        let failure = SocketFailure(listening: error)
        serverError = failure.error
        errorString = error.description
        acceptError.emit(from: self, failure.error)
    }

    func connectionEnded() {
        updatePause()
        letGoOfAcceptors()
        resumeEndWaiters()
    }

    func resumeEndWaiters() {
        guard counters.open == 0 else { return }
        let resumed = endWaiters
        endWaiters = []
        for waiter in resumed { waiter.resume() }
    }
}
