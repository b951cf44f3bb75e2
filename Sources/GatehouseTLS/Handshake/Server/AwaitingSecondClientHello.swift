import GatehouseCrypto

/// Has sent a HelloRetryRequest; awaits the ClientHello with the share that was asked for.
struct AwaitingSecondClientHello: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    let retry: HelloRetry

    /// Answers a hello that has no share of a group that we would choose (RFC 9846 §4.2.4).
    init(
        answering first: borrowing ClientHelloInProgress, _ parameters: CipherSuiteParameters, _ group: NamedGroup,
        selected: Int?, _ core: inout ConnectionCore
    ) throws(TLSError) {
        let cookie = core.replay?.cookie
        let request = HelloRetry.request(echoing: first.hello.legacySessionID, parameters, group, cookie: cookie)
        try core.send(request, answering: first.hello, first.configuration)
        configuration = first.configuration
        retry = HelloRetry(
            FirstClientHello(first.hello), hash: Hasher.hash(parameters.hash, first.message.bytes.span), parameters,
            group, selected: selected, cookie: cookie, request: request)
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.reader.stopSkippingEarlyData()
        let hello = try message.decode(as: ClientHello.self)
        // The client speaks next when it has our answer, and then under other keys: nothing may stand behind its hello.
        _ = try core.joiner.aligned()
        try retry.check(hello)
        return try ClientHelloInProgress(message, hello, configuration, retry: retry).selectPreSharedKey(&core)
    }
}
