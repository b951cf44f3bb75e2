/// NewSessionTicket (RFC 9846 §4.7.1).
struct NewSessionTicket: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.newSessionTicket

    /// In seconds.
    var ticketLifetime: UInt32
    var ticketAgeAdd: UInt32
    var ticketNonce: [UInt8]
    var ticket: [UInt8]
    var extensions = ExtensionBlock()
    var maxEarlyDataSize: UInt32?
    /// `nil`: none is set.
    var flags: TicketFlags?

    init(ticketLifetime: UInt32, ticketAgeAdd: UInt32, ticketNonce: [UInt8], ticket: [UInt8]) {
        self.ticketLifetime = ticketLifetime
        self.ticketAgeAdd = ticketAgeAdd
        self.ticketNonce = ticketNonce
        self.ticket = ticket
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        ticketLifetime = try body.readUInt32()
        ticketAgeAdd = try body.readUInt32()
        ticketNonce = try body.readOpaque(.ticketNonce)
        ticket = try body.readOpaque(.ticket)
        extensions = try body.readExtensions(in: .newSessionTicket) { (type, body) throws(TLSError) in
            switch type {
            case .earlyData: self.maxEarlyDataSize = try body.readUInt32()
            case .tlsFlags: self.flags = try TicketFlags(reading: &body)
            default: break  // no other one stands here
            }
        }
    }

    func write(to body: inout ByteWriter) {
        body.write(ticketLifetime)
        body.write(ticketAgeAdd)
        body.writeOpaque(.ticketNonce, ticketNonce)
        body.writeOpaque(.ticket, ticket)
        body.writeExtensions(extensions) { (type, body) in
            switch type {
            case .earlyData: body.write(maxEarlyDataSize ?? 0)
            case .tlsFlags: flags?.write(to: &body)
            default: break  // no other one stands here
            }
        }
    }
}

/// KeyUpdate (RFC 9846 §4.7.3).
struct KeyUpdate: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.keyUpdate

    enum Request: UInt8, Sendable {
        case updateNotRequested = 0
        case updateRequested = 1
    }

    var request: Request

    init(request: Request) {
        self.request = request
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        // "If an implementation receives any other value, it MUST terminate the connection with an
        // "illegal_parameter" alert."
        guard let request = Request(rawValue: try body.readUInt8()) else { throw .invalidMessage(.illegalValue) }
        self.request = request
    }

    func write(to body: inout ByteWriter) {
        body.write(request)
    }
}

/// EndOfEarlyData (RFC 9846 §4.6).
struct EndOfEarlyData: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.endOfEarlyData

    init() {}

    init(reading _: inout ByteReader) throws(TLSError) {}

    func write(to _: inout ByteWriter) {}
}
