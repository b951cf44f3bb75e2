/// Waits for the application to open tickets.
struct OpeningTickets: ~Copyable, Sendable {
    let paused: PausedClientHello

    consuming func resume(
        _ sessions: [[UInt8]?], _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        core.endPause()
        let pending = try paused.resumed()
        var opened: [[UInt8]: SessionState] = [:]
        for (ticket, session) in zip(pending.foreignIdentities, sessions) {
            if let session { opened[ticket] = try? SessionState(decoding: session) }
        }
        return try pending.selectPreSharedKey(opened, &core)
    }
}
