import GatehouseCertificates
import GatehouseCrypto

/// The client's second flight, as it is being written: EndOfEarlyData to Finished.
struct ClientFlight: ~Copyable, Sendable {
    let offer: ClientOffer
    let parameters: CipherSuiteParameters
    private let selected: OfferedKey?
    /// Certificate to Finished, not yet sent.
    private var messages: OutgoingFlight
    private let clientHandshakeTraffic: TrafficSecret
    private let mainSecret: MainSecret
    private let application: ApplicationSecrets
    private let finished: FinishedVerified
    private let authentication: ServerAuthentication
    private let certificateRequest: CertificateRequest?
    private let certificateType: CertificateType

    /// Takes the key for reading application data, and ends early data.
    static func begin(
        _ agreement: consuming ClientAgreement, finished: consuming FinishedVerified,
        _ authentication: consuming ServerAuthentication, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientFlight {
        let aligned = try core.joiner.aligned()
        let serverFinishedHash = agreement.transcript.hash
        let aead = agreement.parameters.aead
        if agreement.isEarlyDataAccepted {
            // RFC 9846 §4.6: "If the server sent an "early_data" extension in EncryptedExtensions, the client MUST send
            // an EndOfEarlyData message after receiving the server Finished."
            let end = EndOfEarlyData().encoded()
            agreement.transcript.append(end)
            try core.send(end)
            core.endSendingEarlyData()
            core.writer.install(try agreement.clientHandshakeTraffic.sealer(aead))
        }
        let (parameters, selected) = (agreement.parameters, agreement.selected)
        let (messages, request) = (OutgoingFlight(after: agreement.transcript), agreement.certificateRequest)
        let certificateType = agreement.certificateTypes.client ?? .x509
        let offer = agreement.offer
        let clientHandshakeTraffic = agreement.clientHandshakeTraffic
        let mainSecret = agreement.handshakeSecret.mainSecret()
        let application = ApplicationSecrets(mainSecret, serverFinishedHash)
        application.log(offer.hello.random, &core.keyLog)
        core.reader.install(try application.server.opener(aead), aligned)
        return ClientFlight(
            offer: offer, parameters: parameters, selected: selected, messages: messages,
            clientHandshakeTraffic: clientHandshakeTraffic, mainSecret: mainSecret, application: application,
            finished: finished, authentication: authentication, certificateRequest: request,
            certificateType: certificateType)
    }

    /// Shows a certificate if the server asks for one.
    consuming func authenticate(_ core: inout ConnectionCore) throws(TLSError) -> ClientHandshake {
        guard let request = certificateRequest else { return .connected(try finish(&core)) }
        guard offer.configuration.asksForCredential else {
            let credential = offer.configuration.credential(answering: request, certificateType)
            return try authenticate(with: credential, &core)
        }
        core.tell(.needs(.clientCredential(CertificateRequestInfo(request, certificateType))))
        return .choosingCredential(ChoosingClientCredential(flight: self))
    }

    /// - Parameter credential: `nil` shows none. RFC 9846 §4.5.1: "If the server requests client authentication but no
    ///   suitable certificate is available, the client MUST send a Certificate message containing no certificates".
    consuming func authenticate(
        with credential: Credential?, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let schemes = certificateRequest?.signatureAlgorithms ?? []
        guard let credential, credential.certificateType == certificateType,
            let scheme = credential.signatureScheme(amongPeers: schemes, as: .client)
        else {
            messages.append(CertificateMessage(context: [], entries: []))
            return .connected(try finish(&core))
        }
        messages.append(
            credential.certificateMessage(context: [], answering: certificateRequest?.extensions ?? ExtensionBlock()))
        let content = HandshakeSignature.content(.client, messages.transcript.hash)
        if let key = credential.key {
            let signature = try HandshakeSignature.sign(content, with: key, scheme)
            return .connected(try complete(CertificateVerify(algorithm: scheme, signature: signature), &core))
        }
        core.tell(.needs(.signature(SignatureRequest(credential: credential, scheme: scheme, content: content))))
        return .signing(ClientSigning(flight: self, scheme: scheme))
    }

    consuming func complete(
        _ certificateVerify: CertificateVerify, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        messages.append(certificateVerify)
        return try finish(&core)
    }

    private consuming func finish(_ core: inout ConnectionCore) throws(TLSError) -> ClientConnected {
        messages.append(Finished(verifyData: clientHandshakeTraffic.verifyData(messages.transcript.hash)))
        try messages.send(&core)
        core.writer.install(try application.client.sealer(parameters.aead))
        let tickets = TicketCollector(
            offer, parameters, selected, mainSecret.resumption(messages.transcript.hash), authentication, core.session,
            now: core.now)
        let responder = responder
        return ClientConnected(
            finished: finished, authentication: authentication, keys: .client(parameters, application),
            tickets: tickets, responder: responder, &core)
    }

    /// Answers when the server asks for a certificate later, if that was offered. RFC 9846 §4.4.2: with an external
    /// pre-shared key the server must not ask.
    private var responder: CertificateResponder? {
        guard offer.configuration.offersPostHandshakeAuthentication, selected == nil || selected?.session != nil else {
            return nil
        }
        return CertificateResponder(offer.configuration, certificateType, messages.transcript)
    }
}

/// Waits for the application to choose a certificate to show.
struct ChoosingClientCredential: ~Copyable, Sendable {
    let flight: ClientFlight

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        guard case .clientCredential(let credential) = decision else { throw .misuse(.noSuchDecision) }
        return try flight.authenticate(with: credential, &core)
    }
}

/// Waits for a signature by a key that is held elsewhere.
struct ClientSigning: ~Copyable, Sendable {
    let flight: ClientFlight
    let scheme: SignatureScheme

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        guard case .signature(let signature) = decision else { throw .misuse(.noSuchDecision) }
        return try flight.complete(CertificateVerify(algorithm: scheme, signature: signature), &core)
    }
}
