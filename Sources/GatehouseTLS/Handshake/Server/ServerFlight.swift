import GatehouseCertificates
import GatehouseCrypto

/// The server's flight, ServerHello to Finished, as it is being written.
struct ServerFlight: ~Copyable, Sendable {
    let accepted: ClientHelloAccepted
    private let certificateTypes: CertificateTypes
    /// EncryptedExtensions to Finished, not yet sent.
    private var messages: OutgoingFlight
    private let handshakeSecret: HandshakeSecret
    private let clientHandshakeTraffic: TrafficSecret
    private let serverHandshakeTraffic: TrafficSecret
    private let acceptsEarlyData: Bool

    /// Sends ServerHello, takes the keys of the handshake, and writes EncryptedExtensions.
    static func answering(
        _ accepted: consuming ClientHelloAccepted, _ certificateTypes: CertificateTypes, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerFlight {
        let parameters = accepted.parameters
        var transcript = accepted.transcript
        let earlyOpener = try accepted.openerForEarlyData(&core)

        let sharedSecret = try sendServerHello(accepted, &transcript, &core)
        let helloHash = transcript.hash
        let handshakeSecret = HandshakeSecret(
            parameters.hash, preSharedKey: accepted.selected?.secret, sharedSecret)
        let clientHandshakeTraffic = handshakeSecret.clientTraffic(helloHash)
        let serverHandshakeTraffic = handshakeSecret.serverTraffic(helloHash)
        core.keyLog.add(.clientHandshakeTraffic, accepted.hello.random, clientHandshakeTraffic)
        core.keyLog.add(.serverHandshakeTraffic, accepted.hello.random, serverHandshakeTraffic)
        core.writer.install(try serverHandshakeTraffic.sealer(parameters.aead))
        let aligned = try core.joiner.aligned()
        let acceptsEarlyData = core.acceptsEarlyData
        if let earlyOpener {
            core.reader.install(earlyOpener, aligned)
        } else {
            core.reader.install(try clientHandshakeTraffic.opener(parameters.aead), aligned)
            if accepted.hello.extensions.contains(.earlyData) {
                core.reader.skipEarlyData(upTo: accepted.configuration.skippedEarlyDataLimit)
            }
        }
        core.reader.allowsPlaintextAlert = true
        if let limit = accepted.configuration.recordSizeLimit, accepted.hello.recordSizeLimit != nil {
            core.reader.innerPlaintextLimit = limit
        }
        let extensions = encryptedExtensions(
            accepted, certificateTypes, acceptsEarlyData: acceptsEarlyData, isReplay: core.replay != nil)
        var flight = ServerFlight(
            accepted: accepted, certificateTypes: certificateTypes, messages: OutgoingFlight(after: transcript),
            handshakeSecret: handshakeSecret,
            clientHandshakeTraffic: clientHandshakeTraffic, serverHandshakeTraffic: serverHandshakeTraffic,
            acceptsEarlyData: acceptsEarlyData)
        flight.messages.append(extensions)
        return flight
    }

    private static func sendServerHello(
        _ accepted: borrowing ClientHelloAccepted, _ transcript: inout Transcript, _ core: inout ConnectionCore
    ) throws(TLSError) -> Secret {
        let sessionID = accepted.hello.legacySessionID
        var answer = ServerHello(
            random: core.helloRandom(), legacySessionIDEcho: sessionID, cipherSuite: accepted.parameters.suite)
        if let selected = accepted.selected {
            answer.extensions.order.append(.preSharedKey)
            answer.selectedIdentity = UInt16(selected.index)
        }
        var sharedSecret = Secret(zeros: accepted.parameters.hash.digestLength)
        if let share = accepted.share {
            let agreed = try core.answer(share)
            answer.extensions.order.append(.keyShare)
            answer.keyShare = .share(KeyShareEntry(group: share.group, keyExchange: agreed.share))
            sharedSecret = agreed.takeSecret()
        }
        answer.extensions.order.append(.supportedVersions)
        answer.selectedVersion = .tls13
        let bytes = answer.encoded()
        transcript.append(bytes)
        try core.send(bytes)
        // RFC 9846 §E.4: "If the client sends a non-empty session_id, the server MUST send the change_cipher_spec".
        // One is enough: with a HelloRetryRequest it has been sent already.
        if !sessionID.isEmpty, accepted.roundTrips == 1 { core.writer.writeChangeCipherSpec(to: &core.output) }
        return sharedSecret
    }

    private static func encryptedExtensions(
        _ accepted: borrowing ClientHelloAccepted, _ certificateTypes: CertificateTypes, acceptsEarlyData: Bool,
        isReplay: Bool
    ) -> EncryptedExtensions {
        let configuration = accepted.configuration
        var message = EncryptedExtensions()
        if !configuration.announcedGroups.isEmpty {
            message.extensions.order.append(.supportedGroups)
            message.supportedGroups = configuration.announcedGroups
        }
        if let applicationProtocol = accepted.negotiation.applicationProtocol {
            message.extensions.order.append(.applicationLayerProtocolNegotiation)
            message.applicationProtocols = [Array(applicationProtocol.utf8)]
        }
        if let limit = configuration.recordSizeLimit, accepted.hello.recordSizeLimit != nil {
            message.extensions.order.append(.recordSizeLimit)
            message.recordSizeLimit = UInt16(limit)
        }
        // RFC 7250 §4.2: the types "MUST be selected from one of the values provided" by the client, and the client's is
        // left out when there is no CertificateRequest. A session goes on with the type that it began with.
        if let offered = accepted.hello.serverCertificateTypes, offered.contains(certificateTypes.server) {
            message.extensions.order.append(.serverCertificateType)
            message.serverCertificateType = certificateTypes.server
        }
        if let type = certificateTypes.client, accepted.hello.clientCertificateTypes != nil {
            message.extensions.order.append(.clientCertificateType)
            message.clientCertificateType = type
        }
        // RFC 6066 §3: "When resuming a session, the server MUST NOT include a server_name extension in the server
        // hello." The server of the published traces did.
        if accepted.negotiation.serverName != nil, accepted.selected?.session == nil || isReplay {
            message.extensions.order.append(.serverName)
        }
        if acceptsEarlyData { message.extensions.order.append(.earlyData) }
        if let count = accepted.answeredTicketCount {
            message.extensions.order.append(.ticketRequest)
            message.expectedTicketCount = count
        }
        return message
    }

    /// CertificateRequest, Certificate and CertificateVerify.
    consuming func authenticate(
        with credential: Credential, _ scheme: SignatureScheme, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.session?.signatureScheme = scheme
        if let request = accepted.configuration.clientAuthentication.request(context: []) {
            messages.append(request)
        }
        messages.append(credential.certificateMessage(context: [], answering: accepted.hello.extensions))
        let content = HandshakeSignature.content(.server, messages.transcript.hash)
        if let key = credential.key {
            let signature = try HandshakeSignature.sign(content, with: key, scheme)
            return try complete(CertificateVerify(algorithm: scheme, signature: signature), &core)
        }
        core.tell(.needs(.signature(SignatureRequest(credential: credential, scheme: scheme, content: content))))
        return .signing(Signing(flight: self, scheme: scheme))
    }

    consuming func complete(
        _ certificateVerify: CertificateVerify, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        messages.append(certificateVerify)
        return try finish(.none, &core)
    }

    /// Finished, and with it the keys of application data.
    consuming func finish(
        _ authentication: consuming ClientAuthentication?, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        messages.append(Finished(verifyData: serverHandshakeTraffic.verifyData(messages.transcript.hash)))
        try messages.send(&core)
        let finishedHash = messages.transcript.hash
        let mainSecret = handshakeSecret.mainSecret()
        let application = ApplicationSecrets(mainSecret, finishedHash)
        application.log(accepted.hello.random, &core.keyLog)
        core.writer.install(try application.server.sealer(accepted.parameters.aead))
        let agreement = ServerAgreement(
            accepted: accepted, certificateTypes: certificateTypes, transcript: messages.transcript,
            clientHandshakeTraffic: clientHandshakeTraffic,
            mainSecret: mainSecret, application: application)
        return ServerHandshake.awaitingClient(
            agreement, authentication, acceptsEarlyData: acceptsEarlyData)
    }
}

/// Waits for a signature by a key that is held elsewhere.
struct Signing: ~Copyable, Sendable {
    let flight: ServerFlight
    let scheme: SignatureScheme

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard case .signature(let signature) = decision else { throw .misuse(.noSuchDecision) }
        return try flight.complete(CertificateVerify(algorithm: scheme, signature: signature), &core)
    }
}
