public import GatehouseCertificates

/// A certificate extension that a client's certificate should have (RFC 9846 §4.3.5, "OIDFilter").
///
/// ```swift
/// // The key usage extension, with digitalSignature among its bits.
/// let filter = OIDFilter(.keyUsage, values: [3, 2, 7, 0x80])
/// ```
public struct OIDFilter: Sendable, Hashable {
    /// The extension's object identifier, DER-encoded, as it goes over the wire.
    public let oid: [UInt8]
    /// Its values, DER-encoded.
    public let values: [UInt8]

    init(oid: [UInt8], values: [UInt8]) {
        self.oid = oid
        self.values = values
    }

    /// The extension with this identifier and these DER-encoded values.
    public init(_ identifier: ObjectIdentifier, values: [UInt8]) {
        self.init(oid: identifier.der, values: values)
    }
}

extension ByteReader {
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
    mutating func write(_ filters: [OIDFilter]) {
        writeVector(.oidFilters) { writer in
            for filter in filters {
                writer.writeOpaque(.certificateExtensionOID, filter.oid)
                writer.writeOpaque(.oidFilters, filter.values)
            }
        }
    }
}
