/// Waits for the application to choose a credential.
struct ChoosingCredential: ~Copyable, Sendable {
    let accepted: ClientHelloAccepted

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard case .credential(let credential) = decision else { throw .misuse(.noSuchDecision) }
        return try accepted.authenticate(with: credential, &core)
    }
}
