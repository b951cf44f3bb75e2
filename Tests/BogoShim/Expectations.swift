import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// What must have come of the handshake.
struct Expectations {
    let options: Options
    /// The connection that this one resumes; `nil` for the first one.
    let predecessor: Predecessor?
    let decisions: Decisions

    func check(_ session: NegotiatedSession?) throws(ShimError) {
        guard let session else { throw .unexpected("no session after the handshake") }
        try checkParameters(session)
        try checkPeer(session)
        try checkResumption(session)
    }

    private func checkParameters(_ session: NegotiatedSession) throws(ShimError) {
        try check("the group", Int(session.group?.rawValue ?? 0), options.expectedGroup)
        try check("the cipher suite", Int(session.cipherSuite.rawValue), options.expectedCipherSuite)
        try check("the cipher suite", Int(session.cipherSuite.rawValue), options.expectedCipherSuiteWithAES)
        try check("the server name", session.serverName ?? "", options.expectedServerName)
        let expectedProtocol = options.isServer ? options.selectedProtocol : options.expectedProtocol
        try check("the application protocol", session.applicationProtocol ?? "", expectedProtocol ?? "")
        if options.expectsRetry { try check("round trips", session.roundTrips, 2) }
        if options.expectsNoRetry { try check("round trips", session.roundTrips, 1) }
        if let expected = options.expectedCredential {
            let key = session.preSharedKeyIdentity
            let number = if let key { try options.number(ofKey: key) } else { decisions.chosenCredential as Int? }
            try check("the credential", number, expected)
        }
    }

    private func checkPeer(_ session: NegotiatedSession) throws(ShimError) {
        // A handshake that resumes a session has no signature.
        let scheme = Int(session.peerSignatureScheme?.rawValue ?? 0)
        try check("the peer's scheme", scheme, session.isResumed ? 0 : options.expectedPeerScheme)
        let chain = session.peerCertificates
        if options.expectsNoPeerCertificate || session.preSharedKeyIdentity != nil {
            try check("the peer's certificates", chain.count, 0)
            try check("the peer's raw public key", session.peerRawPublicKey, .none)
        } else if options.expectsFingerprint {
            try check("the peer's certificates", chain.count, 0)
            try check("the length of the fingerprint", session.peerCertificateFingerprint?.count, 32)
        } else if !options.isServer || options.requiresClientCertificate {
            guard !chain.isEmpty || session.peerRawPublicKey != nil else {
                throw .unexpected("no certificate of the peer's")
            }
        }
        let type = session.peerRawPublicKey == nil ? CertificateType.x509 : .rawPublicKey
        try check("the type of the peer's certificate", Int(type.rawValue), options.expectedPeerCertificateType)
        if !options.expectedPeerKeyHash.isEmpty {
            let hash = session.peerRawPublicKey.map { Hasher.hash(.sha256, $0.der.span) }
            try check("the hash of the peer's key", hash, options.expectedPeerKeyHash)
        }
        if let file = options.expectedPeerCertificateFile {
            do {
                try check("the peer's certificates", chain, Certificate.certificates(pem: FileSystem.read(file)))
            } catch {
                throw .unexpected("\(file): \(error)")
            }
        }
        // What is stapled to a certificate is not kept with the session.
        if !session.isResumed, !options.expectedStaple.isEmpty {
            try check("the stapled response", session.peerOCSPResponse ?? [], options.expectedStaple)
        }
        if !session.isResumed, !options.expectedTimestamps.isEmpty {
            try check("the timestamps", session.peerSignedCertificateTimestamps ?? [], options.expectedTimestamps)
        }
        if options.expectsVerificationResult, !session.isResumed || options.verifiesOnResumption {
            let isShown = !chain.isEmpty || session.peerRawPublicKey != nil
            try check("the peer's certificates are judged", decisions.hasJudgedPeer, isShown)
        }
    }

    private func checkResumption(_ session: NegotiatedSession) throws(ShimError) {
        try check("the session is resumed", session.isResumed, predecessor != nil && !options.expectsSessionMiss)
        let skew = Int(session.ticketAgeSkew ?? 0)
        if predecessor != nil { try check("the skew of the ticket's age", skew, options.expectedTicketAgeSkew) }
        if options.expectsAcceptedEarlyData { try check("early data is taken", session.isEarlyDataAccepted, true) }
        if options.expectsRejectedEarlyData { try check("early data is taken", session.isEarlyDataAccepted, false) }
        switch options.expectedEarlyDataReason {
        case "accept": try check("early data is taken", session.isEarlyDataAccepted, true)
        case nil: break
        case .some: try check("early data is taken", session.isEarlyDataAccepted, false)
        }
        switch options.expectedEarlyDataReason {
        case "session_not_resumed": try check("the session is resumed", session.isResumed, false)
        case "hello_retry_request": try check("round trips", session.roundTrips, 2)
        case "disabled": try check("early data is switched on", options.offersEarlyData, false)
        case "no_session_offered": try check("a session is offered", predecessor == nil, true)
        case "ticket_age_skew":
            try check("the ticket's age is off", abs(skew) > Options.boringSSLAgeTolerance, true)
        case "alpn_mismatch":
            let isSame = predecessor?.applicationProtocol == session.applicationProtocol
            try check("the application protocol is the same", isSame, false)
        case "unsupported_for_session":
            try check("the session allows early data", predecessor?.allowsEarlyData, false)
        default: break
        }
    }

    private func check<Value: Equatable>(_ what: String, _ value: Value, _ expected: Value?) throws(ShimError) {
        guard let expected else { return }
        guard value == expected else { throw .unexpected("\(what): \(value) instead of \(expected)") }
    }
}

/// The messages that early data can be told to follow, by their HandshakeType (RFC 9846 §4).
enum EarlyWriteMessage {
    static let serverHello = 2
    static let encryptedExtensions = 8
}

extension Options {
    /// Refuses what cannot be told from what the engine reports.
    func checkEarlyData() throws(ShimError) {
        if let type = earlyWriteMessage {
            guard [EarlyWriteMessage.serverHello, EarlyWriteMessage.encryptedExtensions].contains(type) else {
                throw .notImplemented("early data after message \(type)")
            }
        }
        switch expectedEarlyDataReason {
        case nil, "accept", "disabled", "session_not_resumed", "hello_retry_request", "no_session_offered",
            "ticket_age_skew", "alpn_mismatch", "unsupported_for_session":
            break
        case let reason?: throw .notImplemented("-expect-early-data-reason \(reason)")
        }
    }
}
