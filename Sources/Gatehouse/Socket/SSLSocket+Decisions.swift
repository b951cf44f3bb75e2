import GatehouseCertificates
import GatehouseSystem
import GatehouseTLS

extension SSLSocket {
    /// Answers what the handshake waits for.
    func decide(_ need: Need) throws(TLSError) {
        let decision: Decision =
            switch need {
            case .peerVerdict(let peer): verdict(about: peer)
            case .preSharedKey: .preSharedKey(nil)
            default: .reject(.internalError)
            }
        try channel?.resume(with: decision, output: &outbox)
    }

    private func verdict(about peer: PeerCertificates) -> Decision {
        guard let judge = serverConfiguration?.judge ?? clientConfiguration?.judge else {
            return .reject(.internalError)
        }
        let problems = judge.problems(
            of: peer, staple: channel?.session?.peerOCSPResponse, at: SystemClock.unixTime)
        guard let first = problems.first else { return .accept }
        return judge.mode == .query ? .acceptDespiteProblems : .reject(first.alert)
    }
}
