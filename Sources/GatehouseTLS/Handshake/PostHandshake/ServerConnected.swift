/// The handshake is complete.
struct ServerConnected: ~Copyable, Sendable {
    var keys: EstablishedKeys
    /// `nil` when the client cannot be asked for a certificate any more.
    private var requester: CertificateRequester?
    private var answer = CertificateAnswer.awaitingCertificate

    /// Only a verified Finished, and what shows who the client is as far as it has to, lead here.
    init(
        finished _: consuming FinishedVerified, authentication _: consuming ClientAuthentication,
        keys: consuming EstablishedKeys, requester: CertificateRequester?, _ core: inout ConnectionCore
    ) {
        core.establish(with: keys)
        self.keys = keys
        self.requester = requester
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerConnected {
        if message.type == .keyUpdate, answer.isBetweenAnswers {
            try keys.handle(try message.decode(as: KeyUpdate.self), &core)
            return self
        }
        guard var requester, requester.isWaiting || !answer.isBetweenAnswers else {
            throw .peerMisbehaved(.unexpectedMessage(message.type))
        }
        try answer.handle(message, &requester, keys, &core)
        self.requester = requester
        return self
    }

    /// Asks the client for a certificate (RFC 9846 §4.7.2). "Servers MUST NOT send a post-handshake CertificateRequest to
    /// clients which do not offer this extension" (§4.3.6).
    mutating func requestCertificate(
        _ policy: ClientCertificatePolicy, _ core: inout ConnectionCore
    ) throws(TLSError) -> [UInt8] {
        guard requester != nil else { throw .misuse(.cannotRequestCertificate) }
        return try requester?.send(policy, &core) ?? []
    }

    consuming func resume(
        with decision: Decision, _: inout ConnectionCore
    ) throws(TLSError) -> ServerConnected {
        try answer.resume(with: decision)
        return self
    }
}
