/// Waits for the application to open tickets.
struct OpeningTickets: ~Copyable, Sendable {
    let paused: PausedClientHello

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        guard case .openedTickets(let sessions) = decision else { throw .misuse(.noSuchDecision) }
        let pending = try paused.resumed()
        var opened: [[UInt8]: SessionState] = [:]
        for (ticket, session) in zip(pending.foreignIdentities, sessions) {
            if let session { opened[ticket] = try? SessionState(decoding: session) }
        }
        return try pending.selectPreSharedKey(opened, &core)
    }
}
