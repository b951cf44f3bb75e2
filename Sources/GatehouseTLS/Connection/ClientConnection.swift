import GatehouseCertificates

/// The client's side of a connection: bytes in, events and bytes out.
///
/// It owns no socket and no clock. The caller passes what arrives to `receive`, sends what is appended to `output`
/// (also when an error is thrown: the alert is in it), and acts on the events.
///
/// ```swift
/// var output: [UInt8] = []
/// var connection = try ClientConnection(
///     configuration, serverName: "example.org", now: secondsSince1970, output: &output)
/// // send `output`, which holds the ClientHello; then as `ServerConnection`
/// ```
public struct ClientConnection: ~Copyable, Sendable {
    var connection: Connection<ClientHandshake>

    /// Begins a connection: the ClientHello is appended to `output`.
    ///
    /// - Parameters:
    ///   - configuration: fixed for the connection's life.
    ///   - serverName: a host name or an IP address: what the certificate must carry and, for a host name, what the
    ///     server is told. `nil` only when certificates are not verified against a trust store, or with pre-shared keys:
    ///     then a server that shows a certificate instead is refused.
    ///   - session: an earlier session with this server, to be resumed if the server agrees. It is not offered when it
    ///     has expired, or belongs to another name or other trust settings.
    ///   - now: seconds since 1970. With early data pass a second less: the age of the session's ticket is told to the
    ///     server, and if whole seconds make it more than it is, some servers refuse the data.
    ///   - output: what is to be sent is appended.
    /// - Throws: `ConfigurationError` when the name is missing or no name; inside
    ///   `ConnectionStartError.failed`, `TLSError.crypto` when no key share can be made,
    ///   `.misuse(.clientHelloTooLarge)`, and `.tooLongToSend` for a setting that `ClientConfiguration.validate()` refuses.
    public init(
        _ configuration: ClientConfiguration, serverName: String?, session: ClientSession? = nil, now: Int64,
        output: inout [UInt8]
    ) throws(ConnectionStartError) {
        try self.init(
            configuration, serverName: serverName, session: session, now: now, replay: nil, output: &output)
    }

    /// A connection that sends the bytes of a published trace.
    package init(
        _ configuration: ClientConfiguration, serverName: String?, session: ClientSession?, now: Int64,
        replay: Replay?, output: inout [UInt8]
    ) throws(ConnectionStartError) {
        var name: ReferenceName?
        if let serverName {
            guard let parsed = ReferenceName(host: serverName) else {
                throw .configuration(.invalidServerName(serverName))
            }
            name = parsed
        } else if case .verifier = configuration.verification, configuration.preSharedKeys.isEmpty {
            throw .configuration(.noServerName)
        }
        var core = ConnectionCore(collectsKeyLog: configuration.collectsKeyLog, now: now, replay: replay)
        core.writer.padding = configuration.recordPadding
        core.writer.sizing = configuration.recordSizing
        core.joiner.certificateLimit = configuration.peerCertificateLimit
        do throws(TLSError) {
            let state = try ClientHelloComposer(configuration: configuration, name: name, session: session).start(&core)
            swap(&core.output, &output)
            output += core.output
            core.output = []
            connection = Connection(role: .awaitingServerHello(state), core: core)
        } catch {
            throw .failed(error)
        }
    }

    /// The time, in seconds since 1970. Set it before `receive` on a connection that lives long: the age of tickets is
    /// reckoned by it.
    public var now: Int64 {
        get { connection.core.now }
        set { connection.core.now = newValue }
    }

    /// Whether the handshake is complete.
    public var isEstablished: Bool { connection.core.isEstablished }

    /// What has been negotiated so far; `nil` before the ServerHello has been understood.
    public var session: NegotiatedSession? { connection.core.session }

    /// Takes what arrived, decrypts it in place, and reports what happened: one event a call.
    ///
    /// - Parameters:
    ///   - buffer: what arrived and has not been consumed. Records are opened in place.
    ///   - position: where to begin; moved past what was consumed.
    ///   - output: what is to be sent is appended.
    /// - Returns: `nil` when more bytes are needed, or a decision is due.
    /// - Throws: `TLSError`; the connection has then failed, and every later call throws the same.
    public mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event? {
        try connection.receive(&buffer, at: &position, output: &output)
    }

