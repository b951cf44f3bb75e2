import GatehouseCertificates
import GatehouseSystem
import GatehouseTLS

/// What a paused handshake waits for.
enum Question: Sendable {
    /// Whether to go on although something is wrong with the peer's certificate.
    case peer(PeerReview)
    /// A key by the first of these names; the rest is asked for afterwards.
    case preSharedKey(ArraySlice<[UInt8]>)
    /// A credential for this client.
    case credential(ClientHelloInfo)
    /// A credential for this server, or none.
    case clientCredential(CertificateRequestInfo)
    case signature(SignatureRequest)
    /// Tickets that carry these sessions.
    case ticketSealing([[UInt8]])
    /// The sessions in these tickets.
    case ticketOpening([[UInt8]])
}

/// Problems of the peer's certificate on their way to those who decide.
struct PeerReview: Sendable {
    /// Never empty.
    let problems: [CertificateProblem]
    let errors: [SSLError]
    /// What the peer has shown, its own certificate first.
    let chain: [SSLCertificate]
    /// The problems about which the handshake has been interrupted and continued.
    var continued = 0
    /// All of them have been told together.
    var isReported = false

    init(_ problems: [CertificateProblem], of peer: PeerCertificates) {
        self.problems = problems
        chain = peer.chain
        errors = problems.map { SSLError($0) }
    }
}

// MARK: - Asking

extension SSLSocket {
    /// The engine has paused. What can be answered at once is; for the rest somebody has to be asked, after every access
    /// to the engine is closed.
    func decide(_ need: Need) throws(TLSError) {
        switch need {
        case .peerVerdict(let peer): try judge(peer)
        case .preSharedKey(let identities):
            // After a HelloRetryRequest the client offers the same once more.
            if hasAskedForPreSharedKey {
                try channel?.resume(with: .preSharedKey(suppliedPreSharedKey), output: &outbox)
            } else {
                wait(for: .preSharedKey(identities[...]))
            }
        case .credential(let info): wait(for: .credential(info))
        case .clientCredential(let info): wait(for: .clientCredential(info))
        case .signature(let request): wait(for: .signature(request))
        case .ticketSealing(let sessions): wait(for: .ticketSealing(sessions))
        case .ticketOpening(let tickets): wait(for: .ticketOpening(tickets))
        }
    }

    private func judge(_ peer: PeerCertificates) throws(TLSError) {
        let problems = configuration.judge.problems(
            of: peer, staple: channel?.session?.peerOCSPResponse, at: SystemClock.unixTime)
        guard !problems.isEmpty else {
            sslHandshakeErrors = []
            try channel?.resume(with: .accept, output: &outbox)
            return
        }
        // What the peer has shown is there for those who are asked. After the handshake it stays who it was until it has
        // proved to be somebody else.
        session = channel?.session
        wait(for: .peer(PeerReview(problems, of: peer)))
    }

    private func wait(for question: Question) {
        self.question = question
        questionNumber += 1
        notices.append(.question(questionNumber))
    }

    /// Whether the handshake waits for somebody's decision.
    var isPausedForDecision: Bool { question != nil }

