import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// What must have come of the handshake.
struct Expectations {
    let options: Options
    let decisions: Decisions

    func check(_ session: NegotiatedSession?) throws(ShimError) {
        guard let session else { throw .unexpected("no session after the handshake") }
        try checkParameters(session)
        try checkPeer(session)
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
    }

    private func checkPeer(_ session: NegotiatedSession) throws(ShimError) {
        try check("the peer's scheme", Int(session.signatureScheme?.rawValue ?? 0), options.expectedPeerScheme)
        let chain = session.peerCertificates
        if options.expectsNoPeerCertificate || options.isServer && !options.requiresClientCertificate {
            if options.expectsNoPeerCertificate { try check("the peer's certificates", chain.count, 0) }
        } else {
            guard !chain.isEmpty else { throw .unexpected("no certificate of the peer's") }
        }
        if let file = options.expectedPeerCertificateFile {
            do {
                try check("the peer's certificates", chain, Certificate.certificates(pem: FileSystem.read(file)))
            } catch {
                throw .unexpected("\(file): \(error)")
            }
        }
        if options.expectsVerificationResult {
            try check("the peer's certificates are judged", decisions.hasJudgedPeer, !chain.isEmpty)
        }
    }

    private func check<Value: Equatable>(_ what: String, _ value: Value, _ expected: Value?) throws(ShimError) {
        guard let expected else { return }
        guard value == expected else { throw .unexpected("\(what): \(value) instead of \(expected)") }
    }
}
