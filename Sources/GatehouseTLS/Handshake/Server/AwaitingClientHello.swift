/// Awaits the ClientHello.
struct AwaitingClientHello: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    let peerAddress: [UInt8]

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.reader.stopSkippingEarlyData()
        let hello = try message.decode(as: ClientHello.self)
        // The client speaks next when it has our answer, and then under other keys: nothing may stand behind its hello.
        _ = try core.joiner.aligned()
        return try ClientHelloInProgress(
            message, hello, configuration, peerAddress: peerAddress, retry: try retry(hello, now: core.now)
        ).selectPreSharedKey(&core)
    }

    /// What an earlier HelloRetryRequest has fixed, if the hello brings its cookie.
    private borrowing func retry(_ hello: ClientHello, now: Int64) throws(TLSError) -> HelloRetry? {
        guard let cookie = hello.cookie else { return nil }
        // RFC 9846 §4.3.2: "Clients MUST NOT use cookies in their initial ClientHello in subsequent connections."
        guard let policy = configuration.statelessRetry else { throw .peerMisbehaved(.unsolicitedCookie) }
        let retry = try RetryCookie.open(cookie, in: hello, policy, peerAddress, now: now)
        try retry.check(hello)
        return retry
    }
}
