import GatehouseCertificates
public import GatehouseCrypto

/// Whether a server asks clients for certificates, and how it judges them (RFC 9846 §4.4.2).
public struct ClientCertificatePolicy: Sendable {
    /// Whether clients are asked.
    @nonexhaustive
    public enum Requirement: UInt8, Sendable {
        /// Nobody is asked.
        case none
        /// Everybody is asked, and may decline.
        case optional
        /// Everybody is asked, and who declines gets a `certificate_required` alert.
        case required
    }

    /// Whether clients are asked.
    public let requirement: Requirement
    /// How their certificates are judged.
    public let verification: PeerVerification
    /// What clients may show, in the order of preference, where the application judges it (`.asksForVerdict`) or any is
    /// taken; `verification` decides otherwise. A client that does not speak of raw public keys (RFC 7250) is asked
    /// for an X.509 certificate.
    public var acceptedCertificateTypes: [CertificateType] = [.x509]
    /// Whether a client that declines is judged like others: the connection pauses for `Need.peerVerdict`, with an empty
    /// chain. It counts with `PeerVerification.asksForVerdict` only.
    public var asksAboutMissingCertificate = false
    /// Whether all that is kept of a client's certificates, once they have been judged, is the SHA-256 of its own
    /// (`NegotiatedSession.peerCertificateFingerprint`): connections take less memory, and tickets are shorter. A session
    /// is resumed only as long as this stays what it was.
    public var keepsOnlyFingerprint = false
    /// The signature schemes that clients may sign the handshake with: those of `supportedInHandshake` and, for hardware
    /// that can do no better, of `supportedFromClientsWhenListed`.
    public var signatureSchemes: [SignatureScheme] = SignatureScheme.supportedInHandshake
    /// The names of the authorities that clients are told of, DER-encoded; empty: they are not told
    /// (`certificate_authorities`).
    public var certificateAuthorities: [[UInt8]] = []
    /// Extensions that clients' certificates should have (`oid_filters`, RFC 9846 §4.3.5): a help to choose by. What
    /// comes is judged by `verification` alone.
    public var oidFilters: [OIDFilter] = []

    private init(_ requirement: Requirement, _ verification: PeerVerification) {
        self.requirement = requirement
        self.verification = verification
    }

    /// No client is asked.
    public static let none = ClientCertificatePolicy(.none, .trustStore(.empty))

    /// Clients are asked and may decline; what they show must pass.
    public static func optional(_ verification: PeerVerification) -> ClientCertificatePolicy {
        ClientCertificatePolicy(.optional, verification)
    }

    /// Clients have to show a certificate that passes.
    public static func required(_ verification: PeerVerification) -> ClientCertificatePolicy {
        ClientCertificatePolicy(.required, verification)
    }

    /// Checks the settings.
    ///
    /// - Throws: `ConfigurationError`, with what is wrong.
    public func validate() throws(ConfigurationError) {
        guard requirement != .none else { return }
        try SharedSettings.check(acceptedCertificateTypes, verification)
        try SharedSettings.check(oidFilters: oidFilters)
    }

    /// Whether the application decides about clients without a certificate.
    var leavesMissingCertificateToApplication: Bool {
        if case .asksForVerdict = verification { asksAboutMissingCertificate } else { false }
    }

    /// What a session remembers of how clients are judged, as a number.
    var sessionTag: UInt8 {
        requirement.rawValue << 4 | (keepsOnlyFingerprint ? 8 : 0) | verification.sessionTag
    }

    /// `nil` when nobody is asked.
    func request(context: [UInt8]) -> CertificateRequest? {
        guard requirement != .none else { return nil }
        var request = CertificateRequest(context: context)
        request.extensions.order.append(.signatureAlgorithms)
        request.signatureAlgorithms = signatureSchemes
        // RFC 9846 §4.3.3: "If no "signature_algorithms_cert" extension is present, then the "signature_algorithms"
        // extension also applies to signatures appearing in certificates."
        let onlyInCertificates = SignatureScheme.supportedInCertificatesOnly.filter { !signatureSchemes.contains($0) }
        if !onlyInCertificates.isEmpty {
            request.extensions.order.append(.signatureAlgorithmsCert)
            request.signatureAlgorithmsCert = signatureSchemes + onlyInCertificates
        }
        if !certificateAuthorities.isEmpty {
            request.extensions.order.append(.certificateAuthorities)
            request.certificateAuthorities = certificateAuthorities
        }
        if !oidFilters.isEmpty {
            request.extensions.order.append(.oidFilters)
            request.oidFilters = oidFilters
        }
        return request
    }

    /// The type that a client is asked for: the first of ours that it has.
    ///
    /// RFC 7250 §4.2: when the server "does not have any certificate type in common with the client", it "terminates the
    /// session with a fatal alert of type "unsupported_certificate"".
    func certificateType(amongClients offered: [CertificateType]?) throws(TLSError) -> CertificateType? {
        guard requirement != .none else { return nil }
        let accepted = verification.certificateTypes(acceptedCertificateTypes)
        guard let type = accepted.first(where: (offered ?? [.x509]).contains) else {
            throw .peerIncompatible(.noCommonCertificateType)
        }
        return type
    }

    /// Whether a client may show this.
    func accepts(_ type: CertificateType) -> Bool {
        verification.certificateTypes(acceptedCertificateTypes).contains(type)
    }

    /// Whether a client that showed this may come back without showing it again.
    func allowsResumption(with peer: ShownCredential) -> Bool {
        requirement == .none || verification.allowsResumption(with: peer, acceptedCertificateTypes)
    }

    /// What the client shows; nothing when it declined.
    func credential(
        in message: ReceivedMessage, context: [UInt8], as type: CertificateType
    ) throws(TLSError) -> ShownCredential {
        let certificates = try message.decode(as: CertificateMessage.self)
        // RFC 9846 §4.5.1: "If this message is in response to a CertificateRequest, the value of
        // certificate_request_context in that message."
        guard certificates.context == context else { throw .peerMisbehaved(.wrongCertificateRequestContext) }
        for entry in certificates.entries {
            // We offer no extension to answer in a client's certificate.
            if let type = entry.extensions.order.first { throw .peerMisbehaved(.unsolicitedExtension(type)) }
        }
        return try ShownCredential(certificates.entries, as: type)
    }
}
