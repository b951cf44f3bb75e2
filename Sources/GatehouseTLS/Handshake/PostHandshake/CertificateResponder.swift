import GatehouseCrypto

/// Answers the server when it asks for a certificate after the handshake (RFC 9846 §4.7.2): one request at a time, in the
/// order in which they came.
struct CertificateResponder: Sendable {
    private let configuration: ClientConfiguration
    private let certificateType: CertificateType
    /// ClientHello to the client's Finished. RFC 9846 §4.1: "subsequent post-handshake authentications do not include each
    /// other, just the messages through the end of the main handshake."
    private let transcript: Transcript
    /// The answer that waits for a decision.
    private var pending: Answer?

    init(_ configuration: ClientConfiguration, _ certificateType: CertificateType, _ transcript: Transcript) {
        self.configuration = configuration
        self.certificateType = certificateType
        self.transcript = transcript
    }

    /// The messages as they are being written. §4.7.2: they "MUST appear consecutively on the wire", so they go out
    /// together.
    private struct Answer: Sendable {
        let request: CertificateRequest
        var messages: OutgoingFlight
        /// The scheme of the signature that is waited for; `nil`: the credential is.
        var scheme: SignatureScheme?
    }

    mutating func handle(
        _ message: ReceivedMessage, _ keys: borrowing EstablishedKeys, _ core: inout ConnectionCore
    ) throws(TLSError) {
        let request = try message.decode(as: CertificateRequest.self)
        try request.check()
        // Who has said that nothing more comes cannot answer.
        guard !core.hasSentCloseNotify else { return }
        var transcript = transcript
        transcript.append(message.bytes)
        let answer = Answer(request: request, messages: OutgoingFlight(after: transcript))
        guard configuration.asksForCredential else {
            let credential = configuration.credential(answering: request, certificateType)
            return try show(credential, answer, keys, &core)
        }
        pending = answer
        core.tell(.needs(.clientCredential(CertificateRequestInfo(request, certificateType))))
    }

    mutating func resume(
        with decision: Decision, _ keys: borrowing EstablishedKeys, _ core: inout ConnectionCore
    ) throws(TLSError) {
        guard let answer = pending.take() else { return }
        // As above: the answer comes too late.
        guard !core.hasSentCloseNotify else { return }
        switch decision {
        case .clientCredential(let credential): try show(credential, answer, keys, &core)
        case .signature(let signature): try complete(answer, signature, keys, &core)
        default: throw .misuse(.noSuchDecision)
        }
    }

    /// - Parameter credential: `nil` shows none. "If it declines, it MUST send a Certificate message containing no
    ///   certificates followed by Finished."
    private mutating func show(
        _ credential: Credential?, _ begun: Answer, _ keys: borrowing EstablishedKeys, _ core: inout ConnectionCore
    ) throws(TLSError) {
        var answer = begun
        let (context, schemes) = (answer.request.context, answer.request.signatureAlgorithms ?? [])
        guard let credential, credential.certificateType == certificateType,
            let scheme = credential.signatureScheme(amongPeers: schemes, as: .client)
        else {
            answer.messages.append(CertificateMessage(context: context, entries: []))
            return try finish(answer, didShowCredential: false, keys, &core)
        }
        answer.messages.append(
            credential.certificateMessage(context: context, answering: answer.request.extensions))
        answer.scheme = scheme
        let content = HandshakeSignature.content(.client, answer.messages.transcript.hash)
        guard let key = credential.key else {
            pending = answer
            let request = SignatureRequest(credential: credential, scheme: scheme, content: content)
            return core.tell(.needs(.signature(request)))
        }
        try complete(answer, HandshakeSignature.sign(content, with: key, scheme), keys, &core)
    }

    private func complete(
        _ begun: Answer, _ signature: [UInt8], _ keys: borrowing EstablishedKeys, _ core: inout ConnectionCore
    ) throws(TLSError) {
        guard let scheme = begun.scheme else { throw .misuse(.noSuchDecision) }
        var answer = begun
        answer.messages.append(CertificateVerify(algorithm: scheme, signature: signature))
        try finish(answer, didShowCredential: true, keys, &core)
    }

    private func finish(
        _ answer: Answer, didShowCredential: Bool, _ keys: borrowing EstablishedKeys, _ core: inout ConnectionCore
    ) throws(TLSError) {
        var messages = answer.messages
        messages.append(keys.finished(messages.transcript.hash))
        try messages.send(&core)
        core.tell(
            .certificateRequestAnswered(context: answer.request.context, didShowCredential: didShowCredential))
    }
}

extension CertificateRequestInfo {
    init(_ request: CertificateRequest, _ type: CertificateType) {
        signatureSchemes = request.signatureAlgorithms ?? []
        certificateAuthorities = request.certificateAuthorities ?? []
        oidFilters = request.oidFilters ?? []
        certificateType = type
    }
}
