/// Waits for the application's verdict about the server's certificates.
struct JudgingPeer: ~Copyable, Sendable {
    let agreement: ClientAgreement
    let signature: HandshakeSignatureVerified

    consuming func accept(_ core: inout ConnectionCore) -> AwaitingServerFinished {
        core.endPause()
        return AwaitingServerFinished(
            agreement: agreement, certificate: PeerCertificateVerified.byApplication(), signature: signature)
    }
}
