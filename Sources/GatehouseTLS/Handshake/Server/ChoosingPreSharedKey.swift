/// Waits for the application to find a pre-shared key by its identity.
struct ChoosingPreSharedKey: ~Copyable, Sendable {
    let configuration: ServerConfiguration
    /// The ClientHello, to be decoded again: nothing else of it is held for a client that may never go on.
    let message: ReceivedMessage
    let retry: ClientHelloInProgress.Retry?

    /// `nil`: the application knows none of the identities.
    consuming func resume(
        _ key: PreSharedKey?, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.endPause()
        let hello = try message.decode(as: ClientHello.self)
        let pending = try ClientHelloInProgress(message, hello, configuration, retry: retry)
        guard let offered = pending.hello.preSharedKeys else { return try pending.proceed(with: nil, &core) }
        let index = offered.identities.firstIndex { identity in
            key.map { pending.isUsable($0, for: identity) } ?? false
        }
        guard let key, let index else { return try pending.proceedWithoutPreSharedKey(offered, &core) }
        return try pending.accept(.external(key), at: index, offered, &core)
    }
}
