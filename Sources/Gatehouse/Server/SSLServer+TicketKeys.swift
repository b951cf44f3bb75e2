import GatehouseSystem
import GatehouseTLS

/// What a server has of its own for resumption, whatever its configuration.
struct ResumptionResources: Sendable {
    private(set) var ticketKeys = TicketKeys()
    let replayGuard = InMemoryReplayGuard()
    private var rotated = SystemClock.monotonic

    /// How long the first key seals: half the lifetime of a ticket, so that two earlier keys open all that are good.
    static func period(_ settings: SSLConfiguration) -> Duration {
        max(settings.sessionTicketLifetime / 2, .seconds(60))
    }

    /// Puts a new key first if the one that is there has done its time.
    ///
    /// - Returns: whether there is a new one.
    mutating func rotate(_ settings: SSLConfiguration, now: Duration = SystemClock.monotonic) -> Bool {
        guard now - rotated >= Self.period(settings) else { return false }
        ticketKeys = ticketKeys.rotated(keeping: 2)
        rotated = now
        return true
    }
}

extension SSLServer {
    /// Rotates the server's own ticket keys for as long as it serves. Every loop gets the same new ones.
    func keepTicketKeysFresh() {
        if resumption.rotate(sslConfiguration) {
            configuration = PreparedConfiguration(configuration, ticketKeys: resumption.ticketKeys)
            spreadSettings()
        }
        rotation = loop.deadline(after: ResumptionResources.period(sslConfiguration)) { [weak self] in
            self?.assumeIsolated { $0.keepTicketKeysFresh() }
        }
    }
}
