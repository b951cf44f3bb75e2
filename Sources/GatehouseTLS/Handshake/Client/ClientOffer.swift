import GatehouseCertificates
import GatehouseCrypto

/// What the client has said, against which answers are checked.
struct ClientOffer: ~Copyable, Sendable {
    let configuration: ClientConfiguration
    let name: ReferenceName?
    var hello: ClientHello
    var keys: [OfferedKey]
    private(set) var helloBytes: [UInt8] = []
    /// Whether something in the hello is longer than it may be, or empty where it may not be.
    private(set) var isHelloOutOfBounds = false
    /// The session that early data was sent with.
    private(set) var earlySession: ClientSession?

    init(configuration: ClientConfiguration, name: ReferenceName?, hello: ClientHello, keys: [OfferedKey]) {
        self.configuration = configuration
        self.name = name
        self.hello = hello
        self.keys = keys
    }

    /// Ends the hello with the keys and their binders, each over all that stands before the binders
    /// (RFC 9846 §4.3.11.2).
    ///
    /// - Parameter earlier: after a HelloRetryRequest, the messages before this hello.
    mutating func addPreSharedKeys(after earlier: Transcript?) {
        hello.extensions.order.removeAll { $0 == .preSharedKey }
        hello.preSharedKeys = nil
        defer { encodeHello() }
        guard !keys.isEmpty else { return }
        hello.extensions.order.append(.preSharedKey)
        var offered = OfferedPSKs(
            identities: keys.map(\.identity),
            binders: keys.map { [UInt8](repeating: 0, count: $0.hash.digestLength) })
        hello.preSharedKeys = offered
        let truncated = hello.encoded().dropLast(offered.bindersLength)
        offered.binders = keys.map { key in
            PreSharedKeyBinder.binder(key.secret, key.origin, key.hash, after: earlier, truncated)
        }
        hello.preSharedKeys = offered
    }

    private mutating func encodeHello() {
        var writer = ByteWriter()
        hello.encode(to: &writer)
        helloBytes = writer.bytes
        isHelloOutOfBounds = writer.isOutOfBounds
    }

    /// Takes the key of early data (RFC 9846 §4.3.10).
    mutating func beginEarlyData(_ session: ClientSession, _ core: inout ConnectionCore) throws(TLSError) {
        guard let parameters = CipherSuiteParameters(session.state.cipherSuite) else { return }
        // §E.4: "If offering early data, the record is placed immediately after the first ClientHello."
        if !hello.legacySessionID.isEmpty { core.writer.writeChangeCipherSpec(to: &core.output) }
        let transcript = Transcript(parameters.hash, startingWith: helloBytes)
        let earlySecret = session.state.preSharedKey.earlySecret(parameters.hash)
        let traffic = earlySecret.clientTraffic(transcript.hash)
        core.keyLog.add(.clientEarlyTraffic, hello.random, traffic)
        core.writer.install(try traffic.sealer(parameters.aead))
        let exporter = earlySecret.exporter(transcript.hash)
        core.keyLog.add(.earlyExporter, hello.random, exporter)
        core.beginSendingEarlyData(
            limit: session.state.maxEarlyDataSize, exporter: ScheduleSecret(parameters.hash, exporter))
        earlySession = session
    }

    mutating func endEarlyData() {
        earlySession = nil
    }

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
}

extension ClientHello {
    /// RFC 9846 §4.3: "Upon receiving such an extension, an endpoint MUST abort the handshake with an
    /// "unsupported_extension" alert."
    func checkAnswered(_ block: ExtensionBlock, except: ExtensionType? = nil) throws(TLSError) {
        // What is not known here is not answered: it can only have been offered as GREASE (RFC 8701 §3.1).
        for type in block.order where type != except && !(type.contexts != nil && extensions.contains(type)) {
            throw .peerMisbehaved(.unsolicitedExtension(type))
        }
    }
}
