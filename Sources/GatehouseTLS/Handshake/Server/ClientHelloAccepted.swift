import GatehouseCertificates
import GatehouseCrypto

/// A ClientHello that can be answered: what remains is to show who we are.
struct ClientHelloAccepted: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    let hello: ClientHello
    let negotiation: ServerNegotiation
    let parameters: CipherSuiteParameters
    /// The client's share of the chosen group; `nil` when a pre-shared key alone makes the secret.
    let share: KeyShareEntry?
    let selected: SelectedPreSharedKey?
    let transcript: Transcript
    let roundTrips: Int

    /// The pre-shared key is proof enough of both sides; without one a credential is chosen.
    consuming func authenticate(
        with proof: consuming PreSharedKeyAgreed?, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        try core.adopt(recordSizeLimit: hello.recordSizeLimit)
        core.session = negotiatedSession(at: core.now)
        if let proof = proof.take() {
            let type = selected?.session?.serverCertificateType ?? .x509
            return try ServerFlight.answering(self, CertificateTypes(server: type, client: nil), &core)
                .finish(.preSharedKey(proof), &core)
        }
        guard configuration.asksForCredential else {
            let credential = try credential()
            return try authenticate(with: credential, &core)
        }
        core.tell(
            .needs(
                .credential(
                    ClientHelloInfo(
                        serverName: negotiation.serverName, signatureSchemes: negotiation.signatureSchemes,
                        applicationProtocols: hello.applicationProtocols ?? [],
                        certificateAuthorities: hello.certificateAuthorities ?? [],
                        certificateTypes: acceptedCertificateTypes))))
        return .choosingCredential(ChoosingCredential(accepted: self))
    }

    /// What the client takes from us; X.509 certificates unless it says otherwise.
    private var acceptedCertificateTypes: [CertificateType] { hello.serverCertificateTypes ?? [.x509] }

    /// Goes on with a credential, if it is one for this client.
    consuming func authenticate(
        with credential: Credential, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard acceptedCertificateTypes.contains(credential.certificateType) else { throw noCertificateType }
        guard let scheme = credential.signatureScheme(amongPeers: negotiation.signatureSchemes, as: .server) else {
            throw .peerIncompatible(.noCommonSignatureScheme)
        }
        let types = CertificateTypes(
            server: credential.certificateType,
            client: try configuration.clientAuthentication.certificateType(
                amongClients: hello.clientCertificateTypes))
        return try ServerFlight.answering(self, types, &core).authenticate(with: credential, scheme, &core)
    }

    /// RFC 7250 §4.2 names the alert for a client that has sent the extension.
    private var noCertificateType: TLSError {
        .peerIncompatible(hello.serverCertificateTypes == nil ? .certificateRequired : .noCommonCertificateType)
    }

    private func negotiatedSession(at now: Int64) -> NegotiatedSession {
        var session = NegotiatedSession(cipherSuite: parameters.suite)
        session.group = share?.group
        session.serverName = negotiation.serverName
        session.applicationProtocol = negotiation.applicationProtocol
        session.roundTrips = roundTrips
        switch selected?.source {
        case .session(let earlier, let identity):
            session.isResumed = true
            session.ticketAgeSkew = earlier.ageSkew(of: identity, at: now)
            session.peer = earlier.peer
            session.isPeerVerified = !earlier.peer.isEmpty
        case .external(let key): session.preSharedKeyIdentity = key.identity
        case nil: break
        }
        return session
    }

    /// The first credential with the requested name that can sign for this client, else the first that can sign; of those
    /// that an authority of the client's list has issued if there are any.
    private func credential() throws(TLSError) -> Credential {
        let ofType = configuration.credentials.filter { acceptedCertificateTypes.contains($0.certificateType) }
        guard !ofType.isEmpty else { throw noCertificateType }
        let usable = ofType.filter { $0.signatureScheme(amongPeers: negotiation.signatureSchemes, as: .server) != nil }
        guard let first = usable.first(preferring: hello.certificateAuthorities) else {
            throw .peerIncompatible(.noCommonSignatureScheme)
        }
        guard let name = negotiation.serverName.map(ReferenceName.dns) else { return first }
        // A raw public key has no name that could be another one.
        let named = usable.lazy.filter { $0.chain.first?.isIssued(for: name) ?? true }
        if let credential = named.first(preferring: hello.certificateAuthorities) { return credential }
        // RFC 6066 §3: "If the server understood the ClientHello extension but does not recognize the server name, the
        // server SHOULD take one of two actions: either abort the handshake by sending a fatal-level
        // unrecognized_name(112) alert or continue the handshake."
        guard !configuration.rejectsUnrecognizedName else { throw .peerIncompatible(.unrecognizedName) }
        return first
    }
}

extension ConnectionCore {
    /// Sends no record that is longer than the peer wants (RFC 8449 §4).
    mutating func adopt(recordSizeLimit: UInt16?) throws(TLSError) {
        guard let recordSizeLimit else { return }
        // "An endpoint MUST treat receipt of a smaller value as a fatal error and generate an "illegal_parameter"
        // alert."
        guard recordSizeLimit >= Limits.smallestRecordSizeLimit else {
            throw .peerMisbehaved(.recordSizeLimitTooSmall)
        }
        // The limit counts the content type, which is no plaintext of ours.
        writer.fragmentLimit = min(Limits.plaintext, Int(recordSizeLimit) - 1)
    }
}
