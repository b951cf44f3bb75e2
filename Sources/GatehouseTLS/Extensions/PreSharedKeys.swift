/// A pre-shared key's name as a client offers it (RFC 9846 §4.3.11, "PskIdentity").
struct PSKIdentity: Sendable, Equatable {
    let identity: [UInt8]
    let obfuscatedTicketAge: UInt32
}

/// The pre-shared keys that a client offers (RFC 9846 §4.3.11, "OfferedPsks").
struct OfferedPSKs: Sendable, Equatable {
    var identities: [PSKIdentity]
    var binders: [[UInt8]]

    /// The size in bytes of the binders with their length: what "Truncate" (§4.3.11.2) cuts off a ClientHello.
    var bindersLength: Int {
        binders.reduce(2) { $0 + 1 + $1.count }
    }
}

/// How a pre-shared key may be used (RFC 9846 §4.3.9, "PskKeyExchangeMode").
struct PSKKeyExchangeMode: RawRepresentable, Sendable, Equatable {
    let rawValue: UInt8

    static let pskOnly = PSKKeyExchangeMode(rawValue: 0)
    static let pskWithDHE = PSKKeyExchangeMode(rawValue: 1)
}

extension ByteReader {
    mutating func readOfferedPSKs() throws(TLSError) -> OfferedPSKs {
        var offered = OfferedPSKs(identities: [], binders: [])
        var identities = try readVector(.pskIdentities)
        while !identities.isAtEnd {
            let identity = try identities.readOpaque(.pskIdentity)
            offered.identities.append(
                PSKIdentity(identity: identity, obfuscatedTicketAge: try identities.readUInt32()))
        }
        var binders = try readVector(.pskBinders)
        while !binders.isAtEnd { offered.binders.append(try binders.readOpaque(.pskBinder)) }
        return offered
    }

    mutating func readPSKKeyExchangeModes() throws(TLSError) -> [PSKKeyExchangeMode] {
        try readOpaque(.pskKeyExchangeModes).map(PSKKeyExchangeMode.init)
    }
}

extension ByteWriter {
    mutating func write(_ offered: OfferedPSKs) {
        writeVector(.pskIdentities) { writer in
            for identity in offered.identities {
                writer.writeOpaque(.pskIdentity, identity.identity)
                writer.write(identity.obfuscatedTicketAge)
            }
        }
        writeVector(.pskBinders) { writer in
            for binder in offered.binders { writer.writeOpaque(.pskBinder, binder) }
        }
    }

    mutating func write(_ modes: [PSKKeyExchangeMode]) {
        writeOpaque(.pskKeyExchangeModes, modes.map(\.rawValue))
    }
}
