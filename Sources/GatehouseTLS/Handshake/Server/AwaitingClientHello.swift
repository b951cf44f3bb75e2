/// Awaits the ClientHello.
struct AwaitingClientHello: ~Copyable, Sendable {
    let configuration: ServerConfiguration

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let hello = try message.decode(as: ClientHello.self)
        // The client speaks next when it has our answer, and then under other keys: nothing may stand behind its hello.
        _ = try core.joiner.aligned()
        // RFC 9846 §4.3.2: "Clients MUST NOT use cookies in their initial ClientHello in subsequent connections."
        guard hello.cookie == nil else { throw .peerMisbehaved(.unsolicitedCookie) }
        return try ClientHelloInProgress(message, hello, configuration, retry: nil).selectPreSharedKey(&core)
    }
}
