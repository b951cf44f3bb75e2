import GatehouseCertificates
import GatehouseCrypto

/// The server is who it says; awaits its Finished.
struct AwaitingServerFinished: ~Copyable, Sendable {
    var agreement: ClientAgreement
    let authentication: ServerAuthentication

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let finished = try message.decode(as: Finished.self)
        let proof = try finished.verify(agreement.serverHandshakeTraffic, agreement.transcript.hash)
        agreement.transcript.append(message.bytes)
        guard let peer = agreement.peerToJudgeAgain else {
            return try ClientFlight.begin(agreement, finished: proof, authentication, &core).authenticate(&core)
        }
        let name = agreement.offer.name
        var certificate = try PeerCertificateVerified.verify(
            peer, name, agreement.configuration.verification, .serverAuthentication, at: core.now)
        let judging = JudgingResumption(agreement: agreement, authentication: authentication, finished: proof)
        if let certificate = certificate.take() { return try judging.proceed(with: certificate, &core) }
        core.tell(.needs(.peerVerdict(PeerCertificates(peer, name: name))))
        return .judgingResumption(judging)
    }
}

/// Waits for the application's verdict about the certificates of the session that is resumed.
struct JudgingResumption: ~Copyable, Sendable {
    let agreement: ClientAgreement
    let authentication: ServerAuthentication
    let finished: FinishedVerified

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let peer = agreement.peerToJudgeAgain ?? .none
        return try proceed(with: PeerCertificateVerified.byApplication(decision, about: peer), &core)
    }

    fileprivate consuming func proceed(
        with certificate: consuming PeerCertificateVerified, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        core.session?.isPeerVerified = !certificate.isDoubtful
        let confirmed = authentication.confirmed(by: certificate)
        return try ClientFlight.begin(agreement, finished: finished, confirmed, &core).authenticate(&core)
    }
}
