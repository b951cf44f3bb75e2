import GatehouseCrypto

/// Has sent a HelloRetryRequest; awaits the ClientHello with the share that was asked for.
struct AwaitingSecondClientHello: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    let retry: ClientHelloInProgress.Retry

    /// Answers a hello that has no share of a group that we would choose (RFC 9846 §4.2.4).
    init(
        answering first: ClientHelloInProgress, _ parameters: CipherSuiteParameters, _ group: NamedGroup,
        selected: Int?, _ core: inout ConnectionCore
    ) throws(TLSError) {
        var retryRequest = ServerHello(
            random: ServerHello.retryRandom, legacySessionIDEcho: first.hello.legacySessionID,
            cipherSuite: parameters.suite)
        retryRequest.extensions.order = [.keyShare]
        retryRequest.keyShare = .selectedGroup(group)
        if let cookie = core.replay?.cookie {
            retryRequest.extensions.order.append(.cookie)
            retryRequest.cookie = cookie
        }
        retryRequest.extensions.order.append(.supportedVersions)
        retryRequest.selectedVersion = .tls13
        let bytes = retryRequest.encoded()
        var transcript = Transcript(parameters.hash, standingForFirst: first.message.bytes)
        transcript.append(bytes)
        try core.send(bytes)
        if !first.hello.legacySessionID.isEmpty { core.writer.writeChangeCipherSpec(to: &core.output) }
        if first.hello.extensions.contains(.earlyData) {
            core.reader.skipEarlyData(upTo: first.configuration.skippedEarlyDataLimit)
        }
        configuration = first.configuration
        retry = ClientHelloInProgress.Retry(
            firstHello: FirstClientHello(first.hello), parameters: parameters, group: group, selected: selected,
            cookie: retryRequest.cookie, transcript: transcript)
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.reader.stopSkippingEarlyData()
        let hello = try message.decode(as: ClientHello.self)
        // The client speaks next when it has our answer, and then under other keys: nothing may stand behind its hello.
        _ = try core.joiner.aligned()
        try HelloRetryRules.check(hello, against: retry.firstHello)
        try checkSelectedKey(hello)
        // RFC 9846 §4.3.2: "the client MUST copy the contents of the extension received in the HelloRetryRequest into a
        // "cookie" extension in the new ClientHello". When none was sent, none can come back.
        guard hello.cookie == retry.cookie else { throw .peerMisbehaved(.helloChanged(.cookie)) }
        return try ClientHelloInProgress(message, hello, configuration, retry: retry).selectPreSharedKey(&core)
    }

    /// RFC 9846 §4.2.2: the only keys that may be removed are those "which are incompatible with the server's indicated
    /// cipher suite", and one that is compatible had been found.
    private borrowing func checkSelectedKey(_ hello: ClientHello) throws(TLSError) {
        guard let selected = retry.selected else { return }
        guard hello.preSharedKeys != nil else { throw .peerMisbehaved(.missingExtension(.preSharedKey)) }
        guard HelloRetryRules.identities(hello).contains(retry.firstHello.identities[selected]) else {
            throw .peerMisbehaved(.helloChanged(.preSharedKey))
        }
    }
}
