import GatehouseCrypto

/// What either role keeps of the key schedule once the handshake is complete.
struct EstablishedKeys: ~Copyable, Sendable {
    private let aead: AEADAlgorithm
    private var read: TrafficSecret
    private var write: TrafficSecret
    private let hash: HashAlgorithm
    private let exporter: Secret
    /// Our own `update_requested` has not been answered yet.
    private var awaitsPeersUpdate = false

    init(
        _ parameters: CipherSuiteParameters, read: consuming TrafficSecret, write: consuming TrafficSecret,
        exporter: consuming Secret
    ) {
        aead = parameters.aead
        hash = parameters.hash
        self.read = read
        self.write = write
        self.exporter = exporter
    }

    static func server(
        _ parameters: CipherSuiteParameters, _ secrets: consuming ApplicationSecrets
    ) -> EstablishedKeys {
        EstablishedKeys(parameters, read: secrets.client, write: secrets.server, exporter: secrets.exporter)
    }

    static func client(
        _ parameters: CipherSuiteParameters, _ secrets: consuming ApplicationSecrets
    ) -> EstablishedKeys {
        EstablishedKeys(parameters, read: secrets.server, write: secrets.client, exporter: secrets.exporter)
    }

    /// After how many records our key has to change.
    var recordLimit: UInt64 { KeyUsageLimits.records(aead) }

    /// The peer's KeyUpdate (RFC 9846 §4.7.3).
    mutating func handle(_ update: KeyUpdate, _ core: inout ConnectionCore) throws(TLSError) {
        read = read.next()
        core.reader.install(try read.opener(aead), try core.joiner.aligned())
        awaitsPeersUpdate = false
        // "If the request_update field is set to "update_requested", then the receiver MUST send a KeyUpdate of its own
        // with request_update set to "update_not_requested" prior to sending its next Application Data record." So many
        // requests that come while we are silent get one answer, as §4.7.3 allows.
        if update.request == .updateRequested { core.owesKeyUpdate = true }
    }

    /// Our own KeyUpdate. A request is not made again before the one before is answered.
    mutating func update(requestingPeers: Bool, _ core: inout ConnectionCore) throws(TLSError) {
        let requests = requestingPeers && !awaitsPeersUpdate
        if requests { awaitsPeersUpdate = true }
        try send(requests ? .updateRequested : .updateNotRequested, &core)
    }

    private mutating func send(_ request: KeyUpdate.Request, _ core: inout ConnectionCore) throws(TLSError) {
        core.owesKeyUpdate = false
        try core.send(KeyUpdate(request: request).encoded())
        write = write.next()
        core.writer.install(try write.sealer(aead))
    }

    /// Our Finished after the handshake, under the current `[sender]_application_traffic_secret_N` (RFC 9846 §4.5).
    func finished(_ transcriptHash: [UInt8]) -> Finished {
        Finished(verifyData: write.verifyData(transcriptHash))
    }

    /// The peer's Finished after the handshake.
    func verify(_ finished: Finished, _ transcriptHash: [UInt8]) throws(TLSError) -> FinishedVerified {
        try finished.verify(read, transcriptHash)
    }

    /// TLS-Exporter (RFC 9846 §7.5).
    func export(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        try ScheduleSecret(hash, exporter.copy()).export(label: label, context: context, count: count)
    }
}

extension ScheduleSecret {
    /// TLS-Exporter(label, context_value, key_length) =
    ///     HKDF-Expand-Label(Derive-Secret(Secret, label, ""), "exporter", Hash(context_value), key_length)
    func export(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        let label = Array(label.utf8)
        // HkdfLabel holds 255 bytes of label, six of them "tls13 "; HKDF gives 255 blocks at most.
        guard (1...249).contains(label.count), (1...255 * hash.digestLength).contains(count) else {
            throw .misuse(.invalidExporterRequest)
        }
        let derived = ScheduleSecret(
            hash, expandLabel(label, context: hash.digestOfNothing, count: hash.digestLength))
        return derived.expandLabel("exporter", context: Hasher.hash(hash, context.span), count: count)
            .withSpan { [UInt8](copying: $0) }
    }
}
