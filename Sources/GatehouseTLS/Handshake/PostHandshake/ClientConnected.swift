/// The handshake is complete.
struct ClientConnected: ~Copyable, Sendable {
    var keys: EstablishedKeys
    private let tickets: TicketCollector
    /// `nil` when the server may not ask for a certificate any more.
    private var responder: CertificateResponder?

    /// Only a verified Finished, and what shows who the server is, lead here.
    init(
        finished _: consuming FinishedVerified, authentication _: consuming ServerAuthentication,
        keys: consuming EstablishedKeys, tickets: consuming TicketCollector, responder: CertificateResponder?,
        _ core: inout ConnectionCore
    ) {
        core.establish(with: keys)
        self.keys = keys
        self.tickets = tickets
        self.responder = responder
    }

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        if message.type == .keyUpdate {
            try keys.handle(try message.decode(as: KeyUpdate.self), &core)
        } else if message.type == .certificateRequest, responder != nil {
            // RFC 9846 §4.7.2: without the extension a CertificateRequest is an unexpected message.
            try responder?.handle(message, keys, &core)
        } else {
            let ticket = try message.decode(as: NewSessionTicket.self)
            if let session = tickets.session(ticket, now: core.now) { core.tell(.sessionTicket(session)) }
        }
        return self
    }

    consuming func resume(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientConnected {
        try responder?.resume(with: decision, keys, &core)
        return self
    }
}
