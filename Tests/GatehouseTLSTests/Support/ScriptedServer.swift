import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// A server made of the engine's parts that says what a test wants: every message passes through `alter` before it is
/// hashed and sent, so that all that follows fits what was said.
final class ScriptedServer {
    /// What is sent instead of a message: nothing, another one, several, or anything else.
    typealias Alter = (HandshakeType, [UInt8]) throws -> [Piece]

    var credential: Credential
    var suite = CipherSuite.aes128GCMSHA256
    var scheme = SignatureScheme.ecdsaSecp256r1SHA256
    var alter: Alter = { [.message($1)] }
    var encryptedExtensions = EncryptedExtensions()
    /// Sent before the Certificate.
    var certificateRequest: CertificateRequest?
    /// Which of the client's pre-shared keys it says to have taken, and the key that it has taken; no certificate then.
    var preSharedKey: (index: UInt16, secret: SharedSecret)?
    /// What the client sends early data with: its alerts come under this session's key.
    var earlySession: SessionState?
    /// Messages are cut into records of this many bytes; `nil`: as many messages in a record as fit.
    var fragment: Int?
    /// The flight ends before this message, and the handshake keys stay.
    var stopsBefore: HandshakeType?
    private var hasStopped = false

    var writer = ScriptedWriter()
    private var reader = ScriptedReader()
    private var joiner = HandshakeJoiner()
    private(set) var heard = Heard()
    private(set) var application: ApplicationSecrets?
    private var transcript: Transcript?
    private var expectedFinished: [UInt8] = []
    private var aead = AEADAlgorithm.aes128GCM
    /// Whether the client's Finished has come and was right.
    private(set) var hasVerifiedFinished = false

    init(credential: Credential) {
        self.credential = credential
    }

    /// Replaces one kind of message.
    func replace(_ type: HandshakeType, with pieces: @escaping ([UInt8]) throws -> [Piece]) {
        let before = alter
        alter = { $0 == type ? try pieces($1) : try before($0, $1) }
    }

    /// Decodes one kind of message, changes it, and sends that.
    func change<Message: HandshakeMessage>(_: Message.Type, _ change: @escaping (inout Message) -> Void) {
        replace(Message.type) { bytes in
            var message = try ReceivedMessage(bytes).decode(as: Message.self)
            change(&message)
            return [.message(message.encoded())]
        }
    }

