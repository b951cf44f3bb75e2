import GatehouseCrypto

/// Has sent a HelloRetryRequest with a cookie, and kept nothing; awaits the ClientHello that brings the cookie back.
///
/// It need not be this connection that the hello comes to: one that awaits its first takes it as well.
struct AwaitingClientHelloWithCookie: ~Copyable, Sendable {
    private let first: AwaitingClientHello

    /// Answers a hello that has no share of a group that we would choose (RFC 9846 §4.2.4).
    init(
        answering hello: borrowing ClientHelloInProgress, _ policy: StatelessRetry, _ parameters: CipherSuiteParameters,
        _ group: NamedGroup, selected: Int?, _ core: inout ConnectionCore
    ) throws(TLSError) {
        let cookie = try RetryCookie(answering: hello, parameters, group, selected: selected, now: core.now)
            .sealed(policy, hello.peerAddress)
        let sessionID = hello.hello.legacySessionID
        try core.send(
            HelloRetry.request(echoing: sessionID, parameters, group, cookie: cookie), answering: hello.hello,
            hello.configuration)
        first = AwaitingClientHello(configuration: hello.configuration, peerAddress: hello.peerAddress)
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        // RFC 9846 §4.2.2: the second hello has "a "cookie" extension if one was provided in the HelloRetryRequest".
        guard try message.decode(as: ClientHello.self).cookie != nil else {
            throw .peerMisbehaved(.missingExtension(.cookie))
        }
        return try first.handle(message, &core)
    }
}
