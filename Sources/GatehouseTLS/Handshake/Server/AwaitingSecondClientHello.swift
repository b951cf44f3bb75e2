import GatehouseCrypto

/// Has sent a HelloRetryRequest; awaits the ClientHello with the share that was asked for.
struct AwaitingSecondClientHello: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    let firstHello: ClientHello
    let parameters: CipherSuiteParameters
    let group: NamedGroup
    var transcript: Transcript

    /// Answers a hello that has no share of a group that we would choose (RFC 9846 §4.2.4).
    init(
        answering message: ReceivedMessage, _ hello: ClientHello, _ negotiation: ServerNegotiation,
        group: NamedGroup, _ configuration: ServerConfiguration, _ core: inout ConnectionCore
    ) throws(TLSError) {
        self.configuration = configuration
        firstHello = hello
        parameters = negotiation.parameters
        self.group = group
        transcript = Transcript(parameters.hash, standingForFirst: message.bytes)
        var retry = ServerHello(
            random: ServerHello.retryRandom, legacySessionIDEcho: hello.legacySessionID,
            cipherSuite: parameters.suite)
        retry.extensions.order = [.keyShare, .supportedVersions]
        retry.keyShare = .selectedGroup(group)
        retry.selectedVersion = .tls13
        let bytes = retry.encoded()
        transcript.append(bytes)
        try core.send(bytes)
        if !hello.legacySessionID.isEmpty { core.writer.writeChangeCipherSpec(to: &core.output) }
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let hello = try message.decode(as: ClientHello.self)
        // The client speaks next when it has our answer, and then under other keys: nothing may stand behind its hello.
        _ = try core.joiner.aligned()
        try HelloRetryRules.check(hello, against: firstHello)
        // RFC 9846 §4.2.4: no cookie was sent, so none can come back.
        guard hello.cookie == nil else { throw .peerMisbehaved(.helloChanged(.cookie)) }
        let negotiation = try ServerNegotiation(hello, configuration)
        // §4.3.8: the client's share is now "a new KeyShareEntry for the group indicated in the selected_group field",
        // and only that.
        guard hello.keyShares?.count == 1, case .share(let share) = negotiation.keyShare, share.group == group else {
            throw .peerMisbehaved(.helloChanged(.keyShare))
        }
        transcript.append(message.bytes)
        return try ClientHelloAccepted(
            configuration: configuration, hello: hello, negotiation: negotiation, share: share,
            transcript: transcript, roundTrips: 2
        ).chooseCredential(&core)
    }
}
