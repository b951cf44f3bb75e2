import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem

/// What a server has asked a client for after the handshake (RFC 9846 §4.7.2), and has not been answered.
struct CertificateRequester: Sendable {
    /// A request that is out.
    struct Request: Sendable {
        let context: [UInt8]
        let policy: ClientCertificatePolicy
        let certificateType: CertificateType
        /// ClientHello to the client's Finished, and the request: "subsequent post-handshake authentications do not
        /// include each other" (§4.1).
        var transcript: Transcript
    }

    private static let contextLength = 32

    private let certificateType: CertificateType
    private let transcript: Transcript
    private var outstanding: [Request] = []

    /// - Parameter transcript: ClientHello to the client's Finished.
    init(_ certificateType: CertificateType, _ transcript: Transcript) {
        self.certificateType = certificateType
        self.transcript = transcript
    }

    var isWaiting: Bool { !outstanding.isEmpty }

    /// Sends a CertificateRequest, and returns its context.
    mutating func send(
        _ policy: ClientCertificatePolicy, _ core: inout ConnectionCore
    ) throws(TLSError) -> [UInt8] {
        // §4.4.2: the context "MUST be unique within the scope of this connection", and "the server SHOULD make the
        // context unpredictable to the client".
        let context = SystemRandomness.bytes(Self.contextLength)
        guard let message = policy.request(context: context), policy.accepts(certificateType) else {
            throw .misuse(.cannotRequestCertificate)
        }
        guard outstanding.count < Limits.certificateRequests else { throw .misuse(.tooManyCertificateRequests) }
        var flight = OutgoingFlight(after: transcript)
        flight.append(message)
        try flight.send(&core)
        outstanding.append(
            Request(
                context: context, policy: policy, certificateType: certificateType, transcript: flight.transcript))
        return context
    }

    /// The request that an answer is to; each is answered once. The client chooses the order.
    mutating func take(_ context: [UInt8]) throws(TLSError) -> Request {
        guard let index = outstanding.firstIndex(where: { $0.context == context }) else {
            throw .peerMisbehaved(.wrongCertificateRequestContext)
        }
        return outstanding.remove(at: index)
    }
}

/// A client's answer to a request, as it arrives: Certificate, CertificateVerify and Finished, or Certificate and
/// Finished.
enum CertificateAnswer: ~Copyable, Sendable {
    case awaitingCertificate
    case awaitingCertificateVerify(Shown)
    /// A pause: the application judges what the client showed.
    case judging(Shown, HandshakeSignatureVerified)
    /// A pause: the application judges that the client showed nothing.
    case judgingAnonymous(Shown)
    case awaitingFinished(Shown, ClientAuthentication)

    /// What the client has shown so far.
    struct Shown: Sendable {
        var request: CertificateRequester.Request
        let peer: ShownCredential
        var scheme: SignatureScheme?
    }

    /// Whether a whole answer has come, and no other one has begun. §4.7.2: "All of the client's messages for a given
    /// response MUST appear consecutively on the wire with no intervening messages of other type".
    var isBetweenAnswers: Bool {
        switch self {
        case .awaitingCertificate: true
        default: false
        }
    }

    mutating func handle(
        _ message: ReceivedMessage, _ requester: inout CertificateRequester, _ keys: borrowing EstablishedKeys,
        _ core: inout ConnectionCore
    ) throws(TLSError) {
        switch consume self {
        case .awaitingCertificate:
            self = .awaitingCertificate
            self = try Self.takeCertificate(message, &requester, &core)
        case .awaitingCertificateVerify(let shown):
            self = .awaitingCertificate
            self = try Self.takeCertificateVerify(message, shown, &core)
        case .judging:
            self = .awaitingCertificate
            throw .misuse(.noSuchDecision)
        case .judgingAnonymous:
            self = .awaitingCertificate
            throw .misuse(.noSuchDecision)
        case .awaitingFinished(let shown, let authentication):
            self = .awaitingCertificate
            let finished = try message.decode(as: Finished.self)
            let proof = try keys.verify(finished, shown.request.transcript.hash)
            Self.tell(shown, authentication, proof, &core)
        }
        core.awaitsOnlyHandshake = !isBetweenAnswers
    }

    private static func takeCertificate(
        _ message: ReceivedMessage, _ requester: inout CertificateRequester, _ core: inout ConnectionCore
    ) throws(TLSError) -> CertificateAnswer {
        let context = try message.decode(as: CertificateMessage.self).context
        var request = try requester.take(context)
        let peer = try request.policy.credential(in: message, context: context, as: request.certificateType)
        request.transcript.append(message.bytes)
        let shown = Shown(request: request, peer: peer)
        guard peer.isEmpty else { return .awaitingCertificateVerify(shown) }
        // RFC 9846 §4.5.1.4: "the server MAY at its discretion either continue the handshake without client
        // authentication, or abort the handshake with a "certificate_required" alert."
        if request.policy.leavesMissingCertificateToApplication {
            core.tell(.needs(.peerVerdict(PeerCertificates(peer, name: nil))))
            return .judgingAnonymous(shown)
        }
        guard let allowed = AnonymityAllowed.byConfiguration(request.policy) else {
            throw .peerIncompatible(.clientCertificateRequired)
        }
        return .awaitingFinished(shown, .anonymous(allowed))
    }

    private static func takeCertificateVerify(
        _ message: ReceivedMessage, _ begun: Shown, _ core: inout ConnectionCore
    ) throws(TLSError) -> CertificateAnswer {
        var shown = begun
        let policy = shown.request.policy
        let certificateVerify = try message.decode(as: CertificateVerify.self)
        var certificate = try PeerCertificateVerified.verify(
            shown.peer, nil, policy.verification, .clientAuthentication, at: core.now)
        let signature = try HandshakeSignature.verify(
            certificateVerify, .client, shown.request.transcript.hash, by: shown.peer,
            offered: policy.signatureSchemes)
        shown.request.transcript.append(message.bytes)
        shown.scheme = certificateVerify.algorithm
        if let certificate = certificate.take() {
            return .awaitingFinished(
                shown, .certificate(CertificateProof(certificate: certificate, signature: signature)))
        }
        core.tell(.needs(.peerVerdict(PeerCertificates(shown.peer, name: nil))))
        return .judging(shown, signature)
    }

    mutating func resume(with decision: Decision) throws(TLSError) {
        switch consume self {
        case .judging(let shown, let signature):
            self = .awaitingCertificate
            let certificate = try PeerCertificateVerified.byApplication(decision, about: shown.peer)
            self = .awaitingFinished(
                shown, .certificate(CertificateProof(certificate: certificate, signature: signature)))
        case .judgingAnonymous(let shown):
            self = .awaitingCertificate
            self = .awaitingFinished(shown, .anonymous(try .byApplication(decision)))
        case let state:
            self = state
            throw .misuse(.noSuchDecision)
        }
    }

    /// Only now, with a verified Finished, the connection has another peer than before.
    private static func tell(
        _ shown: Shown, _ authentication: consuming ClientAuthentication, _: consuming FinishedVerified,
        _ core: inout ConnectionCore
    ) {
        switch consume authentication {
        case .certificate(let proof):
            core.keep(shown.peer, shown.request.policy)
            core.session?.peerSignatureScheme = shown.scheme
            core.session?.isPeerVerified = !proof.certificate.isDoubtful
            core.tell(.clientAuthenticated(context: shown.request.context))
        default: core.tell(.clientDeclined(context: shown.request.context))
        }
    }
}
