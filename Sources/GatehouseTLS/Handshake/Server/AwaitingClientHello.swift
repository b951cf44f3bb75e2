import GatehouseCrypto

/// Awaits the ClientHello and negotiates.
struct AwaitingClientHello: ~Copyable, Sendable {
    let configuration: ServerConfiguration

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let hello = try message.decode(as: ClientHello.self)
        // The client speaks next when it has our answer, and then under other keys: nothing may stand behind its hello.
        _ = try core.joiner.aligned()
        let negotiation = try ServerNegotiation(hello, configuration)
        // RFC 9846 §4.3.2: "Clients MUST NOT use cookies in their initial ClientHello in subsequent connections."
        guard hello.cookie == nil else { throw .peerMisbehaved(.unsolicitedCookie) }
        core.reader.allowsChangeCipherSpec = true
        switch negotiation.keyShare {
        case .share(let share):
            return try ClientHelloAccepted(
                configuration: configuration, hello: hello, negotiation: negotiation, share: share,
                transcript: Transcript(negotiation.parameters.hash, startingWith: message.bytes), roundTrips: 1
            ).chooseCredential(&core)
        case .retry(let group):
            return .awaitingSecondClientHello(
                try AwaitingSecondClientHello(
                    answering: message, hello, negotiation, group: group, configuration, &core))
        }
    }
}