    /// Reads all that the client sent.
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
        guard message.type == .finished else { return }
        hasVerifiedFinished = message.bytes == expectedFinished
        if let opener = try application?.client.opener(aead) { reader.install(opener) }
    }

    /// The client's latest hello.
    func clientHello() throws -> (ClientHello, bytes: [UInt8]) {
        let message = try #require(heard.messages.last { $0.type == .clientHello })
        return (try message.decode(as: ClientHello.self), message.bytes)
    }

    /// A HelloRetryRequest for `group` in answer to the first ClientHello.
    func retry(for group: NamedGroup?, _ change: (inout ServerHello) -> Void = { _ in }) throws -> [UInt8] {
        let (hello, bytes) = try clientHello()
        let parameters = try #require(CipherSuiteParameters(suite))
        var retry = ServerHello(
            random: ServerHello.retryRandom, legacySessionIDEcho: hello.legacySessionID, cipherSuite: suite)
        retry.extensions.order = [.supportedVersions]
        retry.selectedVersion = .tls13
        if let group {
            retry.extensions.order.append(.keyShare)
            retry.keyShare = .selectedGroup(group)
        }
        change(&retry)
        let message = retry.encoded()
        transcript = Transcript(parameters.hash, standingForFirst: bytes)
        transcript?.append(message)
        return try writer.handshake(message)
    }

    /// ServerHello to Finished in answer to the ClientHello that was received last.
    func flight() throws -> [UInt8] {
        let (hello, bytes) = try clientHello()
        let parameters = try #require(CipherSuiteParameters(suite))
        aead = parameters.aead
        var transcript: Transcript
        if let earlier = self.transcript {
            transcript = earlier
            transcript.append(bytes)
        } else {
            transcript = Transcript(parameters.hash, startingWith: bytes)
        }
        var output: [UInt8] = []
        let sharedSecret = try sendServerHello(hello, &transcript, &output)
        let secrets = HandshakeSecret(parameters.hash, preSharedKey: preSharedKey?.secret, sharedSecret)
        let helloHash = transcript.hash
        let clientTraffic = secrets.clientTraffic(helloHash)
        let serverTraffic = secrets.serverTraffic(helloHash)
        writer.install(try serverTraffic.sealer(aead))
        if let earlySession {
            let early = try #require(CipherSuiteParameters(earlySession.cipherSuite))
            let earlySecret = earlySession.preSharedKey.earlySecret(early.hash)
            let helloHash = Transcript(early.hash, startingWith: bytes).hash
            reader.install(try earlySecret.clientTraffic(helloHash).opener(early.aead))
        } else {
            reader.install(try clientTraffic.opener(aead))
        }

        var pieces = try authentication(&transcript)
        let finished = Finished(verifyData: serverTraffic.verifyData(transcript.hash)).encoded()
        pieces += try altered(.finished, finished, &transcript)
        try write(pieces, to: &output)
        guard !hasStopped else { return output }
        let hash = transcript.hash
        expectedFinished = Finished(verifyData: clientTraffic.verifyData(hash)).encoded()
        application = ApplicationSecrets(secrets.mainSecret(), hash)
        if let sealer = try application?.server.sealer(aead) { writer.install(sealer) }
        return output
    }

    private func altered(_ type: HandshakeType, _ message: [UInt8], _ transcript: inout Transcript) throws -> [Piece] {
        if type == stopsBefore { hasStopped = true }
        guard !hasStopped else { return [] }
        let pieces = try alter(type, message)
        for case .message(let message) in pieces { transcript.append(message) }
        return pieces
    }

    private func write(_ pieces: [Piece], to output: inout [UInt8]) throws {
        var messages: [UInt8] = []
        for piece in pieces {
            if case .message(let message) = piece, fragment == nil {
                messages += message
                continue
            }
            output += try writer.handshake(messages)
            messages = []
            switch piece {
            case .message(let message): output += try writer.handshake(message, fragment: fragment ?? .max)
            case .record(let type, let content, let padding):
                output += try writer.record(type, content, padding: padding)
            case .bytes(let bytes): output += bytes
            }
        }
        output += try writer.handshake(messages)
    }

    private func sendServerHello(
        _ hello: ClientHello, _ transcript: inout Transcript, _ output: inout [UInt8]
    ) throws -> Secret {
        let share = try #require(hello.keyShares?.first { $0.group.isSupported })
        let agreed = try KeyShareAnswer.answer(share.group, to: share.keyExchange.span)
        var answer = ServerHello(
            random: [UInt8](repeating: 7, count: 32), legacySessionIDEcho: hello.legacySessionID, cipherSuite: suite)
        answer.extensions.order = [.keyShare, .supportedVersions]
        answer.keyShare = .share(KeyShareEntry(group: share.group, keyExchange: agreed.share))
        answer.selectedVersion = .tls13
        if let preSharedKey {
            answer.extensions.order.append(.preSharedKey)
            answer.selectedIdentity = preSharedKey.index
        }
        try write(try altered(.serverHello, answer.encoded(), &transcript), to: &output)
        return agreed.takeSecret()
    }

    /// EncryptedExtensions to CertificateVerify, or EncryptedExtensions alone with a pre-shared key.
    private func authentication(_ transcript: inout Transcript) throws -> [Piece] {
        var pieces = try altered(.encryptedExtensions, encryptedExtensions.encoded(), &transcript)
        guard preSharedKey == nil else { return pieces }
        if let certificateRequest {
            pieces += try altered(.certificateRequest, certificateRequest.encoded(), &transcript)
        }
        let certificates = CertificateMessage(context: [], entries: credential.shown.entries)
        pieces += try altered(.certificate, certificates.encoded(), &transcript)
        let content = HandshakeSignature.content(.server, transcript.hash)
        let signature = try HandshakeSignature.sign(content, with: #require(credential.key), scheme)
        let verify = CertificateVerify(algorithm: scheme, signature: signature)
        return try pieces + altered(.certificateVerify, verify.encoded(), &transcript)
    }
}
