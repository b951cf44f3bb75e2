import GatehouseSystem

/// A restart without a refused or dropped connection: the new process takes the listening socket over while the old
/// one still serves what it has.
///
/// ```swift
/// // In every process, with the same path:
/// if try await !server.takeOver(at: "/run/service/hand-over") {
///     try await server.listen(address: .any, port: 443)
/// }
/// try await server.offerHandOver(at: "/run/service/hand-over")
/// server.handedOver.connect { server in
///     Task {
///         await server.shutdown(gracePeriod: .seconds(600))
///         exit(0)
///     }
/// }
/// ```
extension SSLServer {
    /// Offers the listening socket to another process of the same user, or of root, at a Unix socket: it takes it with
    /// ``takeOver(at:timeout:)``. Then ``handedOver`` is emitted, and this server does not listen any more; its
    /// connections go on. Closing the server ends the offer.
    ///
    /// - Throws: `SocketFailure` when the path cannot be used.
    public func offerHandOver(at path: String) throws(SocketFailure) {
        handOverOffer?.assumeIsolated { $0.withdraw() }
        handOverOffer = nil
        do throws(SystemError) {
            let offer = try HandOverOffer(at: path, for: self)
            if let failure = offer.assumeIsolated({ $0.begin() }) { throw failure }
            handOverOffer = offer
        } catch {
            throw SocketFailure(listening: error)
        }
    }

    func wasHandedOver() {
        handOverOffer = nil
        leaveListener()
        handedOver.emit(from: self)
    }

    func withdrawHandOverOffer() {
        handOverOffer?.assumeIsolated { $0.withdraw() }
        handOverOffer = nil
    }

    /// Listens on the socket of a server that offers it at the path. Both listen for a moment, then the other one
    /// stops.
    ///
    /// - Parameter timeout: how long the other one may take for its answers.
    /// - Returns: `false` when nobody offers anything there.
    /// - Throws: `SocketFailure` when somebody does, and it cannot be taken.
    public func takeOver(at path: String, timeout: Duration = .seconds(10)) async throws(SocketFailure) -> Bool {
        guard listener == nil else { throw SocketFailure(.operation, "the server listens already") }
        let predecessor: Predecessor
        do {
            predecessor = Predecessor(try StreamSocket.connect(toUnixPath: path))
        } catch {
            if error.isAbsent || error.isConnectionRefused { return false }
            throw SocketFailure(error)
        }
        let received = try await predecessor.descriptor(within: timeout)
        do {
            try listen { () throws(SystemError) in
                Listener(try StreamSocket.adoptListener(received.descriptor), ownsFile: received.byte == 1)
            }
        } catch {
            // Adopting has failed: the descriptor is still ours.
            _ = StreamSocket(adopting: received.descriptor)
            throw error
        }
        await predecessor.tellListening(waiting: timeout)
        return true
    }
}

/// The successor's end of a hand-over. Waiting is done on a thread of its own.
private final class Predecessor: Sendable {
    private let socket: StreamSocket

    init(_ socket: consuming StreamSocket) {
        self.socket = socket
    }

    /// The descriptor, and whether a Unix socket's file goes with it.
    func descriptor(within timeout: Duration) async throws(SocketFailure) -> StreamSocket.Received {
        let result: Result<StreamSocket.Received, SocketFailure> = await onThread { [self] in
            do throws(SystemError) {
                guard try isReady(within: timeout), let received = try socket.receiveDescriptor() else {
                    return .failure(SocketFailure(.socketTimeout, "the other process does not hand its socket over"))
                }
                return .success(received)
            } catch {
                return .failure(SocketFailure(error))
            }
        }
        return try result.get()
    }

    /// Says that we listen, and waits until the other one has withdrawn its offer.
    func tellListening(waiting timeout: Duration) async {
        await onThread { [self] in
            _ = socket.send([1], from: 0)
            // Whatever comes of it, we listen.
            _ = try? isReady(within: timeout)
        }
    }

    private func isReady(within timeout: Duration) throws(SystemError) -> Bool {
        let poller = try Poller()
        try poller.add(socket.descriptor, interest: .read, token: 0)
        let end = SystemClock.monotonic + timeout
        var ready: [Readiness] = []
        while ready.isEmpty {
            let left = (end - SystemClock.monotonic) / .milliseconds(1)
            guard left > 0 else { return false }
            poller.wait(milliseconds: Int32(clamping: Int(min(left, 1e6)) + 1), into: &ready)
        }
        return true
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            do {
                try SystemThread.start { continuation.resume(returning: body()) }
            } catch {
                // Without a thread we wait here: the descriptors are worth it.
                continuation.resume(returning: body())
            }
        }
    }
}
