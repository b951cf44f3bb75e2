import GatehouseCrypto
import GatehouseTLS

extension Trace {
    /// Computes the key schedule from keys and messages, and compares every value that is published.
    func checkKeySchedule(_ report: inout LevelReport) throws {
        let computed = try ComputedSchedule(self)
        for value in TraceValue.allCases where value.level == .keySchedule {
            if let published = values[value] {
                report.compare(value.rawValue, published: published, ours: computed.values[value])
            } else if scenario.requiredValues.contains(value) {
                report.fail("\(value.rawValue): missing from the trace")
            }
        }
        compareWithMessages(computed, &report)
    }

    /// The values that messages carry: key shares, verify data, binder.
    private func compareWithMessages(_ computed: ComputedSchedule, _ report: inout LevelReport) {
        for (sender, kind, value) in [
            (.client, .finished, .clientVerifyData), (.server, .finished, .serverVerifyData),
        ] as [(Sender, MessageKind, TraceValue)] {
            if let message = message(sender, kind) {
                report.compare("\(sender)'s Finished", published: Array(message.body), ours: computed.values[value])
            } else {
                report.fail("\(sender)'s Finished: missing from the trace")
            }
        }
        let hellos = messages.filter { [.clientHello, .serverHello].contains($0.kind) }
        let shares: [TraceValue] =
            hellos.count > 2
            ? [.clientFirstHelloPublicKey, .clientPublicKey, .serverPublicKey] : [.clientPublicKey, .serverPublicKey]
        guard hellos.count == shares.count else { return report.fail("\(hellos.count) hellos") }
        for (hello, value) in zip(hellos, shares) {
            let share = computed.values[value] ?? []
            let stands = !share.isEmpty && hello.bytes.contains(share)
            report.compare("\(value.rawValue) in its hello", published: share, ours: stands ? share : nil)
        }
        if let hello = message(.client, .clientHello), let binder = computed.values[.binder] {
            report.compare("binder in ClientHello", published: hello.bytes.suffix(binder.count), ours: binder)
        }
    }
}

/// The key schedule of a trace, computed.
private struct ComputedSchedule {
    private(set) var values: [TraceValue: [UInt8]] = [:]

    init(_ trace: Trace) throws {
        guard let parameters = CipherSuiteParameters(trace.cipherSuite) else { throw ReplayError.unknownCipherSuite }
        let hash = parameters.hash
        let hashes = TranscriptHashes(trace.messages, hash)
        takeHashes(hashes, hash)

        let sharedSecret = try sharedSecret(trace)
        let early = Self.earlySecret(trace, hash)
        values[.preSharedKey] = trace.values[.preSharedKey]
        values[.earlySecret] = early.stage.secret.bytes
        values[.derivedForHandshake] = early.stage.derivedForNextStage().bytes
        if trace.values[.preSharedKey] != nil { try takeEarlyStage(early, trace, parameters) }

        let handshake = early.handshakeSecret(sharedSecret)
        values[.handshakeSecret] = handshake.stage.secret.bytes
        values[.derivedForMain] = handshake.stage.derivedForNextStage().bytes
        takeHandshakeStage(handshake, hashes, parameters)

        let main = handshake.mainSecret()
        values[.mainSecret] = main.stage.secret.bytes
        takeMainStage(main, hashes, parameters, trace)
    }

    private mutating func takeHashes(_ hashes: TranscriptHashes, _ hash: HashAlgorithm) {
        values[.emptyHash] = Hasher(hash).digest()
        values[.clientHelloHash] = hashes.through(.client, .clientHello)
        values[.helloHash] = hashes.through(.server, .serverHello)
        values[.serverCertificateVerifyHash] = hashes.before(.server, .certificateVerify)
        values[.serverFinishedHash] = hashes.through(.server, .finished)
        values[.clientCertificateVerifyHash] = hashes.before(.client, .certificateVerify)
        values[.clientFinishedHash] = hashes.through(.client, .finished)
    }

    private static func earlySecret(_ trace: Trace, _ hash: HashAlgorithm) -> EarlySecret {
        guard let preSharedKey = trace.values[.preSharedKey] else { return EarlySecret(hash) }
        return EarlySecret(hash, preSharedKey: Secret(copying: preSharedKey.span))
    }

