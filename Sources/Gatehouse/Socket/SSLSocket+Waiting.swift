import GatehouseSystem

/// What can be waited for.
enum Awaited: Sendable, Hashable {
    case encrypted
    case readyRead
    /// More than so many bytes have been sent.
    case bytesWritten(since: Int)
    case disconnected
    /// More than so many decrypted bytes can be read.
    case bytesAvailable(moreThan: Int)
    /// No task is in the middle of a long write.
    case turnToWrite
    /// The write buffer takes more.
    case roomToWrite
    /// The client has answered the request for a certificate with this context.
    case certificate([UInt8])
}

/// A task that waits.
struct Wait: Sendable {
    let awaited: Awaited
    let continuation: CheckedContinuation<Bool, Never>
    let deadline: Deadline?
    /// Tells it from others.
    let mark: WaitMark
}

final class WaitMark: Sendable {}

// MARK: - Waiting in a slot

/// In a slot, and wherever else calls to the socket are synchronous, a wait holds up the loop's thread: it serves this
/// socket alone, and nothing else on the loop happens meanwhile. Slots that become due are called while it waits, but
/// never inside a slot of the same socket: then they are called afterwards, in their order. A wait for a peer on the
/// same loop is in vain. Without a descriptor to wait with, a wait ends at once.
///
/// From a task each of these functions is an `await` that holds up nobody; that is what servers use.
extension SSLSocket {
    /// Waits until the handshake is complete; at once if it is.
    ///
    /// - Parameter timeout: `nil` waits for ever. The handshake's own deadline goes on counting.
    /// - Returns: `false` when the time is over, the handshake failed, or there is no connection.
    @available(*, noasync)
    public func waitForEncrypted(timeout: Duration? = .seconds(30)) -> Bool {
        wait(for: .encrypted, timeout)
    }

    /// Waits until there are decrypted bytes that nobody has looked at: that have come since the last reading, peeking
    /// or waiting.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: `false` when the time is over, when nothing more will come, and while ``readBufferSize`` holds reading
    ///   back.
    @available(*, noasync)
    public func waitForReadyRead(timeout: Duration? = .seconds(30)) -> Bool {
        wait(for: .readyRead, timeout)
    }

    /// Waits until some of what was written has gone to the kernel; at once if nothing is left to write.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: `false` when the time is over, or there is no connection.
    @available(*, noasync)
    public func waitForBytesWritten(timeout: Duration? = .seconds(30)) -> Bool {
        wait(for: .bytesWritten(since: bytesSent), timeout)
    }

    /// Waits until the connection is over; at once if it is. Whoever waits has no more answers: the peer's
    /// `close_notify` is answered meanwhile, unless ``allowHalfClose``.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: `false` when the time is over, or there was never a connection.
    @available(*, noasync)
    public func waitForDisconnected(timeout: Duration? = .seconds(30)) -> Bool {
        wait(for: .disconnected, timeout)
    }

    private func wait(for awaited: Awaited, _ timeout: Duration?) -> Bool {
        let end = timeout.map { SystemClock.monotonic + $0 }
        let number = connectionNumber
        while true {
            readMail()
            flush()
            if awaited == .disconnected { answerCloseNotify() }
            deliver()
            // A slot has begun the next connection: the one that was waited for is over.
            guard connectionNumber == number else { return awaited == .disconnected }
            if let outcome = outcome(of: awaited) {
                if awaited == .readyRead { hasNews = false }
                return outcome
            }
            let now = SystemClock.monotonic
            if let end, end <= now { return false }
            guard sleep(until: end, now: now) else { return false }
        }
    }

    /// Sleeps until something can be done for this socket, and does it.
    private func sleep(until end: Duration?, now: Duration) -> Bool {
        let all =
            [handshakeDeadline, closingDeadline, idleDeadline, writeDeadline] + outstandingRequests.map(\.deadline)
        let deadlines = all.compactMap { $0 }.filter { !$0.isCancelled }
        let wakeTime = (deadlines.map(\.moment) + [end].compactMap { $0 }).min()
        do {
            let poller = try Poller()
            if let descriptor = socket?.descriptor, !interest.isEmpty {
                try poller.add(descriptor, interest: interest, token: 0)
            }
            for readiness in mailbox.sleep(on: poller, milliseconds: wakeTime.map { ($0 - now).pollTime }) {
                serve(readiness)
            }
        } catch {
            return false
        }
        for deadline in deadlines where deadline.moment <= SystemClock.monotonic { deadline.expire() }
        return true
    }
}

