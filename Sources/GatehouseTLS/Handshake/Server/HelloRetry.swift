import GatehouseCrypto

/// What a HelloRetryRequest has fixed.
struct HelloRetry: Sendable {
    let firstHello: FirstClientHello
    let parameters: CipherSuiteParameters
    let group: NamedGroup
    /// Which of the first hello's pre-shared keys could be used; it is one of `firstHello.identities`.
    let selected: Int?
    /// What has to come back.
    let cookie: [UInt8]?
    /// The first ClientHello's stand-in and the HelloRetryRequest.
    let transcript: Transcript

    /// - Parameters:
    ///   - firstHash: the hash of the first ClientHello.
    ///   - request: the HelloRetryRequest, encoded.
    init(
        _ firstHello: FirstClientHello, hash firstHash: [UInt8], _ parameters: CipherSuiteParameters,
        _ group: NamedGroup, selected: Int?, cookie: [UInt8]?, request: [UInt8]
    ) {
        self.firstHello = firstHello
        self.parameters = parameters
        self.group = group
        self.selected = selected
        self.cookie = cookie
        var transcript = Transcript(parameters.hash, standingForHash: firstHash)
        transcript.append(request)
        self.transcript = transcript
    }

    /// The HelloRetryRequest (RFC 9846 §4.2.4).
    static func request(
        echoing sessionID: [UInt8], _ parameters: CipherSuiteParameters, _ group: NamedGroup, cookie: [UInt8]?
    ) -> [UInt8] {
        var request = ServerHello(
            random: ServerHello.retryRandom, legacySessionIDEcho: sessionID, cipherSuite: parameters.suite)
        request.extensions.order =
            cookie == nil ? [.keyShare, .supportedVersions] : [.keyShare, .cookie, .supportedVersions]
        request.keyShare = .selectedGroup(group)
        request.cookie = cookie
        request.selectedVersion = .tls13
        return request.encoded()
    }

    /// What the second hello may not change.
    func check(_ hello: ClientHello) throws(TLSError) {
        try HelloRetryRules.check(hello, against: firstHello)
        try checkSelectedKey(hello)
        // RFC 9846 §4.3.2: "the client MUST copy the contents of the extension received in the HelloRetryRequest into a
        // "cookie" extension in the new ClientHello". When none was sent, none can come back.
        guard hello.cookie == cookie else { throw .peerMisbehaved(.helloChanged(.cookie)) }
    }

    /// RFC 9846 §4.2.2: the only keys that may be removed are those "which are incompatible with the server's indicated
    /// cipher suite", and one that is compatible had been found.
    private func checkSelectedKey(_ hello: ClientHello) throws(TLSError) {
        guard let selected, selected < firstHello.identities.count else { return }
        guard hello.preSharedKeys != nil else { throw .peerMisbehaved(.missingExtension(.preSharedKey)) }
        guard HelloRetryRules.identities(hello).contains(firstHello.identities[selected]) else {
            throw .peerMisbehaved(.helloChanged(.preSharedKey))
        }
    }
}

extension ConnectionCore {
    /// Sends a HelloRetryRequest in answer to `hello`.
    mutating func send(
        _ request: [UInt8], answering hello: ClientHello, _ configuration: ServerConfiguration
    ) throws(TLSError) {
        try send(request)
        if !hello.legacySessionID.isEmpty { writer.writeChangeCipherSpec(to: &output) }
        if hello.extensions.contains(.earlyData) { reader.skipEarlyData(upTo: configuration.skippedEarlyDataLimit) }
    }
}
