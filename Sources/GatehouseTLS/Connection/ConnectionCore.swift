import GatehouseCrypto
import GatehouseSystem

/// What both roles' states work with: record layer, messages, output, and what is to be told to the caller.
///
/// The connection owns it and lends it to each step; states never store it.
struct ConnectionCore: ~Copyable, Sendable {
    var reader = RecordReader()
    var writer = RecordWriter()
    var joiner = HandshakeJoiner()
    /// What is to be sent: the caller's own array, while a call lasts.
    var output: [UInt8] = []
    var keyLog: KeyLog
    var session: NegotiatedSession?
    /// The handshake is complete.
    var isEstablished = false
    /// The peer is in the middle of messages between which no application data may come (RFC 9846 §4.7.2).
    var awaitsOnlyHandshake = false
    /// We send no more (RFC 9846 §6.1).
    var hasSentCloseNotify = false
    /// The peer has asked for a KeyUpdate: one goes out before our next application data.
    var owesKeyUpdate = false
    /// The decision that is due: nothing is read until it comes.
    private var due: Need.Kind?
    /// How much more early data is taken, in bytes; `nil` when none is awaited.
    private var earlyDataLeft: Int?
    /// The early exporter's secret, while early data may come or be sent.
    private var earlyExporter: ScheduleSecret?
    /// What the current step has to tell.
    private var event: Event?
    /// Published values in place of random ones.
    let replay: Replay?
    /// Seconds since 1970; the caller keeps it up to date.
    var now: Int64

    init(collectsKeyLog: Bool, now: Int64, replay: Replay? = nil) {
        keyLog = KeyLog(isEnabled: collectsKeyLog)
        self.now = now
        self.replay = replay
    }

    mutating func tell(_ event: Event) {
        self.event = event
        if case .needs(let need) = event { due = need.kind }
    }

    mutating func takeEvent() -> Event? {
        defer { event = nil }
        return event
    }

    var isPaused: Bool { due != nil }

    /// Ends the pause with the decision that is due. A refusal ends the connection.
    mutating func endPause(with decision: Decision) throws(TLSError) {
        guard let due, decision.answers(due) else { throw .misuse(.noSuchDecision) }
        self.due = nil
        if case .reject(let alert) = decision { throw .refused(alert) }
    }

    /// Ends the handshake.
    mutating func establish(with keys: borrowing EstablishedKeys) {
        reader.allowsChangeCipherSpec = false
        writer.recordLimit = keys.recordLimit
        isEstablished = true
        tell(.handshakeComplete)
    }

    var acceptsEarlyData: Bool { earlyDataLeft != nil }

    mutating func beginEarlyData(limit: UInt32, exporter: consuming ScheduleSecret) {
        earlyDataLeft = Int(limit)
        earlyExporter = .some(consume exporter)
        session?.isEarlyDataAccepted = true
    }

    /// RFC 9846 §4.3.10: "Servers MUST NOT accept more than max_early_data_size bytes": "A server receiving more than
    /// max_early_data_size bytes of 0-RTT data SHOULD terminate the connection with an "unexpected_message" alert."
    mutating func takeEarlyData(_ content: Range<Int>) throws(TLSError) {
        guard let left = earlyDataLeft else { throw .peerMisbehaved(.unexpectedApplicationData) }
        guard content.count <= left else { throw .peerMisbehaved(.tooMuchEarlyData) }
        earlyDataLeft = left - content.count
        tell(.earlyData(content))
    }

    mutating func endEarlyData() {
        earlyDataLeft = nil
        earlyExporter = nil
    }

    /// How much more early data may be sent, in bytes; `nil` when none may.
    private(set) var earlyDataToSend: Int?

    mutating func beginSendingEarlyData(limit: UInt32, exporter: consuming ScheduleSecret) {
        earlyDataToSend = Int(limit)
        earlyExporter = .some(consume exporter)
    }

    mutating func sendEarlyData(_ plaintext: Span<UInt8>) throws(TLSError) {
        guard let left = earlyDataToSend, plaintext.count <= left else { throw .misuse(.noEarlyData) }
        earlyDataToSend = left - plaintext.count
        try writer.write(.applicationData, plaintext, to: &output)
    }

    mutating func endSendingEarlyData() {
        earlyDataToSend = nil
        earlyExporter = nil
    }

    mutating func rejectSentEarlyData() {
        endSendingEarlyData()
        tell(.earlyDataRejected)
    }

    /// TLS-Exporter with the early exporter's secret (RFC 9846 §7.5).
    func exportEarly(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        guard let bytes = try earlyExporter?.export(label: label, context: context, count: count) else {
            throw .misuse(.noEarlyData)
        }
        return bytes
    }

    /// Writes handshake messages, already encoded, in as few records as they fit.
    mutating func send(_ messages: [UInt8], version: ProtocolVersion = .tls12) throws(TLSError) {
        try writer.write(.handshake, messages.span, to: &output, version: version)
    }

    mutating func send(_ alert: Alert) throws(TLSError) {
        let bytes: InlineArray<2, UInt8> = [alert.level.rawValue, alert.description.rawValue]
        try writer.write(.alert, bytes.span, to: &output)
    }

    /// The random of a hello.
    func helloRandom() -> [UInt8] {
        replay?.random ?? SystemRandomness.bytes(ClientHello.randomLength)
    }

    func ephemeralKey(_ group: NamedGroup) throws(TLSError) -> EphemeralKey {
        do throws(CryptoError) {
            if let privateKey = replay?.privateKeys[group] {
                return try EphemeralKey(group, privateKey: privateKey.span)
            }
            return try EphemeralKey.generate(group)
        } catch {
            throw .crypto(error)
        }
    }
}

extension ConnectionCore {
    /// What a server sends back for a client's share, and the secret.
    func answer(_ share: KeyShareEntry) throws(TLSError) -> KeyShareAnswer {
        do throws(CryptoError) {
            if let privateKey = replay?.privateKeys[share.group] {
                return try EphemeralKey(share.group, privateKey: privateKey.span).answer(to: share.keyExchange.span)
            }
            return try .answer(share.group, to: share.keyExchange.span)
        } catch .invalidKeyShare {
            throw .peerMisbehaved(.invalidKeyShare)
        } catch {
            throw .crypto(error)
        }
    }
}

extension EphemeralKey {
    /// The shared secret with a share that the peer sent.
    consuming func sharedSecret(withPeers share: KeyShareEntry) throws(TLSError) -> Secret {
        do throws(CryptoError) {
            return try sharedSecret(with: share.keyExchange.span)
        } catch .invalidKeyShare {
            throw .peerMisbehaved(.invalidKeyShare)
        } catch {
            throw .crypto(error)
        }
    }
}
