import GatehouseSystem
import GatehouseTLS

/// How a request for a certificate after the handshake was answered.
public enum CertificateRequestAnswer: Sendable, Hashable {
    /// With a certificate and the proof of its key.
    case shown
    /// With nothing: the client has none, or does not show it.
    case declined
}

// MARK: - Authentication after the handshake

extension SSLSocket {
    /// Asks the client of a server's socket for a certificate, after the handshake (RFC 9846 §4.7.2).
    ///
    /// What the client shows is judged as it would be in the handshake: by the same settings, and where something is
    /// wrong with the socket's ``peerVerifyError``, ``handshakeInterruptedOnError`` and ``sslErrors``; the server's
    /// signals tell nothing of it. Until the answer is complete the client is who it was before. Then
    /// ``certificateRequestAnswered`` comes; or, with a certificate that is refused, an alert and the end.
    ///
    /// ```swift
    /// socket.certificateRequestAnswered.connect { socket, answer, _ in
    ///     socket.write(socket.isPeerVerified ? secret : refusal)
    /// }
    /// try socket.requestClientCertificate()
    /// ```
    ///
    /// Up to eight requests can be out at a time. Each is answered on its own, in the order of the client's choosing, and
    /// each answer is judged for itself: what was ignored for one is not ignored for the next.
    ///
    /// What the client sends before its answer is taken in meanwhile, up to ``readBufferSize``: a client that may send
    /// more than that first has to be read from. A session that the client resumes later knows nothing of the answer.
    ///
    /// - Parameter timeout: how long the client may take, and those who decide about its certificate; then it gets a
    ///   `certificate_required` alert, and the connection ends with ``SocketError/socketTimeout``. People who have to
    ///   choose a certificate need some time. `nil` for ever.
    /// - Returns: the context of the request (RFC 9846 §4.4.2), 32 random bytes, which ``certificateRequestAnswered``
    ///   repeats.
    /// - Throws: `SocketFailure` while the connection is not encrypted or our side of it is closed; on a client's
    ///   socket; when the configuration trusts nobody; when the client has not offered to be asked, or a pre-shared key
    ///   has authenticated it; and when too many answers are awaited.
    @discardableResult
    public func requestClientCertificate(timeout: Duration? = .seconds(30)) throws(SocketFailure) -> [UInt8] {
        guard isEncrypted, isWritable else { throw .notEncrypted }
        let policy = configuration.laterClientAuthentication
        guard policy.requirement != .none else {
            throw SocketFailure(.operation, "the configuration asks no client for a certificate")
        }
        // What was written before goes out first.
        transmit()
        let sent: [UInt8]?
        do throws(TLSError) {
            sent = try channel?.requestClientCertificate(policy, output: &outbox)
        } catch {
            throw requestFailed(error)
        }
        guard let context = sent else {
            deliver()
            throw .notEncrypted
        }
        if !isAwaitingCertificate { forgetIgnoring() }
        let deadline = timeout.map { time in
            loop.deadline(after: time) { [weak self] in self?.assumeIsolated { $0.certificateTimePassed(context) } }
        }
        outstandingRequests.append(OutstandingRequest(context: context, deadline: deadline))
        flush()
        return context
    }

    private func requestFailed(_ error: TLSError) -> SocketFailure {
        switch error {
        case .misuse(.tooManyCertificateRequests):
            return SocketFailure(.operation, "the client has not answered as many requests as may be out")
        case .misuse:
            return SocketFailure(
                .operation, "the client has not offered to show a certificate later, or a pre-shared key is its proof")
        default:
            fail(error)
            deliver()
            return SocketFailure(.operation, "\(error)")
        }
    }

    /// Whether a client was asked for a certificate after the handshake, and an answer is awaited.
    public var isAwaitingCertificate: Bool { !outstandingRequests.isEmpty }

    /// The answer to a request is complete: the client's, or our own.
    func certificateRequestEnded(_ answer: CertificateRequestAnswer, _ context: [UInt8]) {
        session = channel?.session
        if let index = outstandingRequests.firstIndex(where: { $0.context == context }) {
            outstandingRequests.remove(at: index).deadline?.cancel()
        }
        forgetIgnoring()
        certificateRequestAnswer = answer
        notices.append(.certificateRequestAnswered(answer, context))
    }

    private func certificateTimePassed(_ context: [UInt8]) {
        guard outstandingRequests.contains(where: { $0.context == context }), closing == nil else { return }
        let reason = "the client has not shown a certificate in time"
        fail(.socketTimeout, reason, ending: .failed, lingering: sendLast(.certificateRequired))
        deliver()
    }
}
