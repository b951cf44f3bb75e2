/// A certificate extension that a client's certificate must have (RFC 9846 §4.3.5, "OIDFilter").
struct OIDFilter: Sendable, Equatable {
    /// The extension's object identifier, DER-encoded.
    let oid: [UInt8]
    /// Its values, DER-encoded.
    let values: [UInt8]
}

extension ByteReader {
    /// Distinguished names, DER-encoded (RFC 9846 §4.3.4, "CertificateAuthoritiesExtension").
    mutating func readCertificateAuthorities() throws(TLSError) -> [[UInt8]] {
        var vector = try readVector(.certificateAuthorities)
        var names: [[UInt8]] = []
        while !vector.isAtEnd {
            let name = try vector.readOpaque(.distinguishedName)
            if names.count < Limits.listEntries { names.append(name) }
        }
        return names
    }

    mutating func readOIDFilters() throws(TLSError) -> [OIDFilter] {
        var vector = try readVector(.oidFilters)
        var filters: [OIDFilter] = []
        while !vector.isAtEnd {
            let oid = try vector.readOpaque(.certificateExtensionOID)
            let filter = OIDFilter(oid: oid, values: try vector.readOpaque(.oidFilters))
            if filters.count < Limits.listEntries { filters.append(filter) }
        }
        return filters
    }
}

extension ByteWriter {
    mutating func writeCertificateAuthorities(_ names: [[UInt8]]) {
        writeVector(.certificateAuthorities) { writer in
            for name in names { writer.writeOpaque(.distinguishedName, name) }
        }
    }

    mutating func write(_ filters: [OIDFilter]) {
        writeVector(.oidFilters) { writer in
            for filter in filters {
                writer.writeOpaque(.certificateExtensionOID, filter.oid)
                writer.writeOpaque(.oidFilters, filter.values)
            }
        }
    }
}
