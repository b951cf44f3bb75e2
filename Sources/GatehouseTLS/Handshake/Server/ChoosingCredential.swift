/// Waits for the application to choose a credential.
struct ChoosingCredential: ~Copyable, Sendable {
    let accepted: ClientHelloAccepted

    consuming func resume(
        _ credential: Credential, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.endPause()
        return try accepted.authenticate(with: credential, &core)
    }
}
