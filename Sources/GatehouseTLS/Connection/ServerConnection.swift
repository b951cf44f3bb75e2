/// The server's side of a connection: bytes in, events and bytes out.
///
/// It owns no socket and no clock. The caller passes what arrives to `receive`, sends what is appended to `output`
/// (also when an error is thrown: the alert is in it), and acts on the events.
///
/// ```swift
/// var connection = ServerConnection(configuration, now: secondsSince1970)
/// var span = buffer.mutableSpan, position = 0, output: [UInt8] = []
/// while let event = try connection.receive(&span, at: &position, output: &output) {
///     if case .applicationData(let range) = event { … }
/// }
/// // send `output`; keep what stands behind `position` for the next call
/// ```
public struct ServerConnection: ~Copyable, Sendable {
    var connection: Connection<ServerHandshake>

    /// A connection that awaits a ClientHello.
    ///
    /// - Parameters:
    ///   - configuration: fixed for the connection's life.
    ///   - now: seconds since 1970.
    ///   - peerAddress: what the cookie of a `StatelessRetry` is bound to, such as the bytes of the client's IP address;
    ///     nothing else is done with it.
    public init(_ configuration: ServerConfiguration, now: Int64, peerAddress: [UInt8] = []) {
        self.init(configuration, now: now, peerAddress: peerAddress, replay: nil)
    }

    /// A connection that sends the bytes of a published trace.
    package init(_ configuration: ServerConfiguration, now: Int64, peerAddress: [UInt8] = [], replay: Replay?) {
        var core = ConnectionCore(collectsKeyLog: configuration.collectsKeyLog, now: now, replay: replay)
        core.writer.padding = configuration.recordPadding
        core.writer.sizing = configuration.recordSizing
        core.joiner.certificateLimit = configuration.peerCertificateLimit
        if configuration.statelessRetry != nil {
            // RFC 9846 §4.3.2: without state, a change_cipher_spec between the two hellos "will appear as if it were the
            // first message to be received. Servers operating statelessly MUST ignore these records." So it is with the
            // early data behind a first hello.
            core.reader.allowsChangeCipherSpec = true
            core.reader.skipEarlyData(upTo: configuration.skippedEarlyDataLimit)
        }
        connection = Connection(
            role: .awaitingClientHello(
                AwaitingClientHello(configuration: configuration, peerAddress: peerAddress)), core: core)
    }

    /// The time, in seconds since 1970. Set it before `receive` on a connection that lives long: the age of tickets is
    /// reckoned by it.
    public var now: Int64 {
        get { connection.core.now }
        set { connection.core.now = newValue }
    }

    /// Whether the handshake is complete.
    public var isEstablished: Bool { connection.core.isEstablished }

    /// What has been negotiated so far; `nil` before the ClientHello has been understood.
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

    /// Seals all of `plaintext` as an answer to early data, before the client's Finished has come: the client may be
    /// somebody who replays what another one sent (RFC 9846 §8).
    ///
    /// - Throws: `TLSError.misuse` unless early data has been accepted and the client has not ended it yet; after that
    ///   `send` has its turn.
    public mutating func answerEarlyData(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try connection.answerEarlyData(plaintext, output: &output)
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

    /// Asks the client for a certificate after the handshake (RFC 9846 §4.7.2). It answers when it likes, with
    /// `Event.clientAuthenticated` or `Event.clientDeclined`; up to 8 requests can be out at a time. Who showed a
    /// certificate before and shows none now stays who it was.
    ///
    /// ```swift
    /// let context = try connection.requestClientCertificate(.optional(.trustStore(store)), output: &output)
    /// ```
    ///
    /// - Parameters:
    ///   - policy: how what the client shows is judged; one that demands a certificate ends the connection of a client
    ///     that declines.
    ///   - output: the CertificateRequest is appended.
    /// - Returns: the context of the request, which the event repeats.
    /// - Throws: `TLSError.misuse` before the handshake is complete and after `close`, when the client has not offered to
    ///   be asked, when a pre-shared key that it was given has authenticated it, and when too many requests are out.
    public mutating func requestClientCertificate(
        _ policy: ClientCertificatePolicy, output: inout [UInt8]
    ) throws(TLSError) -> [UInt8] {
        try connection.act(output: &output) { (role, core) throws(TLSError) in
            try role.requestCertificate(policy, &core)
        }
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

    /// Keying material from the early exporter (RFC 9846 §7.5), for what goes with early data: from the first
    /// `Event.earlyData` on, or the moment it is accepted, until the client ends it.
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
