import GatehouseCertificates
import GatehouseCrypto

/// Has sent its ClientHello; awaits the ServerHello, or a HelloRetryRequest.
struct AwaitingServerHello: ~Copyable, Sendable {
    let offer: ClientOffer
    let key: EphemeralKey

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let answer = try message.decode(as: ServerHello.self)
        let parameters = try offer.check(answer)
        if answer.isRetryRequest {
            return .awaitingSecondServerHello(
                try AwaitingSecondServerHello(retrying: offer, key, message, answer, parameters, &core))
        }
        let transcript = Transcript(parameters.hash, startingWith: offer.helloBytes)
        return .awaitingEncryptedExtensions(
            try offer.accept(answer, parameters, message, transcript, key, roundTrips: 1, &core))
    }
}

/// What the client has said, against which answers are checked.
struct ClientOffer: Sendable {
    let configuration: ClientConfiguration
    let name: ReferenceName?
    var hello: ClientHello
    var helloBytes: [UInt8]

    /// What RFC 9846 §4.2.3 demands of a ServerHello and a HelloRetryRequest.
    func check(_ answer: ServerHello) throws(TLSError) -> CipherSuiteParameters {
        guard let version = answer.selectedVersion else { throw Self.olderVersion(answer) }
        // §4.3.1: "If the "supported_versions" extension in the ServerHello contains a version not offered by the
        // client or contains a version prior to TLS 1.3, the client MUST abort the handshake with an
        // "illegal_parameter" alert."
        guard version == .tls13 else { throw .peerMisbehaved(.versionNotOffered) }
        // "A client which receives a TLS 1.3 Server Hello with a legacy_version value not equal to 0x0303 MUST abort the
        // handshake with a "protocol_version" alert."
        guard answer.legacyVersion == .tls12 else { throw .peerMisbehaved(.wrongLegacyVersion) }
        // "A client which receives a legacy_session_id_echo field that does not match what it sent in the ClientHello
        // MUST abort the handshake with an "illegal_parameter" alert."
        guard answer.legacySessionIDEcho == hello.legacySessionID else {
            throw .peerMisbehaved(.sessionIDNotEchoed)
        }
        guard answer.legacyCompressionMethod == 0 else { throw .peerMisbehaved(.compressionOffered) }
        // "A client which receives a cipher suite that was not offered MUST abort the handshake with an
        // "illegal_parameter" alert."
        guard hello.cipherSuites.contains(answer.cipherSuite),
            let parameters = CipherSuiteParameters(answer.cipherSuite)
        else { throw .peerMisbehaved(.cipherSuiteNotOffered) }
        // §4.3: "Implementations MUST NOT send extension responses if the remote endpoint did not send the
        // corresponding extension requests, with the exception of the "cookie" extension in the HelloRetryRequest."
        try hello.checkAnswered(answer.extensions, except: answer.isRetryRequest ? .cookie : nil)
        return parameters
    }

    /// §4.2.3: "TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below MUST check that the last 8 bytes
    /// are not equal to either of these values", for then a TLS 1.3 server was talked down.
    private static func olderVersion(_ answer: ServerHello) -> TLSError {
        let downgrade = Array("DOWNGRD".utf8)
        let isTold = answer.random.dropLast().suffix(7).elementsEqual(downgrade) && (answer.random.last ?? 255) <= 1
        return isTold ? .peerMisbehaved(.downgrade) : .peerIncompatible(.noCommonVersion)
    }

    /// Takes the keys of the handshake.
    func accept(
        _ answer: ServerHello, _ parameters: CipherSuiteParameters, _ message: ReceivedMessage,
        _ earlier: Transcript, _ key: consuming EphemeralKey, roundTrips: Int, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingEncryptedExtensions {
        guard case .share(let share) = answer.keyShare else { throw .peerMisbehaved(.missingExtension(.keyShare)) }
        // RFC 9846 §4.3.8: the server's share "MUST be in the same group" as the client's share that it chose.
        guard share.group == key.group else { throw .peerMisbehaved(.keyShareForUnofferedGroup) }
        var session = NegotiatedSession(cipherSuite: parameters.suite)
        session.group = share.group
        session.serverName = hello.serverName.map { String(decoding: $0, as: UTF8.self) }
        session.roundTrips = roundTrips
        core.session = session

        var transcript = earlier
        transcript.append(message.bytes)
        let helloHash = transcript.hash
        let handshakeSecret = HandshakeSecret.withoutPreSharedKey(
            parameters.hash, try key.sharedSecret(withPeers: share))
        let clientHandshakeTraffic = handshakeSecret.clientTraffic(helloHash)
        let serverHandshakeTraffic = handshakeSecret.serverTraffic(helloHash)
        core.keyLog.add(.clientHandshakeTraffic, hello.random, clientHandshakeTraffic)
        core.keyLog.add(.serverHandshakeTraffic, hello.random, serverHandshakeTraffic)
        core.reader.install(try serverHandshakeTraffic.opener(parameters.aead), try core.joiner.aligned())
        // §E.4: "If not offering early data, the client sends a dummy change_cipher_spec record immediately before its
        // second flight." After a HelloRetryRequest that was the second ClientHello.
        if roundTrips == 1, !hello.legacySessionID.isEmpty { core.writer.writeChangeCipherSpec(to: &core.output) }
        core.writer.install(try clientHandshakeTraffic.sealer(parameters.aead))
        return AwaitingEncryptedExtensions(
            agreement: ClientAgreement(
                configuration: configuration, name: name, hello: hello, parameters: parameters,
                transcript: transcript, handshakeSecret: handshakeSecret,
                clientHandshakeTraffic: clientHandshakeTraffic, serverHandshakeTraffic: serverHandshakeTraffic))
    }
}

extension ClientHello {
    /// RFC 9846 §4.3: "Upon receiving such an extension, an endpoint MUST abort the handshake with an
    /// "unsupported_extension" alert."
    func checkAnswered(_ block: ExtensionBlock, except: ExtensionType? = nil) throws(TLSError) {
        for type in block.order where type != except && !extensions.contains(type) {
            throw .peerMisbehaved(.unsolicitedExtension(type))
        }
    }
}
