/// The handshake is complete.
struct ClientConnected: ~Copyable, Sendable {
    var keys: EstablishedKeys
    private let tickets: TicketCollector

    /// Only a verified Finished, and what shows who the server is, lead here.
    init(
        finished _: consuming FinishedVerified, authentication _: consuming ServerAuthentication,
        keys: consuming EstablishedKeys, tickets: consuming TicketCollector, _ core: inout ConnectionCore
    ) {
        core.reader.allowsChangeCipherSpec = false
        core.writer.recordLimit = keys.recordLimit
        self.keys = keys
        self.tickets = tickets
        core.isEstablished = true
        core.tell(.handshakeComplete)
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        if message.type == .keyUpdate {
            try keys.handle(try message.decode(as: KeyUpdate.self), &core)
        } else {
            let ticket = try message.decode(as: NewSessionTicket.self)
            if let session = tickets.session(ticket, now: core.now) { core.tell(.sessionTicket(session)) }
        }
        return self
    }
}
