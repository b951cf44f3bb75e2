/// Waits for the application to find a pre-shared key by its identity.
struct ChoosingPreSharedKey: ~Copyable, Sendable {
    let paused: PausedClientHello

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard case .preSharedKey(let key) = decision else { throw .misuse(.noSuchDecision) }
        let pending = try paused.resumed()
        guard let offered = pending.hello.preSharedKeys else { return try pending.proceed(with: nil, &core) }
        let index = offered.identities.firstIndex { identity in
            key.map { pending.isUsable($0, for: identity) } ?? false
        }
        guard let key, let index else { return try pending.proceedWithoutPreSharedKey(offered, &core) }
        return try pending.accept(.external(key), at: index, offered, &core)
    }
}

/// A ClientHello that waits for a decision: only its bytes are held, for a client that may never go on. It is decoded
/// again when the decision has come.
struct PausedClientHello: Sendable {
    private let configuration: ServerConfiguration
    private let message: ReceivedMessage
    private let peerAddress: [UInt8]
    private let retry: HelloRetry?

    init(_ pending: borrowing ClientHelloInProgress) {
        configuration = pending.configuration
        message = pending.message
        peerAddress = pending.peerAddress
        retry = pending.retry
    }

    func resumed() throws(TLSError) -> ClientHelloInProgress {
        try ClientHelloInProgress(
            message, try message.decode(as: ClientHello.self), configuration, peerAddress: peerAddress, retry: retry)
    }
}
