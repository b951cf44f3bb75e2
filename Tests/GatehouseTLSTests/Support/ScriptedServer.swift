import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// A server made of the engine's parts that says what a test wants: every message passes through `alter` before it is
/// hashed and sent, so that all that follows fits what was said.
final class ScriptedServer {
    typealias Alter = (HandshakeType, [UInt8]) -> [[UInt8]]

    var credential: Credential
    var suite = CipherSuite.aes128GCMSHA256
    var scheme = SignatureScheme.ecdsaSecp256r1SHA256
    /// What is sent instead of a message: none, one, or several.
    var alter: Alter = { [$1] }
    var encryptedExtensions = EncryptedExtensions()
    /// Further messages between EncryptedExtensions and Certificate.
    var beforeCertificate: [[UInt8]] = []
    /// Each message in a record of its own instead of one record for the whole flight.
    var isSplit = false

    var writer = RecordWriter()
    var reader = RecordReader()
    var joiner = HandshakeJoiner()
    /// For what the client sends after its Finished.
    private var clientApplicationOpener: RecordOpener?
    private var aead = AEADAlgorithm.aes128GCM

    init(credential: Credential) {
        self.credential = credential
    }

    private func altered(_ type: HandshakeType, _ message: [UInt8], _ transcript: inout Transcript) -> [[UInt8]] {
        let messages = alter(type, message)
        for message in messages { transcript.append(message) }
        return messages
    }

    /// ServerHello to Finished in answer to the record of a ClientHello.
    func flight(answering helloRecord: [UInt8]) throws -> [UInt8] {
        let helloBytes = Array(helloRecord.dropFirst(RecordHeader.length))
        let hello = try ReceivedMessage(helloBytes).decode(as: ClientHello.self)
        let parameters = try #require(CipherSuiteParameters(suite))
        aead = parameters.aead
        var output: [UInt8] = []
        var transcript = Transcript(parameters.hash, startingWith: helloBytes)
        let sharedSecret = try sendServerHello(hello, &transcript, &output)
        let secrets = EarlySecret(parameters.hash).handshakeSecret(sharedSecret)
        let helloHash = transcript.hash
        let serverTraffic = secrets.serverTraffic(helloHash)
        writer.install(try serverTraffic.sealer(aead))
        reader.install(try secrets.clientTraffic(helloHash).opener(aead), try joiner.aligned())
        reader.allowsChangeCipherSpec = true

        var messages = try authentication(&transcript)
        let finished = Finished(verifyData: serverTraffic.verifyData(transcript.hash)).encoded()
        messages += altered(.finished, finished, &transcript)
        if !isSplit { messages = [messages.flatMap { $0 }] }
        for message in messages where !message.isEmpty {
            try writer.write(.handshake, message.span, to: &output)
        }
        let application = ApplicationSecrets(secrets.mainSecret(), transcript.hash)
        writer.install(try application.server.sealer(aead))
        clientApplicationOpener = try application.client.opener(aead)
        return output
    }

    private func sendServerHello(
        _ hello: ClientHello, _ transcript: inout Transcript, _ output: inout [UInt8]
    ) throws -> Secret {
        let share = try #require(hello.keyShares?.first)
        let key = try EphemeralKey.generate(share.group)
        var answer = ServerHello(
            random: [UInt8](repeating: 7, count: 32), legacySessionIDEcho: hello.legacySessionID, cipherSuite: suite)
        answer.extensions.order = [.keyShare, .supportedVersions]
        answer.keyShare = .share(KeyShareEntry(group: share.group, keyExchange: key.publicKey))
        answer.selectedVersion = .tls13
        for message in altered(.serverHello, answer.encoded(), &transcript) {
            try writer.write(.handshake, message.span, to: &output)
        }
        return try key.sharedSecret(withPeers: share)
    }

    /// EncryptedExtensions to CertificateVerify.
    private func authentication(_ transcript: inout Transcript) throws -> [[UInt8]] {
        var messages = altered(.encryptedExtensions, encryptedExtensions.encoded(), &transcript)
        for message in beforeCertificate {
            transcript.append(message)
            messages.append(message)
        }
        let entries = credential.chain.map { CertificateMessage.Entry(data: $0.der) }
        messages += altered(
            .certificate, CertificateMessage(context: [], entries: entries).encoded(), &transcript)
        let signature = try HandshakeSignature.sign(.server, transcript.hash, with: credential.key, scheme)
        let verify = CertificateVerify(algorithm: scheme, signature: signature)
        return messages + altered(.certificateVerify, verify.encoded(), &transcript)
    }

    /// The content of the client's next record, opened with the current key.
    func open(_ bytes: inout [UInt8]) throws -> (type: ContentType, content: [UInt8])? {
        var position = 0
        var span = bytes.mutableSpan
        guard let record = try reader.next(&span, at: &position, inMessage: false) else { return nil }
        let content = Array(bytes[record.content])
        bytes.removeFirst(position)
        return (record.type, content)
    }

    /// A record of any type under the current key.
    func record(_ type: ContentType, _ content: [UInt8]) throws -> [UInt8] {
        var output: [UInt8] = []
        try writer.write(type, content.span, to: &output)
        return output
    }
}
