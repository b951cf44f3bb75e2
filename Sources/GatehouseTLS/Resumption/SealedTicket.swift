/// A ticket that carries its session, sealed under the server's ring of keys.
enum SealedTicket {
    /// Longer ones are not given out.
    static let maximumLength = 4096

    static func isOurs(_ identity: [UInt8]) -> Bool {
        RingSealing.ticket.isOurs(identity)
    }

    /// `nil` when the session is too large for a ticket.
    static func seal(_ session: SessionState, _ keys: TicketKeys) throws(TLSError) -> [UInt8]? {
        let ticket = try RingSealing.ticket.seal(session.encoded(), keys)
        return ticket.count <= maximumLength ? ticket : nil
    }

    /// `nil` for a ticket that none of the keys opens.
    static func open(_ ticket: [UInt8], _ keys: TicketKeys) -> SessionState? {
        guard ticket.count <= maximumLength, let plaintext = RingSealing.ticket.open(ticket, keys) else { return nil }
        return try? SessionState(decoding: plaintext)
    }
}
