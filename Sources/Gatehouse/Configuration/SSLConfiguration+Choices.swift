public import GatehouseTLS

/// A session that a client can resume. As bytes, with `exported()`, it outlives the process.
public typealias SSLSession = ClientSession

/// Whether the peer is asked for a certificate, and what follows if it is not good.
@nonexhaustive
public enum PeerVerifyMode: Sendable, Hashable {
    /// It is not asked, or what it shows is not looked at.
    case none
    /// It is asked. Problems are told and change nothing; `SSLSocket.isPeerVerified` tells whether there were any.
    case query
    /// It is asked. Problems end the handshake unless they are ignored, and to have no certificate is a problem.
    case verify
    /// On a client as ``verify``. On a server as ``none`` until it is told whom to trust; from then on clients are
    /// asked, may have no certificate, and what they show is held to the same as with ``verify``.
    case auto
}

/// How clients come back without a full handshake.
@nonexhaustive
public enum SSLSessionResumption: Sendable {
    /// Not at all: a server gives out no tickets, a client keeps none.
    case disabled
    /// With tickets under keys that the server makes and rotates by itself: they end with the server.
    case automatic
    /// With tickets under these keys, which several servers can share. A client takes them from whoever gives them.
    case tickets(TicketKeys)
    /// With tickets that name a session in this store, each good once.
    case store(SessionStore)
    /// With tickets that a server's sealer makes and opens, with keys of its own.
    case sealer(any TicketSealer)
    /// With tickets that the application makes and opens, in slots or later: `ticketSealingRequired` and
    /// `ticketOpeningRequired`.
    case asksForTickets
}

extension SSLConfiguration {
    /// The side of a connection that a configuration is for.
    public enum Role: Sendable {
        /// Awaits connections.
        case server
        /// Makes them.
        case client
    }
}
