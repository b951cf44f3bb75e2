import GatehouseCrypto

extension ClientHelloInProgress {
    /// How the secret of the handshake comes about.
    enum KeyExchange: Sendable {
        case share(KeyShareEntry)
        case retry(NamedGroup)
        /// psk_ke: no key agreement, and so no forward secrecy.
        case preSharedKeyOnly
    }

    /// The key exchange with a pre-shared key; `nil` when neither side's modes allow one.
    func keyExchange() -> KeyExchange? {
        let modes = hello.pskKeyExchangeModes ?? []
        if modes.contains(.pskWithDHE) {
            switch negotiation.keyShare {
            case .share(let share): return .share(share)
            case .retry(let group): return .retry(group)
            case .impossible: break
            }
        }
        return modes.contains(.pskOnly) && configuration.allowsPSKOnlyKeyExchange ? .preSharedKeyOnly : nil
    }

    private func certificateKeyExchange() throws(TLSError) -> KeyExchange {
        guard !configuration.requiresPreSharedKey else { throw .peerIncompatible(.preSharedKeyRequired) }
        // RFC 9846 §9.2: a ClientHello without pre_shared_key "MUST contain both a "signature_algorithms" extension and
        // a "supported_groups" extension", else "missing_extension".
        guard hello.signatureAlgorithms != nil else {
            throw .peerMisbehaved(.missingExtension(.signatureAlgorithms))
        }
        switch negotiation.keyShare {
        case .share(let share): return .share(share)
        case .retry(let group): return .retry(group)
        case .impossible(let error): throw error
        }
    }

    /// Goes on to the key exchange: with a pre-shared key, or with a certificate.
    consuming func proceed(
        with selected: SelectedPreSharedKey?, proof: consuming PreSharedKeyAgreed? = nil,
        _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        let exchange = selected == nil ? try certificateKeyExchange() : keyExchange()
        let suites = negotiation.cipherSuites
        guard let exchange, let parameters = suites.first(where: { $0.hash == selected?.hash }) ?? suites.first else {
            throw .peerIncompatible(.noCommonCipherSuite)
        }
        core.reader.allowsChangeCipherSpec = true
        var share: KeyShareEntry?
        switch exchange {
        case .retry(let group):
            guard retry == nil else { throw .peerMisbehaved(.helloChanged(.keyShare)) }
            if let policy = configuration.statelessRetry {
                return .awaitingClientHelloWithCookie(
                    try AwaitingClientHelloWithCookie(
                        answering: self, policy, parameters, group, selected: selected?.index, &core))
            }
            return .awaitingSecondClientHello(
                try AwaitingSecondClientHello(
                    answering: self, parameters, group, selected: selected?.index, &core))
        case .share(let offered): share = offered
        case .preSharedKeyOnly: break
        }
        // RFC 9846 §4.2.2: after a HelloRetryRequest there is "a single KeyShareEntry from the indicated group".
        if let retry, hello.keyShares?.count != 1 || hello.keyShares?.first?.group != retry.group {
            throw .peerMisbehaved(.helloChanged(.keyShare))
        }
        var transcript = retry?.transcript ?? Transcript(parameters.hash)
        transcript.append(message.bytes)
        let accepted = ClientHelloAccepted(
            configuration: configuration, hello: hello, negotiation: negotiation, parameters: parameters,
            share: share, selected: selected, transcript: transcript, roundTrips: retry == nil ? 1 : 2)
        return try accepted.authenticate(with: proof, &core)
    }
}
