/// A pre-shared key's name as a client offers it (RFC 9846 §4.3.11, "PskIdentity").
struct PSKIdentity: Sendable, Equatable {
    let identity: [UInt8]
    let obfuscatedTicketAge: UInt32
}

/// The pre-shared keys that a client offers (RFC 9846 §4.3.11, "OfferedPsks"). Of a list that came those past
/// `Limits.pskIdentities` are only counted.
struct OfferedPSKs: Sendable, Equatable {
    var identities: [PSKIdentity]
    var binders: [[UInt8]]
    private var skippedIdentities = 0
    private var skippedBinders = 0
    private var skippedBinderBytes = 0

    init(identities: [PSKIdentity], binders: [[UInt8]]) {
        self.identities = identities
        self.binders = binders
    }

    fileprivate init(reading body: inout ByteReader) throws(TLSError) {
        self.init(identities: [], binders: [])
        var names = try body.readVector(.pskIdentities)
        while !names.isAtEnd {
            var name = try names.readVector(.pskIdentity)
            if identities.count < Limits.pskIdentities {
                identities.append(
                    PSKIdentity(identity: name.readRest(), obfuscatedTicketAge: try names.readUInt32()))
            } else {
                _ = try names.readUInt32()
                skippedIdentities += 1
            }
        }
        var proofs = try body.readVector(.pskBinders)
        while !proofs.isAtEnd {
            var proof = try proofs.readVector(.pskBinder)
            if binders.count < Limits.pskIdentities {
                binders.append(proof.readRest())
            } else {
                skippedBinders += 1
                skippedBinderBytes += 1 + proof.remaining
            }
        }
    }

    /// How many identities there were.
    var identityCount: Int { identities.count + skippedIdentities }

    /// How many binders there were.
    var binderCount: Int { binders.count + skippedBinders }

    /// The size in bytes of the binders with their length: what "Truncate" (§4.3.11.2) cuts off a ClientHello.
    var bindersLength: Int {
        binders.reduce(2) { $0 + 1 + $1.count } + skippedBinderBytes
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
        try OfferedPSKs(reading: &self)
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
