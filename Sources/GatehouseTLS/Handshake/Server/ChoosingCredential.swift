/// Waits for the application to choose a credential.
struct ChoosingCredential: ~Copyable, Sendable {
    let accepted: ClientHelloAccepted

    consuming func resume(
        _ credential: Credential, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.endPause()
        guard credential.signatureScheme(amongPeers: accepted.negotiation.signatureSchemes) != nil else {
            throw .peerIncompatible(.noCommonSignatureScheme)
        }
        return try ServerFlight.answering(accepted, &core).authenticate(with: credential, &core)
    }
}