    /// Asks whoever listens: the server's slots and the socket's own.
    func ask(_ number: UInt64) {
        // A question of the last connection is nobody's any more.
        guard questionNumber == number else { return }
        switch question {
        case .peer(let review):
            if configuration.settings.handshakeMustInterruptOnError, review.continued < review.errors.count {
                interrupt(review)
            } else {
                report(review)
            }
        case .preSharedKey(let identities):
            hasAskedForPreSharedKey = true
            guard let identity = identities.first else { return proceed(with: .preSharedKey(nil)) }
            let authenticator = PreSharedKeyAuthenticator(
                identity: identity, answer: pendingAnswer { $0.preSharedKeyAnswered($1) })
            handshakeSupervisor?.tell { [self] in
                $0.preSharedKeyAuthenticationRequired.emit(from: $0, (self, authenticator))
            }
            preSharedKeyAuthenticationRequired.emit(from: self, authenticator)
        case .credential(let info):
            ask(
                CredentialRequest(
                    serverName: info.serverName, signatureSchemes: info.signatureSchemes,
                    applicationProtocols: info.applicationProtocols,
                    certificateAuthorities: info.certificateAuthorities, oidFilters: [],
                    answer: pendingAnswer { $0.credentialAnswered($1, for: info) }))
        case .clientCredential(let info):
            ask(
                CredentialRequest(
                    serverName: nil, signatureSchemes: info.signatureSchemes, applicationProtocols: [],
                    certificateAuthorities: info.certificateAuthorities, oidFilters: info.oidFilters,
                    answer: pendingAnswer { $0.proceed(with: .clientCredential($1)) }))
        case .signature(let request):
            let pending = PendingSignature(
                request: request,
                answer: pendingAnswer { $0.proceed(with: $1.map { .signature($0) } ?? .reject(.internalError)) })
            handshakeSupervisor?.tell { [self] in $0.signatureRequired.emit(from: $0, (self, pending)) }
            signatureRequired.emit(from: self, pending)
        case .ticketSealing(let sessions):
            let sealing = TicketSealing(
                sessions: sessions, answer: pendingAnswer { $0.proceed(with: .sealedTickets($1 ?? [])) })
            handshakeSupervisor?.tell { [self] in $0.ticketSealingRequired.emit(from: $0, (self, sealing)) }
            ticketSealingRequired.emit(from: self, sealing)
        case .ticketOpening(let tickets):
            let opening = TicketOpening(
                tickets: tickets, answer: pendingAnswer { $0.proceed(with: .openedTickets($1 ?? [])) })
            handshakeSupervisor?.tell { [self] in $0.ticketOpeningRequired.emit(from: $0, (self, opening)) }
            ticketOpeningRequired.emit(from: self, opening)
        case nil: break
        }
    }

    private func ask(_ request: CredentialRequest) {
        handshakeSupervisor?.tell { [self] in $0.credentialRequired.emit(from: $0, (self, request)) }
        credentialRequired.emit(from: self, request)
    }

    private func interrupt(_ review: PeerReview) {
        let number = questionNumber
        continuesInterruptedHandshake = false
        let interruption = HandshakeInterruption(
            error: review.errors[review.continued], peerCertificateChain: review.chain,
            answer: pendingAnswer { $0.interruptionAnswered($1) })
        handshakeSupervisor?.tell { [self] in $0.handshakeInterruptedOnError.emit(from: $0, (self, interruption)) }
        if awaitsAnswer(number) { handshakeInterruptedOnError.emit(from: self, interruption) }
    }

    private func report(_ review: PeerReview) {
        let number = questionNumber
        if review.continued == 0 {
            for error in review.errors {
                handshakeSupervisor?.tell { [self] in $0.peerVerifyError.emit(from: $0, (self, error)) }
                peerVerifyError.emit(from: self, error)
                // A slot may have ended the connection.
                guard awaitsAnswer(number) else { return }
            }
        }
        sslHandshakeErrors = review.errors
        var reported = review
        reported.isReported = true
        question = .peer(reported)
        let decision = SSLErrorsDecision(
            errors: review.errors, peerCertificateChain: review.chain, answer: pendingAnswer { $0.peerAnswered($1) })
        handshakeSupervisor?.tell { [self] in $0.sslErrors.emit(from: $0, (self, decision)) }
        if awaitsAnswer(number) { sslErrors.emit(from: self, decision) }
    }

    // MARK: Answers

    private func awaitsAnswer(_ number: UInt64) -> Bool {
        isPausedForDecision && questionNumber == number && closing == nil
    }

    /// The right to answer the present question. The answer takes effect in a turn of the loop of its own: no slot is
    /// on the stack then.
    private func pendingAnswer<Answer: Sendable>(
        _ handle: @escaping @Sendable (_ socket: isolated SSLSocket, _ answer: Answer?) -> Void
    ) -> PendingAnswer<Answer> {
        let number = questionNumber
        return PendingAnswer { [self] answer in
            postpone { socket in
                // Too late is a no-op.
                guard socket.awaitsAnswer(number) else { return }
                handle(socket, answer)
                socket.deliver()
            }
        }
    }

    private func interruptionAnswered(_ goesOn: Bool?) {
        guard case .peer(var review) = question else { return }
        if goesOn ?? continuesInterruptedHandshake {
            review.continued += 1
            wait(for: .peer(review))
        } else {
            reject(review.problems[review.continued], review.errors[review.continued])
        }
    }

