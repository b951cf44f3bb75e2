import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// Answers what a connection asks for, as the flags want it.
struct Decisions {
    let options: Options
    /// Whether the peer's certificates were there to be judged.
    private(set) var hasJudgedPeer = false

    init(options: Options) {
        self.options = options
    }

    mutating func decide(_ need: Need) throws(ShimError) -> Decision {
        switch need {
        case .credential(let hello): return try chooseCredential(hello)
        case .peerVerdict:
            guard !hasJudgedPeer else { throw .unexpected("the peer's certificates are to be judged twice") }
            hasJudgedPeer = true
            return verdict
        case .preSharedKey, .signature, .clientCredential: throw .unexpected("a decision that no flag asks for")
        }
    }

    /// The alerts are BoringSSL's for its two kinds of callback; RFC 9846 §4.5.2.4 leaves the choice to the receiver.
    private var verdict: Decision {
        guard options.failsVerification, options.verifiesPeer || options.requiresClientCertificate else {
            return .accept
        }
        return .reject(options.usesCustomVerification ? .certificateUnknown : .handshakeFailure)
    }

    private func chooseCredential(_ hello: ClientHelloInfo) throws(ShimError) -> Decision {
        if let expected = options.expectedAdvertisedProtocols {
            var offered: [UInt8] = []
            for name in hello.applicationProtocols {
                offered.append(UInt8(truncatingIfNeeded: name.count))
                offered += name
            }
            guard offered == Array(expected.utf8) else { throw .unexpected("other application protocols are offered") }
        }
        if options.refusesHello { return .reject(.handshakeFailure) }
        if options.failsHelloFilter || options.failsCredentialChoice { return .reject(.internalError) }
        for credential in try options.credentials() where credential.canSign(for: hello.signatureSchemes) {
            return .credential(credential)
        }
        return .reject(.handshakeFailure)
    }
}

extension Credential {
    fileprivate func canSign(for schemes: [SignatureScheme]) -> Bool {
        signatureSchemes.contains(where: schemes.contains)
    }
}