    /// What comes before the ServerHello, when a ticket's key is offered.
    private mutating func takeEarlyStage(
        _ early: borrowing EarlySecret, _ trace: Trace, _ parameters: CipherSuiteParameters
    ) throws {
        guard let hello = trace.message(.client, .clientHello), let helloHash = values[.clientHelloHash] else {
            throw ReplayError.noMessage("ClientHello")
        }
        let truncated = hello.truncated(binderLength: parameters.hash.digestLength)
        let binderHash = Hasher.hash(parameters.hash, truncated.span)
        let binderKey = early.binderKey(.resumption)
        values[.binderHash] = binderHash
        values[.binderKey] = binderKey.stage.secret.bytes
        values[.binderFinishedKey] = binderKey.stage.finishedKey().bytes
        values[.binder] = binderKey.binder(binderHash)
        values[.earlyExporter] = early.exporter(helloHash).bytes
        take(
            early.clientTraffic(helloHash), .clientEarlyTraffic, .clientEarlyKey, .clientEarlyIV, parameters)
    }

    private mutating func takeHandshakeStage(
        _ handshake: borrowing HandshakeSecret, _ hashes: TranscriptHashes, _ parameters: CipherSuiteParameters
    ) {
        let helloHash = values[.helloHash] ?? []
        let client = handshake.clientTraffic(helloHash)
        let server = handshake.serverTraffic(helloHash)
        values[.clientFinishedKey] = client.finishedKey().bytes
        values[.serverFinishedKey] = server.finishedKey().bytes
        if let hash = hashes.before(.client, .finished) { values[.clientVerifyData] = client.verifyData(hash) }
        if let hash = hashes.before(.server, .finished) { values[.serverVerifyData] = server.verifyData(hash) }
        take(client, .clientHandshakeTraffic, .clientHandshakeKey, .clientHandshakeIV, parameters)
        take(server, .serverHandshakeTraffic, .serverHandshakeKey, .serverHandshakeIV, parameters)
    }

    private mutating func takeMainStage(
        _ main: borrowing MainSecret, _ hashes: TranscriptHashes, _ parameters: CipherSuiteParameters, _ trace: Trace
    ) {
        let serverFinishedHash = values[.serverFinishedHash] ?? []
        take(
            main.clientTraffic(serverFinishedHash), .clientApplicationTraffic, .clientApplicationKey,
            .clientApplicationIV, parameters)
        take(
            main.serverTraffic(serverFinishedHash), .serverApplicationTraffic, .serverApplicationKey,
            .serverApplicationIV, parameters)
        values[.exporter] = main.exporter(serverFinishedHash).bytes
        let resumption = main.resumption(values[.clientFinishedHash] ?? [])
        values[.resumption] = resumption.stage.secret.bytes
        if let ticket = trace.message(.server, .newSessionTicket) {
            values[.ticketNonce] = ticket.ticketNonce
            values[.ticketPreSharedKey] = resumption.preSharedKey(ticketNonce: ticket.ticketNonce).bytes
        }
    }

    private mutating func take(
        _ traffic: borrowing TrafficSecret, _ secret: TraceValue, _ key: TraceValue, _ iv: TraceValue,
        _ parameters: CipherSuiteParameters
    ) {
        values[secret] = traffic.withSpan { [UInt8](copying: $0) }
        values[key] = traffic.writeKey(parameters.aead).bytes
        values[iv] = traffic.writeIV().bytes
    }

    /// What both sides compute from their own private key and the other's share.
    private mutating func sharedSecret(_ trace: Trace) throws -> Secret {
        if let first = trace.values[.clientFirstHelloPrivateKey] {
            values[.clientFirstHelloPublicKey] = try EphemeralKey(.x25519, privateKey: first.span).publicKey
            values[.clientFirstHelloPrivateKey] = first
        }
        let client = try key(.clientPrivateKey, .clientPublicKey, trace)
        let server = try key(.serverPrivateKey, .serverPublicKey, trace)
        let (clientShare, serverShare) = (client.publicKey, server.publicKey)
        let secret = try client.sharedSecret(with: serverShare.span)
        let serversSecret = try server.sharedSecret(with: clientShare.span)
        guard serversSecret.bytes == secret.bytes else { throw ReplayError.sharedSecretsDiffer }
        values[.sharedSecret] = secret.bytes
        return secret
    }

    private mutating func key(
        _ privateKey: TraceValue, _ publicKey: TraceValue, _ trace: Trace
    ) throws -> EphemeralKey {
        let scalar = try trace.published(privateKey)
        let key = try EphemeralKey(trace.group, privateKey: scalar.span)
        values[privateKey] = scalar
        values[publicKey] = key.publicKey
        return key
    }
}

extension Secret {
    /// The bytes of a secret that is published.
    fileprivate var bytes: [UInt8] {
        withSpan { [UInt8](copying: $0) }
    }
}
