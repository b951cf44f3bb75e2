import GatehouseCertificates
import GatehouseCrypto

/// A ClientHello that can be answered: what remains is to show who we are.
struct ClientHelloAccepted: Sendable {
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
    func authenticate(
        with proof: consuming PreSharedKeyAgreed?, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        try core.adopt(recordSizeLimit: hello.recordSizeLimit)
        core.session = negotiatedSession()
        if let proof = proof.take() {
            return try ServerFlight.answering(self, &core).finish(.preSharedKey(proof), &core)
        }
        guard configuration.asksForCredential else {
            let credential = try credential()
            return try ServerFlight.answering(self, &core).authenticate(with: credential, &core)
        }
        core.tell(
            .needs(
                .credential(
                    ClientHelloInfo(
                        serverName: negotiation.serverName, signatureSchemes: negotiation.signatureSchemes,
                        applicationProtocols: hello.applicationProtocols ?? [],
                        certificateAuthorities: hello.certificateAuthorities ?? []))))
        return .choosingCredential(ChoosingCredential(accepted: self))
    }

    private func negotiatedSession() -> NegotiatedSession {
        var session = NegotiatedSession(cipherSuite: parameters.suite)
        session.group = share?.group
        session.serverName = negotiation.serverName
        session.applicationProtocol = negotiation.applicationProtocol
        session.roundTrips = roundTrips
        switch selected?.source {
        case .session(let earlier, _):
            session.isResumed = true
            session.peerCertificates = earlier.peerCertificates
            session.isPeerVerified = !earlier.peerCertificates.isEmpty
        case .external(let key): session.preSharedKeyIdentity = key.identity
        case nil: break
        }
        return session
    }

    /// The first credential with the requested name that can sign for this client, else the first that can sign.
    private func credential() throws(TLSError) -> Credential {
        let usable = configuration.credentials.filter {
            $0.signatureScheme(amongPeers: negotiation.signatureSchemes) != nil
        }
        guard let first = usable.first else { throw .peerIncompatible(.noCommonSignatureScheme) }
        guard let name = negotiation.serverName.map(ReferenceName.dns) else { return first }
        if let named = usable.first(where: { $0.chain[0].isIssued(for: name) }) { return named }
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
