import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// A client made of the engine's parts that says what a test wants.
final class ScriptedClient {
    var hello: ClientHello
    /// What is sent as ClientHello; tests may set other bytes.
    var helloBytes: [UInt8]
    private var key: EphemeralKey?
    private var handshake: HandshakeSecret?
    private var traffic: TrafficSecret?
    private var transcript: Transcript?
    /// ClientHello to the server's Finished.
    private var handshakeTranscript: Transcript?
    private var helloHash: [UInt8] = []
    private var aead = AEADAlgorithm.aes128GCM

    var writer = ScriptedWriter()
    private var reader = ScriptedReader()
    private var joiner = HandshakeJoiner()
    private(set) var application: ApplicationSecrets?
    private(set) var heard = Heard()
    /// The client's Finished, ready to be sent.
    private(set) var finished: [UInt8] = []
    /// What it shows to a server that asks.
    var credential: Credential?
    private(set) var retry: ServerHello?

    init(
        group: NamedGroup = .x25519, offeringShare: Bool = true, _ change: (inout ClientHello) -> Void = { _ in }
    ) throws {
        let key = try EphemeralKey.generate(group)
        var hello = ClientHello(
            random: [UInt8](repeating: 9, count: 32), legacySessionID: [UInt8](repeating: 5, count: 32),
            cipherSuites: CipherSuite.supported)
        hello.extensions.order = [.supportedGroups, .signatureAlgorithms, .supportedVersions, .keyShare]
        hello.supportedGroups = [group]
        hello.signatureAlgorithms = SignatureScheme.supportedInHandshake
        hello.supportedVersions = [.tls13]
        hello.keyShares = offeringShare ? [KeyShareEntry(group: group, keyExchange: key.publicKey)] : []
        change(&hello)
        self.hello = hello
        self.key = .some(consume key)
        helloBytes = hello.encoded()
    }

    /// The records of the ClientHello.
    func helloRecords() throws -> [UInt8] {
        try writer.handshake(helloBytes)
    }

    /// The records of the ClientHello that answers a HelloRetryRequest with a share of `group`.
    func secondHelloRecords(
        group: NamedGroup, _ change: (inout ClientHello) -> Void = { _ in }
    ) throws -> [UInt8] {
        let key = try EphemeralKey.generate(group)
        hello.keyShares = [KeyShareEntry(group: group, keyExchange: key.publicKey)]
        self.key = .some(consume key)
        change(&hello)
        let bytes = hello.encoded()
        transcript?.append(bytes)
        helloBytes = bytes
        return try writer.handshake(bytes)
    }

    /// Reads all that the server sent, takes its keys, and has the Finished ready.
    func receive(_ bytes: [UInt8]) throws {
        var bytes = bytes
        while let record = try reader.next(&bytes) {
            heard.last = record.type
            switch record.type {
            case .handshake:
                joiner.append(record.content.span)
                while let message = try joiner.next() { try handle(message) }
            case .alert: heard.alerts.append(record.content)
            case .applicationData: heard.applicationData += record.content
            default: break
            }
        }
        #expect(bytes.isEmpty, "half a record")
    }

    private func handle(_ message: ReceivedMessage) throws {
        heard.messages.append(message)
        switch message.type {
        case .serverHello: try handleServerHello(message)
        case .finished:
            transcript?.append(message.bytes)
            handshakeTranscript = transcript
            let hash = try #require(transcript?.hash)
            guard let secrets = handshake.take() else { return }
            traffic = .some(secrets.clientTraffic(helloHash))
            finishAfterwards()
            application = ApplicationSecrets(secrets.mainSecret(), hash)
            if let opener = try application?.server.opener(aead) { reader.install(opener) }
        default: transcript?.append(message.bytes)
        }
    }

    private func handleServerHello(_ message: ReceivedMessage) throws {
        let answer = try message.decode(as: ServerHello.self)
        let parameters = try #require(CipherSuiteParameters(answer.cipherSuite))
        aead = parameters.aead
        if answer.isRetryRequest {
            retry = answer
            transcript = Transcript(parameters.hash, standingForFirst: helloBytes)
            transcript?.append(message.bytes)
            return
        }
        var transcript = self.transcript ?? Transcript(parameters.hash, startingWith: helloBytes)
        transcript.append(message.bytes)
        self.transcript = transcript
        helloHash = transcript.hash
        guard case .share(let share) = answer.keyShare, let key = key.take() else {
            Issue.record("a ServerHello without a key share")
            return
        }
        let secrets = EarlySecret(parameters.hash).handshakeSecret(
            try key.sharedSecret(with: share.keyExchange.span))
        reader.install(try secrets.serverTraffic(helloHash).opener(aead))
        writer.install(try secrets.clientTraffic(helloHash).sealer(aead))
        handshake = .some(consume secrets)
    }

    private func finishAfterwards() {
        guard let hash = transcript?.hash, let verifyData = traffic?.verifyData(hash) else { return }
        finished = Finished(verifyData: verifyData).encoded()
    }

    /// The records of a message before its Finished, which covers it.
    func say(_ message: [UInt8]) throws -> [UInt8] {
        transcript?.append(message)
        finishAfterwards()
        return try writer.handshake(message)
    }

    private func shownCredential() throws -> Credential {
        try credential ?? TestCredentials.p256.get()
    }

    /// What a well-behaved client shows.
    func certificate() throws -> CertificateMessage {
        let chain = try shownCredential().chain
        return CertificateMessage(context: [], entries: chain.map { CertificateMessage.Entry(data: $0.der) })
    }

    /// The signature of what was said so far.
    func certificateVerify(as signer: Signer = .client) throws -> CertificateVerify {
        let content = HandshakeSignature.content(signer, try #require(transcript).hash)
        let key = try #require(try shownCredential().key)
        return CertificateVerify(
            algorithm: .ecdsaSecp256r1SHA256,
            signature: try HandshakeSignature.sign(content, with: key, .ecdsaSecp256r1SHA256))
    }

    /// The record of the client's Finished; afterwards the writer has the application key.
    func finishedRecord() throws -> [UInt8] {
        let output = try writer.record(.handshake, finished)
        try takeApplicationKey()
        return output
    }

    /// What comes now is written under the application key.
    func takeApplicationKey() throws {
        if let sealer = try application?.client.sealer(aead) { writer.install(sealer) }
    }

    /// Certificate, CertificateVerify and Finished in answer to a CertificateRequest that came after the handshake; only
    /// Certificate and Finished without a credential.
    func answer(_ request: [UInt8], _ credential: Credential?, context: [UInt8]? = nil) throws -> [[UInt8]] {
        let asked = try ReceivedMessage(request).decode(as: CertificateRequest.self)
        var transcript = try #require(handshakeTranscript)
        for message in [finished, request] { transcript.append(message) }
        var certificate = CertificateMessage(context: context ?? asked.context, entries: [])
        var messages: [[UInt8]] = []
        certificate.entries = credential?.shown.entries ?? []
        messages.append(certificate.encoded())
        transcript.append(certificate.encoded())
        if let credential {
            let content = HandshakeSignature.content(.client, transcript.hash)
            let scheme = try #require(credential.signatureSchemes.first)
            let signature = try HandshakeSignature.sign(content, with: #require(credential.key), scheme)
            let verify = CertificateVerify(algorithm: scheme, signature: signature).encoded()
            messages.append(verify)
            transcript.append(verify)
        }
        let verifyData = application?.client.verifyData(transcript.hash)
        messages.append(Finished(verifyData: try #require(verifyData)).encoded())
        return messages
    }
}
