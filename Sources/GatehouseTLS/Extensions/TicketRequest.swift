/// How many tickets a client would like (RFC 9149 §3).
struct TicketRequest: Sendable, Equatable {
    /// After a full handshake.
    var newSessionCount: UInt8 = 0
    /// After a resumed one.
    var resumptionCount: UInt8 = 0
}

extension ByteReader {
    mutating func readTicketRequest() throws(TLSError) -> TicketRequest {
        TicketRequest(newSessionCount: try readUInt8(), resumptionCount: try readUInt8())
    }
}

extension ByteWriter {
    mutating func write(_ request: TicketRequest) {
        write(request.newSessionCount)
        write(request.resumptionCount)
    }
}

extension ClientHelloAccepted {
    /// How many tickets this client gets: what it asks for, up to our own number.
    var ticketCount: Int {
        guard givesTickets else { return 0 }
        guard let request = hello.ticketRequest else { return configuration.ticketCount }
        let wanted = selected?.session == nil ? request.newSessionCount : request.resumptionCount
        return min(Int(wanted), configuration.ticketCount)
    }

    /// What EncryptedExtensions say of it: "expected_count: The number of tickets the server expects to send".
    var answeredTicketCount: UInt8? {
        hello.ticketRequest != nil && givesTickets ? UInt8(ticketCount) : nil
    }

    private var givesTickets: Bool {
        if case .disabled = configuration.resumption { false } else { true }
    }
}
