/// The flags of a ticket: an extension that holds a bit for each (draft-ietf-tls-tlsflags).
///
/// It may stand in other messages too, but nothing in them has a flag that is known here.
struct TicketFlags: Sendable, Equatable {
    /// "resumption_across_names": the server resumes the session under every name that its certificate has
    /// (draft-ietf-tls-cross-sni-resumption).
    static let resumptionAcrossNames = 8

    /// The numbers of the flags that are set.
    private var flags: Set<Int> = []

    init(_ flags: Set<Int>) {
        self.flags = flags
    }

    func contains(_ flag: Int) -> Bool {
        flags.contains(flag)
    }

    /// - Throws: `invalidMessage` when there is no byte, or no flag in the last one.
    init(reading body: inout ByteReader) throws(TLSError) {
        let bytes = try body.readOpaque(.ticketFlags)
        // draft-ietf-tls-tlsflags §2: "An implementation that receives an all-zero value for this extension or a value that
        // contains trailing zero bytes MUST generate a fatal illegal_parameter alert."
        guard bytes.last != 0 else { throw .invalidMessage(.illegalValue) }
        for (index, byte) in bytes.enumerated() {
            for bit in 0..<8 where byte >> bit & 1 == 1 { flags.insert(8 * index + bit) }
        }
    }

    /// Up to the byte with the last flag. There has to be one.
    func write(to body: inout ByteWriter) {
        var bytes = [UInt8](repeating: 0, count: (flags.max() ?? 0) / 8 + 1)
        for flag in flags { bytes[flag / 8] |= 1 << (flag % 8) }
        body.writeOpaque(.ticketFlags, bytes)
    }
}
