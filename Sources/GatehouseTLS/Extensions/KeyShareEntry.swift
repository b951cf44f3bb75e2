import GatehouseCrypto

/// One key share (RFC 9846 §4.3.8, "KeyShareEntry").
struct KeyShareEntry: Sendable, Equatable {
    let group: NamedGroup
    let keyExchange: [UInt8]
}

extension ByteReader {
    mutating func readKeyShareEntry() throws(TLSError) -> KeyShareEntry {
        let group = NamedGroup(rawValue: try readUInt16())
        return KeyShareEntry(group: group, keyExchange: try readOpaque(.keyExchange))
    }

    /// The client's shares. Of those that are looked at none may stand twice.
    mutating func readClientShares() throws(TLSError) -> [KeyShareEntry] {
        var vector = try readVector(.clientShares)
        var shares: [KeyShareEntry] = []
        while !vector.isAtEnd {
            let share = try vector.readKeyShareEntry()
            // RFC 9846 §4.3.8: "Clients MUST NOT offer multiple KeyShareEntry values for the same group."
            guard !shares.contains(where: { $0.group == share.group }) else {
                throw .peerMisbehaved(.duplicateKeyShare)
            }
            if shares.count < Limits.listEntries { shares.append(share) }
        }
        return shares
    }
}

extension ByteWriter {
    mutating func write(_ share: KeyShareEntry) {
        write(share.group)
        writeOpaque(.keyExchange, share.keyExchange)
    }
}
