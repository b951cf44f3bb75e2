/// How a server sends HelloRetryRequests without keeping anything of the first ClientHello (RFC 9846 §4.3.2): a cookie
/// carries it to the client and back.
///
/// What it costs: a second hello whose cookie cannot be opened ends the handshake, and whoever sees a cookie can use
/// it again during its lifetime, from the same address and for the same hello.
///
/// ```swift
/// configuration.statelessRetry = StatelessRetry(keys: ticketKeys)
/// var connection = ServerConnection(configuration, now: now, peerAddress: addressBytes)
/// ```
public struct StatelessRetry: Sendable {
    /// What cookies are sealed under, apart from tickets when the same keys seal those.
    public var keys: TicketKeys
    /// For how long a cookie is good, in seconds: the time of a round trip, and by how much the clocks of servers that
    /// share keys may differ.
    public var lifetime = 30

    /// Cookies under these keys, good for 30 seconds.
    public init(keys: TicketKeys) {
        self.keys = keys
    }
}