    private func peerAnswered(_ ignores: Bool?) {
        guard case .peer(let review) = question else { return }
        if let ignores {
            settle(review, ignoring: ignores)
        } else if areIgnored(review.errors) || configuration.judge.mode == .query {
            settle(review, ignoring: true)
        } else if pauseMode != .pauseOnSSLErrors {
            settle(review, ignoring: false)
        }
    }

    private func settle(_ review: PeerReview, ignoring: Bool) {
        if ignoring {
            proceed(with: .acceptDespiteProblems)
        } else if let problem = review.problems.first, let error = review.errors.first {
            reject(problem, error)
        }
    }

    private func reject(_ problem: CertificateProblem, _ error: SSLError) {
        proceed(with: .reject(problem.alert), reason: error.errorString)
    }

    private func preSharedKeyAnswered(_ answer: PreSharedKeyAuthenticator.Answer?) {
        guard case .preSharedKey(let identities) = question else { return }
        switch answer {
        case .key(let key):
            suppliedPreSharedKey = key
            proceed(with: .preSharedKey(key))
        case .reject:
            // RFC 9257 §6.1.2: whoever probes does not learn why.
            let reveals = configuration.settings.revealsUnknownPreSharedKeyIdentity
            proceed(with: .reject(reveals ? .unknownPSKIdentity : .decryptError))
        case nil: wait(for: .preSharedKey(identities.dropFirst()))
        }
    }

    private func credentialAnswered(_ credential: Credential?, for info: ClientHelloInfo) {
        if let credential {
            proceed(with: .credential(credential))
        } else {
            proceed(with: .reject(info.serverName == nil ? .handshakeFailure : .unrecognizedName))
        }
    }

    /// Ends the pause. What had come meanwhile is read now.
    private func proceed(with decision: Decision, reason: String? = nil) {
        question = nil
        do throws(TLSError) {
            try channel?.resume(with: decision, output: &outbox)
        } catch {
            fail(error, reason: reason)
            return
        }
        continueReading()
        updateInterest()
    }
}

// MARK: - What users say

/// What happens to a handshake when its peer's certificate is not good and nobody has ignored that.
@nonexhaustive
public enum PauseMode: Sendable, Hashable {
    /// It ends.
    case pauseNever
    /// It waits for ``SSLSocket/resume()``. The handshake's time goes on.
    case pauseOnSSLErrors
}

extension SSLSocket {
    /// Ignores every problem of the peer's certificate in this handshake: from now on, in the slots of `peerVerifyError`
    /// and `sslErrors`, or earlier. ``ignoreSSLErrors(_:)`` with a list takes precedence. Neither outlives the connection:
    /// a socket that connects again has to be told again.
    ///
    /// It does not count for what the client shows after the handshake: ``requestClientCertificate(timeout:)`` begins
    /// anew, and so does each answer.
    public func ignoreSSLErrors() {
        ignoresAllSSLErrors = true
    }

    /// Ignores these problems: the handshake goes on if every one that is found is among them. Each call replaces the
    /// list of the one before; an empty list ignores nothing.
    ///
    /// An error is among them when its code and its certificate are the same: one without a certificate stands only for
    /// a missing certificate.
    public func ignoreSSLErrors(_ errors: [SSLError]) {
        ignoredSSLErrors = errors
    }

    /// What was to be ignored has been, or never will be.
    func forgetIgnoring() {
        ignoresAllSSLErrors = false
        ignoredSSLErrors = []
    }

    private func areIgnored(_ errors: [SSLError]) -> Bool {
        ignoredSSLErrors.isEmpty ? ignoresAllSSLErrors : errors.allSatisfy(ignoredSSLErrors.contains)
    }

    /// In a slot of ``handshakeInterruptedOnError``: goes on in spite of this problem. It comes again in `sslErrors` and
    /// has to be ignored there as well.
    public func continueInterruptedHandshake() {
        continuesInterruptedHandshake = true
    }

    /// Ends the pause of ``PauseMode/pauseOnSSLErrors``: the handshake goes on if the problems are ignored by now, and
    /// ends otherwise.
    public func resume() {
        // Interruptions come before, and are not answered like this.
        guard case .peer(let review) = question, review.isReported, closing == nil else { return }
        settle(review, ignoring: areIgnored(review.errors))
        deliver()
    }
}
