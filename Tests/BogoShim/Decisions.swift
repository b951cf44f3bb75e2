import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

/// A ticket that shows changes and keeps nothing secret: between the runner and the shim there is nothing to keep.
enum PlainTicket {
    static func make(_ session: [UInt8]) -> [UInt8] {
        session + Hasher.hash(.sha256, session.span)
    }

    /// `nil` for a ticket that was changed.
    static func session(_ ticket: [UInt8]) -> [UInt8]? {
        let session = Array(ticket.dropLast(HashAlgorithm.sha256.digestLength))
        return make(session) == ticket ? session : nil
    }
}

/// Answers what a connection asks for, as the flags want it.
struct Decisions {
    /// Those for the retry, once early data was rejected.
    var options: Options
    /// Whether the peer's certificates were there to be judged.
    private(set) var hasJudgedPeer = false
    /// Where the credential that was chosen stands on the command line.
    private(set) var chosenCredential = -1

    init(options: Options) {
        self.options = options
    }

    mutating func decide(_ need: Need) throws(ShimError) -> Decision {
        switch need {
        case .credential(let hello): return try chooseCredential(hello)
        case .clientCredential(let request): return try chooseCredential(request)
        case .peerVerdict(let peer):
            guard !hasJudgedPeer else { throw .unexpected("the peer's certificates are to be judged twice") }
            hasJudgedPeer = true
            return verdict(on: peer)
        case .ticketOpening where options.failsHelloFilter: return .reject(.internalError)
        // With -skip-ticket the callback does neither.
        case .ticketSealing where options.skipsTickets: return .sealedTickets([])
        case .ticketOpening where options.skipsTickets: return .openedTickets([])
        case .ticketSealing(let sessions): return .sealedTickets(sessions.map(PlainTicket.make))
        case .ticketOpening(let tickets): return .openedTickets(tickets.map(PlainTicket.session))
        case .preSharedKey, .signature: throw .unexpected("a decision that is not asked for")
        }
    }

    /// The alerts are BoringSSL's for its two kinds of callback; RFC 9846 §4.5.2.4 leaves the choice to the receiver.
    private func verdict(on peer: PeerCertificates) -> Decision {
        // A client with pre-shared keys that is not told to verify servers wants no other server.
        let kinds = options.furtherCredentials.map(\.kind)
        if kinds.contains(.preSharedKey), !options.isServer, !options.verifiesPeer { return .reject(.missingExtension) }
        if options.looksAtStaple, options.failsStaple { return .reject(.badCertificateStatusResponse) }
        // A raw public key is judged in any case: there is nothing else to go by.
        let isJudged = options.verifiesPeer || options.requiresClientCertificate || peer.rawPublicKey != nil
        guard options.failsVerification, isJudged else { return .accept }
        return .reject(options.usesCustomVerification ? .certificateUnknown : .handshakeFailure)
    }

    private mutating func chooseCredential(_ hello: ClientHelloInfo) throws(ShimError) -> Decision {
        if let expected = options.expectedAdvertisedProtocols {
            var offered: [UInt8] = []
            for name in hello.applicationProtocols {
                offered.append(UInt8(truncatingIfNeeded: name.count))
                offered += name
            }
            guard offered == Array(expected.utf8) else { throw .unexpected("other application protocols are offered") }
        }
        try checkPreferences(hello.signatureSchemes)
        if options.refusesHello { return .reject(.handshakeFailure) }
        if options.failsHelloFilter || options.failsCredentialChoice { return .reject(.internalError) }
        guard
            let chosen = try options.credentials().first(where: {
                $0.fits(hello.certificateTypes, hello.signatureSchemes, hello.certificateAuthorities)
            })
        else {
            return .reject(.handshakeFailure)
        }
        chosenCredential = chosen.number
        if options.looksAtStaple, options.failsStaple { return .reject(.internalError) }
        var credential = chosen.credential
        if options.looksAtStaple, options.declinesStaple { credential.ocspResponse = nil }
        return .credential(credential)
    }

    private mutating func chooseCredential(_ request: CertificateRequestInfo) throws(ShimError) -> Decision {
        try checkPreferences(request.signatureSchemes)
        if let expected = options.expectedAuthorities {
            guard try distinguishedNames(expected) == request.certificateAuthorities else {
                throw .unexpected("other authorities are named")
            }
        }
        if options.failsCredentialChoice { return .reject(.internalError) }
        let credentials = try options.credentials()
        guard !credentials.isEmpty else { return .clientCredential(nil) }
        // BoringSSL ends the handshake here instead of showing no certificate; an application may.
        guard
            let chosen = credentials.first(where: {
                $0.fits([request.certificateType], request.signatureSchemes, request.certificateAuthorities)
            })
        else { return .reject(.handshakeFailure) }
        chosenCredential = chosen.number
        return .clientCredential(chosen.credential)
    }

    private func checkPreferences(_ offered: [SignatureScheme]) throws(ShimError) {
        let expected = try schemes(options.expectedPeerPreferences)
        guard expected.isEmpty || expected == offered else {
            throw .unexpected("other signature schemes are accepted: \(offered)")
        }
    }
}
