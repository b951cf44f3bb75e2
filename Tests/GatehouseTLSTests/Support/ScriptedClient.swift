import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// A client made of the engine's parts that says what a test wants.
final class ScriptedClient {
    var hello: ClientHello
    /// Tests append to it, or encode the hello otherwise.
    var helloBytes: [UInt8]
    private var key: EphemeralKey?
    private var handshake: HandshakeSecret?
    private var transcript: Transcript?
    private var helloHash: [UInt8] = []
    private var aead = AEADAlgorithm.aes128GCM

    var writer = RecordWriter()
    var reader = RecordReader()
    var joiner = HandshakeJoiner()
    private(set) var application: ApplicationSecrets?
    private(set) var serverMessages: [ReceivedMessage] = []
    /// The client's Finished, ready to be sent.
    private(set) var finished: [UInt8] = []

    init(group: NamedGroup = .x25519, _ change: (inout ClientHello) -> Void = { _ in }) throws {
        let key = try EphemeralKey.generate(group)
        var hello = ClientHello(
            random: [UInt8](repeating: 9, count: 32), legacySessionID: [UInt8](repeating: 5, count: 32),
            cipherSuites: CipherSuite.supported)
        hello.extensions.order = [.supportedGroups, .signatureAlgorithms, .supportedVersions, .keyShare]
        hello.supportedGroups = [group]
        hello.signatureAlgorithms = SignatureScheme.supportedInHandshake
        hello.supportedVersions = [.tls13]
        hello.keyShares = [KeyShareEntry(group: group, keyExchange: key.publicKey)]
        change(&hello)
        self.hello = hello
        self.key = .some(consume key)
        helloBytes = hello.encoded()
    }

    /// The record, or records, of the ClientHello.
    func helloRecords() throws -> [UInt8] {
        try record(.handshake, helloBytes)
    }

    /// Reads the server's flight, takes the keys, and has the Finished ready.
    func receiveFlight(_ flight: [UInt8]) throws {
        var bytes = flight
        var position = 0
        reader.allowsChangeCipherSpec = true
        while serverMessages.last?.type != .finished {
            if let message = try joiner.next() {
                try handle(message)
                continue
            }
            var span = bytes.mutableSpan
            let next = try reader.next(&span, at: &position, inMessage: joiner.isInMessage)
            let record = try #require(next, "the server's flight is not complete")
            joiner.append(bytes.span.extracting(record.content))
        }
    }

    private func handle(_ message: ReceivedMessage) throws {
        serverMessages.append(message)
        switch message.type {
        case .serverHello: try handleServerHello(message)
        case .finished:
            transcript?.append(message.bytes)
            let hash = try #require(transcript?.hash)
            guard let secrets = handshake.take() else { return }
            finished = Finished(verifyData: secrets.clientTraffic(helloHash).verifyData(hash)).encoded()
            application = ApplicationSecrets(secrets.mainSecret(), hash)
            if let opener = try application?.server.opener(aead) { reader.install(opener, try joiner.aligned()) }
        default: transcript?.append(message.bytes)
        }
    }

    private func handleServerHello(_ message: ReceivedMessage) throws {
        let answer = try message.decode(as: ServerHello.self)
        let parameters = try #require(CipherSuiteParameters(answer.cipherSuite))
        aead = parameters.aead
        var transcript = Transcript(parameters.hash, startingWith: helloBytes)
        transcript.append(message.bytes)
        self.transcript = transcript
        helloHash = transcript.hash
        guard case .share(let share) = answer.keyShare, let key = key.take() else {
            Issue.record("a ServerHello without a key share")
            return
        }
        let secrets = EarlySecret(parameters.hash).handshakeSecret(
            try key.sharedSecret(with: share.keyExchange.span))
        reader.install(try secrets.serverTraffic(helloHash).opener(aead), try joiner.aligned())
        writer.install(try secrets.clientTraffic(helloHash).sealer(aead))
        handshake = .some(consume secrets)
    }

    /// The record of the client's Finished; afterwards the writer has the application key.
    func finishedRecord() throws -> [UInt8] {
        let output = try record(.handshake, finished)
        if let sealer = try application?.client.sealer(aead) { writer.install(sealer) }
        return output
    }

    /// A record of any type under the current key.
    func record(_ type: ContentType, _ content: [UInt8]) throws -> [UInt8] {
        var output: [UInt8] = []
        try writer.write(type, content.span, to: &output)
        return output
    }

    /// The alert at the front of `bytes`, opened with the current key.
    func alert(in bytes: [UInt8]) throws -> AlertDescription? {
        var bytes = bytes
        var position = 0
        var span = bytes.mutableSpan
        guard let record = try reader.next(&span, at: &position, inMessage: false), record.type == .alert else {
            return nil
        }
        return AlertDescription(rawValue: bytes[record.content.upperBound - 1])
    }
}
