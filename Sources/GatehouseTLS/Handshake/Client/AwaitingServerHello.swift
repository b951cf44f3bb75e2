import GatehouseCertificates
import GatehouseCrypto

/// Has sent its ClientHello; awaits the ServerHello, or a HelloRetryRequest.
struct AwaitingServerHello: ~Copyable, Sendable {
    let offer: ClientOffer
    let shares: OfferedShares

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let answer = try message.decode(as: ServerHello.self)
        let parameters = try offer.check(answer)
        if answer.isRetryRequest {
            return .awaitingSecondServerHello(
                try AwaitingSecondServerHello(retrying: offer, shares, message, answer, parameters, &core))
        }
        let transcript = Transcript(parameters.hash, startingWith: offer.helloBytes)
        return .awaitingEncryptedExtensions(
            try offer.accept(answer, parameters, message, transcript, shares, roundTrips: 1, &core))
    }
}

extension ClientOffer {
    /// Takes the keys of the handshake.
    consuming func accept(
        _ answer: ServerHello, _ parameters: CipherSuiteParameters, _ message: ReceivedMessage,
        _ earlier: Transcript, _ shares: consuming OfferedShares, roundTrips: Int, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingEncryptedExtensions {
        let selected = try selectedKey(answer, parameters)
        core.session = negotiatedSession(answer, parameters, selected, roundTrips)
        let sharedSecret = try sharedSecret(answer, selected, parameters.hash, shares)
        var transcript = earlier
        transcript.append(message.bytes)
        let helloHash = transcript.hash
        let handshakeSecret = HandshakeSecret(parameters.hash, preSharedKey: selected?.secret, sharedSecret)
        let clientHandshakeTraffic = handshakeSecret.clientTraffic(helloHash)
        let serverHandshakeTraffic = handshakeSecret.serverTraffic(helloHash)
        core.keyLog.add(.clientHandshakeTraffic, hello.random, clientHandshakeTraffic)
        core.keyLog.add(.serverHandshakeTraffic, hello.random, serverHandshakeTraffic)
        core.reader.install(try serverHandshakeTraffic.opener(parameters.aead), try core.joiner.aligned())
        // With early data the key for writing changes later: what is on its way may still be taken.
        if earlySession == nil {
            // §E.4: "If not offering early data, the client sends a dummy change_cipher_spec record immediately before
            // its second flight." After a HelloRetryRequest that was the second ClientHello.
            if roundTrips == 1, !hello.legacySessionID.isEmpty { core.writer.writeChangeCipherSpec(to: &core.output) }
            core.writer.install(try clientHandshakeTraffic.sealer(parameters.aead))
        }
        return AwaitingEncryptedExtensions(
            agreement: ClientAgreement(
                offer: self, parameters: parameters, selected: selected, transcript: transcript,
                handshakeSecret: handshakeSecret, clientHandshakeTraffic: clientHandshakeTraffic,
                serverHandshakeTraffic: serverHandshakeTraffic))
    }

    /// RFC 9846 §4.3.11: "Clients MUST verify that the server's selected_identity is within the range supplied by the
    /// client, that the server selected a cipher suite indicating a Hash associated with the PSK, and that a server
    /// "key_share" extension is present if required by the ClientHello "psk_key_exchange_modes" extension. If these
    /// values are not consistent, the client MUST abort the handshake with an "illegal_parameter" alert."
    private func selectedKey(
        _ answer: ServerHello, _ parameters: CipherSuiteParameters
    ) throws(TLSError) -> OfferedKey? {
        guard let index = answer.selectedIdentity.map(Int.init) else { return nil }
        guard index < keys.count, keys[index].hash == parameters.hash,
            answer.keyShare != nil || configuration.allowsPSKOnlyKeyExchange
        else { throw .peerMisbehaved(.preSharedKeyNotOffered) }
        return keys[index]
    }

    private func sharedSecret(
        _ answer: ServerHello, _ selected: OfferedKey?, _ hash: HashAlgorithm, _ shares: consuming OfferedShares
    ) throws(TLSError) -> Secret {
        guard case .share(let share) = answer.keyShare else {
            guard selected != nil else { throw .peerMisbehaved(.missingExtension(.keyShare)) }
            return Secret(zeros: hash.digestLength)
        }
        // RFC 9846 §4.3.8: the server's share "MUST be in the same group" as the client's share that it chose.
        guard let key = shares.key(of: share.group) else { throw .peerMisbehaved(.keyShareForUnofferedGroup) }
        return try key.sharedSecret(withPeers: share)
    }

    private func negotiatedSession(
        _ answer: ServerHello, _ parameters: CipherSuiteParameters, _ selected: OfferedKey?, _ roundTrips: Int
    ) -> NegotiatedSession {
        var session = NegotiatedSession(cipherSuite: parameters.suite)
        if case .share(let share) = answer.keyShare { session.group = share.group }
        session.serverName = hello.serverName.map { String(decoding: $0, as: UTF8.self) }
        session.roundTrips = roundTrips
        if let earlier = selected?.session {
            session.isResumed = true
            session.peer = earlier.state.peer
            session.isPeerVerified = !earlier.state.peer.isEmpty
        } else if let selected {
            session.preSharedKeyIdentity = selected.identity.identity
        }
        return session
    }
}