    /// Answers the decision that `Event.needs` asked for. Call `receive` again afterwards: more may have arrived.
    ///
    /// - Throws: `TLSError`; `.misuse` when no such decision is due.
    public mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError) {
        try connection.resume(with: decision, output: &output)
    }

    /// Seals all of `plaintext` into records of at most 16 KiB.
    ///
    /// - Throws: `TLSError.misuse` before the handshake is complete and after `close`.
    public mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try connection.send(plaintext, output: &output)
    }

    /// How much early data may be sent now, in bytes; 0 when none may: it was not offered, or has ended.
    public var earlyDataLimit: Int { connection.core.earlyDataToSend ?? 0 }

    /// Seals all of `plaintext` as early data (RFC 9846 §2.3), before the server has answered. The server may not take
    /// it (`Event.earlyDataRejected`), and anybody who sees it can send it again: only what may be repeated belongs
    /// here.
    ///
    /// - Throws: `TLSError.misuse` when it is more than `earlyDataLimit`.
    public mutating func sendEarlyData(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try connection.sendEarlyData(plaintext, output: &output)
    }

    /// Says that the connection was idle, a second being customary: with `RecordSizing.dynamic` records are short again.
    public mutating func restartRecordSizing() {
        connection.core.writer.restartSizing()
    }

    /// Says that nothing more will be sent (`close_notify`, RFC 9846 §6.1). What the peer sends can still be received.
    public mutating func close(output: inout [UInt8]) {
        connection.close(output: &output)
    }

    /// Ends the connection with an error alert (RFC 9846 §6.2). Every later call throws `TLSError.refused`.
    public mutating func abort(with alert: AlertDescription, output: inout [UInt8]) {
        connection.abort(with: alert, output: &output)
    }

    /// Changes the key that protects what we send (`KeyUpdate`, RFC 9846 §4.7.3). It happens by itself before a key has
    /// been used too often.
    ///
    /// - Parameters:
    ///   - requestingPeers: whether the peer is asked to change its key too.
    ///   - output: the KeyUpdate is appended.
    /// - Throws: `TLSError.misuse` before the handshake is complete and after `close`.
    public mutating func updateKeys(requestingPeers: Bool, output: inout [UInt8]) throws(TLSError) {
        try connection.updateKeys(requestingPeers: requestingPeers, output: &output)
    }

    /// Keying material for the application (RFC 9846 §7.5): both sides get the same bytes.
    ///
    /// - Parameters:
    ///   - label: as registered, such as `EXPORTER-Channel-Binding`; 1 to 249 bytes.
    ///   - context: what to bind to it; may be empty.
    ///   - count: how many bytes, at most 255 times the length of the cipher suite's hash.
    /// - Throws: `TLSError.misuse` before the handshake is complete or for a request outside these bounds.
    public func exportKeyingMaterial(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        try connection.export(label: label, context: context, count: count)
    }

    /// Keying material from the early exporter (RFC 9846 §7.5), for what goes with early data: from the ClientHello on
    /// until the server has answered whether it takes it, and until its end when it does.
    ///
    /// It rests on the pre-shared key and the ClientHello alone: it is as replayable as early data is (§8).
    ///
    /// - Parameters: as for `exportKeyingMaterial`.
    /// - Throws: `TLSError.misuse(.noEarlyData)` at any other time, `.misuse(.invalidExporterRequest)` as there.
    public func exportEarlyKeyingMaterial(
        label: String, context: [UInt8], count: Int
    ) throws(TLSError) -> [UInt8] {
        try connection.core.exportEarly(label: label, context: context, count: count)
    }

    /// The `tls-exporter` channel binding, 32 bytes (RFC 9266).
    ///
    /// - Throws: `TLSError.misuse` before the handshake is complete.
    public func channelBinding() throws(TLSError) -> [UInt8] {
        try exportKeyingMaterial(label: "EXPORTER-Channel-Binding", context: [], count: 32)
    }

    /// The lines for a key log (RFC 9850) since the last call; empty unless the configuration collects them.
    public mutating func takeKeyLog() -> [UInt8] {
        connection.core.keyLog.take()
    }
}

/// Why a client's connection could not begin.
public enum ConnectionStartError: Error, Sendable, Equatable {
    /// The configuration and the server's name do not go together.
    case configuration(ConfigurationError)
    /// The ClientHello could not be made.
    case failed(TLSError)
}
