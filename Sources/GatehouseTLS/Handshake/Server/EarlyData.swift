import GatehouseCrypto

extension ClientHelloAccepted {
    /// The key for early data that the server has decided to take (RFC 9846 §4.3.10). `nil` when the client offers
    /// none, or it is not taken: the handshake then goes on without.
    func openerForEarlyData(_ core: inout ConnectionCore) throws(TLSError) -> RecordOpener? {
        guard let limit = earlyDataLimit(now: core.now), let selected else { return nil }
        let earlySecret = selected.secret.earlySecret(parameters.hash)
        let helloHash = transcript.hash
        let traffic = earlySecret.clientTraffic(helloHash)
        core.keyLog.add(.clientEarlyTraffic, hello.random, traffic)
        let exporter = earlySecret.exporter(helloHash)
        core.keyLog.add(.earlyExporter, hello.random, exporter)
        core.beginEarlyData(limit: limit, exporter: ScheduleSecret(parameters.hash, exporter))
        return try traffic.opener(parameters.aead)
    }

    /// How much early data is taken, in bytes; `nil`: none.
    private func earlyDataLimit(now: Int64) -> UInt32? {
        guard hello.extensions.contains(.earlyData), roundTrips == 1, let policy = configuration.earlyData,
            case .session(let session, let identity) = selected?.source, selected?.index == 0
        else { return nil }
        // RFC 9846 §4.3.10: the version, "the selected cipher suite" and "the selected ALPN protocol" are "the same as
        // those negotiated in the original connection", and the key is the first that was offered.
        guard session.maxEarlyDataSize > 0, session.cipherSuite == parameters.suite,
            session.applicationProtocol == negotiation.applicationProtocol
        else { return nil }
        // §8.3: the age by the client's clock and by ours must be about the same.
        guard abs(session.ageSkew(of: identity, at: now)) <= Int64(policy.ageTolerance) else { return nil }
        // §8.1: each ticket at most once. A ticket from before the guard's time may have been used without its knowing.
        guard session.replayGuardID == policy.replayGuard.id,
            policy.replayGuard.recordFirstUse(
                of: session.ticketID, until: session.issuedAt + Int64(session.lifetime), now: now)
        else { return nil }
        return session.maxEarlyDataSize
    }
}
