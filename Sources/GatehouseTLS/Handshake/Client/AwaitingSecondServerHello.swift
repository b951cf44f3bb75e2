import GatehouseCrypto

/// Has answered a HelloRetryRequest with a second ClientHello; awaits the ServerHello.
struct AwaitingSecondServerHello: ~Copyable, Sendable {
    let offer: ClientOffer
    let shares: OfferedShares
    let parameters: CipherSuiteParameters
    let transcript: Transcript

    init(
        retrying firstOffer: consuming ClientOffer, _ firstShares: consuming OfferedShares, _ message: ReceivedMessage,
        _ retry: ServerHello, _ parameters: CipherSuiteParameters, _ core: inout ConnectionCore
    ) throws(TLSError) {
        // RFC 9846 §4.2.4: "Clients MUST abort the handshake with an "illegal_parameter" alert if the
        // HelloRetryRequest would not result in any change in the ClientHello."
        guard retry.keyShare != nil || retry.cookie != nil else { throw .peerMisbehaved(.needlessRetry) }
        var shares = firstShares
        var offer = firstOffer
        if case .selectedGroup(let group) = retry.keyShare {
            // §4.3.8: "clients MUST verify that (1) the selected_group field corresponds to a group which was provided
            // in the "supported_groups" extension in the original ClientHello and (2) the selected_group field does
            // not correspond to a group which was provided in the "key_share" extension in the original ClientHello."
            guard offer.configuration.groups.contains(group) else {
                throw .peerMisbehaved(.keyShareForUnofferedGroup)
            }
            guard !shares.contains(group) else { throw .peerMisbehaved(.needlessRetry) }
            shares = try OfferedShares([group], core)
            offer.hello.keyShares = shares.entries
        }
        if let cookie = retry.cookie {
            offer.hello.cookie = cookie
            offer.hello.extensions.order.append(.cookie)
        }
        core.replay?.layOut(&offer.hello)
        let hadEarlyData = offer.earlySession != nil
        var transcript = Transcript(parameters.hash, standingForFirst: offer.helloBytes)
        transcript.append(message.bytes)
        offer.retry(parameters, after: transcript, &core)
        // A cookie may be as long as a hello may be altogether (§4.3.2: "opaque cookie<1..2^16-1>").
        guard offer.helloBytes.count <= Limits.handshakeMessage else { throw .invalidMessage(.messageTooLarge) }
        transcript.append(offer.helloBytes)
        _ = try core.joiner.aligned()
        if !offer.hello.legacySessionID.isEmpty, !hadEarlyData {
            core.writer.writeChangeCipherSpec(to: &core.output)
        }
        try core.send(offer.helloBytes)
        self.offer = offer
        self.shares = shares
        self.parameters = parameters
        self.transcript = transcript
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingEncryptedExtensions {
        let answer = try message.decode(as: ServerHello.self)
        // RFC 9846 §4.2.4: "If a client receives a second HelloRetryRequest in the same connection (i.e., where the
        // ClientHello was itself in response to a HelloRetryRequest), it MUST abort the handshake with an
        // "unexpected_message" alert."
        guard !answer.isRetryRequest else { throw .peerMisbehaved(.secondRetry) }
        // §4.2.4: "Upon receiving the ServerHello, clients MUST check that the cipher suite supplied in the
        // ServerHello is the same as that in the HelloRetryRequest and otherwise abort the handshake with an
        // "illegal_parameter" alert."
        guard try offer.check(answer) == parameters else { throw .peerMisbehaved(.retryNotKept) }
        return try offer.accept(answer, parameters, message, transcript, shares, roundTrips: 2, &core)
    }
}

extension ClientOffer {
    /// What RFC 9846 §4.2.2 changes in the second hello: no early data, and only keys that fit the chosen suite, with
    /// new binders.
    fileprivate mutating func retry(
        _ parameters: CipherSuiteParameters, after earlier: Transcript, _ core: inout ConnectionCore
    ) {
        if earlySession != nil {
            hello.extensions.order.removeAll { $0 == .earlyData }
            endEarlyData()
            core.writer.removeKey()
            core.rejectSentEarlyData()
        }
        keys.removeAll { $0.hash != parameters.hash }
        addPreSharedKeys(after: earlier)
    }
}
