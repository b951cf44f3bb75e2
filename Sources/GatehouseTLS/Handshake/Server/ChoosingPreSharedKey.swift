/// Waits for the application to find a pre-shared key by its identity.
struct ChoosingPreSharedKey: ~Copyable, Sendable {
    let pending: ClientHelloInProgress

    /// `nil`: the application knows none of the identities.
    consuming func resume(
        _ key: PreSharedKey?, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.endPause()
        guard let offered = pending.hello.preSharedKeys else { return try pending.proceed(with: nil, &core) }
        let index = offered.identities.firstIndex { identity in
            key.map { pending.isUsable($0, for: identity) } ?? false
        }
        guard let key, let index else { return try pending.proceedWithoutPreSharedKey(offered, &core) }
        return try pending.accept(.external(key), at: index, offered, &core)
    }
}
