import GatehouseCertificates
import GatehouseCrypto

/// Waits for a credential, then answers the ClientHello: ServerHello to Finished.
struct ChoosingCredential: ~Copyable, Sendable {
    let accepted: ClientHelloAccepted
    var transcript: Transcript

    private var hello: ClientHello { accepted.hello }
    private var configuration: ServerConfiguration { accepted.configuration }
    private var negotiation: ServerNegotiation { accepted.negotiation }

    consuming func resume(
        _ credential: Credential, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingClientFinished {
        guard let scheme = credential.signatureScheme(amongPeers: negotiation.signatureSchemes) else {
            throw .peerIncompatible(.noCommonSignatureScheme)
        }
        core.endPause()
        core.session?.signatureScheme = scheme
        let (hash, aead) = (negotiation.parameters.hash, negotiation.parameters.aead)

        let sharedSecret = try sendServerHello(&core)
        let helloHash = transcript.hash
        let handshakeSecret = HandshakeSecret.withoutPreSharedKey(hash, sharedSecret)
        let clientHandshakeTraffic = handshakeSecret.clientTraffic(helloHash)
        let serverHandshakeTraffic = handshakeSecret.serverTraffic(helloHash)
        core.keyLog.add(.clientHandshakeTraffic, hello.random, clientHandshakeTraffic)
        core.keyLog.add(.serverHandshakeTraffic, hello.random, serverHandshakeTraffic)
        core.writer.install(try serverHandshakeTraffic.sealer(aead))
        core.reader.install(try clientHandshakeTraffic.opener(aead), try core.joiner.aligned())
        core.reader.allowsPlaintextAlert = true

        try sendAuthentication(credential, scheme, serverHandshakeTraffic, &core)
        let finishedHash = transcript.hash
        let mainSecret = handshakeSecret.mainSecret()
        let application = ApplicationSecrets(mainSecret, finishedHash)
        application.log(hello.random, &core.keyLog)
        core.writer.install(try application.server.sealer(aead))
        return AwaitingClientFinished(
            parameters: negotiation.parameters, clientHandshakeTraffic: clientHandshakeTraffic,
            application: application, serverFinishedHash: finishedHash)
    }

    private mutating func sendServerHello(_ core: inout ConnectionCore) throws(TLSError) -> Secret {
        let share = accepted.share
        let key = try core.ephemeralKey(share.group)
        var answer = ServerHello(
            random: core.helloRandom(), legacySessionIDEcho: hello.legacySessionID,
            cipherSuite: negotiation.parameters.suite)
        answer.extensions.order = [.keyShare, .supportedVersions]
        answer.keyShare = .share(KeyShareEntry(group: share.group, keyExchange: key.publicKey))
        answer.selectedVersion = .tls13
        let sharedSecret = try key.sharedSecret(withPeers: share)
        let bytes = answer.encoded()
        transcript.append(bytes)
        try core.send(bytes)
        // RFC 9846 §E.4: "If the client sends a non-empty session_id, the server MUST send the change_cipher_spec".
        // One is enough: after a HelloRetryRequest it has been sent already.
        if !hello.legacySessionID.isEmpty, accepted.roundTrips == 1 {
            core.writer.writeChangeCipherSpec(to: &core.output)
        }
        return sharedSecret
    }

    /// EncryptedExtensions, Certificate, CertificateVerify and Finished, in as few records as they fit.
    private mutating func sendAuthentication(
        _ credential: Credential, _ scheme: SignatureScheme, _ secret: borrowing TrafficSecret,
        _ core: inout ConnectionCore
    ) throws(TLSError) {
        var flight = encryptedExtensions().encoded()
        flight += CertificateMessage(
            context: [], entries: credential.chain.map { CertificateMessage.Entry(data: $0.der) }
        ).encoded()
        transcript.append(flight)

        let certificateVerify = CertificateVerify(
            algorithm: scheme, signature: try signature(credential.key, scheme, core.replay)
        ).encoded()
        transcript.append(certificateVerify)

        let finished = Finished(verifyData: secret.verifyData(transcript.hash)).encoded()
        transcript.append(finished)
        try core.send(flight + certificateVerify + finished)
        if let limit = configuration.recordSizeLimit, hello.recordSizeLimit != nil {
            core.reader.innerPlaintextLimit = limit
        }
    }

    private borrowing func signature(
        _ key: PrivateKey, _ scheme: SignatureScheme, _ replay: Replay?
    ) throws(TLSError) -> [UInt8] {
        if let replay { return replay.signature }
        return try HandshakeSignature.sign(.server, transcript.hash, with: key, scheme)
    }

    private func encryptedExtensions() -> EncryptedExtensions {
        var message = EncryptedExtensions()
        if !configuration.announcedGroups.isEmpty {
            message.extensions.order.append(.supportedGroups)
            message.supportedGroups = configuration.announcedGroups
        }
        if let applicationProtocol = negotiation.applicationProtocol {
            message.extensions.order.append(.applicationLayerProtocolNegotiation)
            message.applicationProtocols = [Array(applicationProtocol.utf8)]
        }
        if let limit = configuration.recordSizeLimit, hello.recordSizeLimit != nil {
            message.extensions.order.append(.recordSizeLimit)
            message.recordSizeLimit = UInt16(limit)
        }
        if negotiation.serverName != nil { message.extensions.order.append(.serverName) }
        return message
    }
}