// MARK: - Waiting in a task

extension SSLSocket {
    /// Waits until the handshake is complete; at once if it is.
    ///
    /// - Parameter timeout: `nil` waits for ever. The handshake's own deadline goes on counting.
    /// - Returns: `false` when the time is over, the task is cancelled, the handshake failed, or there is no connection.
    public func waitForEncrypted(timeout: Duration? = .seconds(30)) async -> Bool {
        await wait(for: .encrypted, timeout)
    }

    /// Waits until there are decrypted bytes that nobody has looked at: that have come since the last reading, peeking
    /// or waiting.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: `false` when the time is over or the task is cancelled, when nothing more will come, and while
    ///   ``readBufferSize`` holds reading back.
    public func waitForReadyRead(timeout: Duration? = .seconds(30)) async -> Bool {
        await wait(for: .readyRead, timeout)
    }

    /// Waits until some of what was written has gone to the kernel; at once if nothing is left to write.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: `false` when the time is over, the task is cancelled, or there is no connection.
    public func waitForBytesWritten(timeout: Duration? = .seconds(30)) async -> Bool {
        await wait(for: .bytesWritten(since: bytesSent), timeout)
    }

    /// Waits until the connection is over; at once if it is.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: `false` when the time is over, the task is cancelled, or there was never a connection.
    public func waitForDisconnected(timeout: Duration? = .seconds(30)) async -> Bool {
        await wait(for: .disconnected, timeout)
    }

    func wait(for awaited: Awaited, _ timeout: Duration?) async -> Bool {
        let mark = WaitMark()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let deadline = timeout.map { time in
                    loop.deadline(after: time) { [weak self] in self?.assumeIsolated { $0.giveUpWaiting(mark) } }
                }
                waits.append(Wait(awaited: awaited, continuation: continuation, deadline: deadline, mark: mark))
                if Task.isCancelled { giveUpWaiting(mark) }
                resumeWaits()
            }
        } onCancel: {
            perform { $0.giveUpWaiting(mark) }
        }
    }

    private func giveUpWaiting(_ mark: WaitMark) {
        guard let index = waits.firstIndex(where: { $0.mark === mark }) else { return }
        let wait = waits.remove(at: index)
        wait.deadline?.cancel()
        wait.continuation.resume(returning: false)
    }

    /// Answers those whose wait has come to its end. It is called when everything has been told.
    func resumeWaits() {
        guard !waits.isEmpty else { return }
        let outcomes = waits.map { outcome(of: $0.awaited) }
        if zip(waits, outcomes).contains(where: { $0.awaited == .readyRead && $1 == true }) { hasNews = false }
        let resumed = zip(waits, outcomes)
        waits = resumed.filter { $1 == nil }.map(\.0)
        for case (let wait, let outcome?) in resumed {
            wait.deadline?.cancel()
            wait.continuation.resume(returning: outcome)
        }
    }
}

// MARK: - What a wait comes to

extension SSLSocket {
    /// What a wait returns; `nil` as long as it has to go on.
    private func outcome(of awaited: Awaited) -> Bool? {
        let isOver = phase == .idle || phase == .ended
        let isReadingOver = isOver || closing != nil || isReadChannelFinished
        return switch awaited {
        case .encrypted: isEncrypted ? true : isOver || closing != nil ? false : nil
        case .readyRead: hasNews ? true : isReadingOver || isInboxFull ? false : nil
        case .bytesWritten(let before): isOver ? false : bytesToWrite == 0 || bytesSent > before ? true : nil
        case .disconnected: phase == .ended ? true : isOver ? false : nil
        case .bytesAvailable(let before): inbox.count > before ? true : isReadingOver ? false : nil
        case .turnToWrite: !isWritable ? false : !isWritingAll ? true : nil
        case .certificate(let context):
            !outstandingRequests.contains { $0.context == context } ? true : isOver || closing != nil ? false : nil
        case .roomToWrite: !isWritable ? false : bytesToWrite < writeBufferSize ? true : nil
        }
    }
}
