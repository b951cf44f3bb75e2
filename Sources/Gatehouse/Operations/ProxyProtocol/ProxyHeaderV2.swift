import GatehouseSystem

/// Version 2, a binary header:
///
/// ```
///   0        12  13  14      16
///  +-----------+---+---+-------+-----------+------------------+
///  | signature |ver|fam| length| addresses | TLVs             |
///  |           |cmd|prt|       |           |                  |
///  +-----------+---+---+-------+-----------+------------------+
///                              |<---------- length ---------->|
/// ```
enum ProxyHeaderV2 {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let fixedLength = 16
    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    /// PP2_TYPE_CRC32C (section 2.2.4).
    private static let checksumType: UInt8 = 0x03

    static func read(
        _ bytes: ArraySlice<UInt8>
    ) throws(ProxyHeaderError) -> (header: ProxyHeader, length: Int)? {
        let all = Array(bytes.prefix(ProxyHeader.maximumLength))
        guard all.count >= fixedLength else { return nil }
        // Section 2.2: "The highest four bits contain the version. […] it must always be sent as \x2 and the receiver
        // must only accept this value." Of commands, LOCAL is 0 and PROXY 1; "other values are unassigned and must not
        // be emitted […]. Receivers must drop connections presenting unexpected values here."
        guard all[12] >> 4 == 2 else { throw .malformed("version \(all[12] >> 4)") }
        guard all[12] & 0x0F <= 1 else { throw .malformed("command \(all[12] & 0x0F)") }
        let isLocal = all[12] & 0x0F == 0
        let length = fixedLength + Int(all[14]) << 8 + Int(all[15])
        guard length <= ProxyHeader.maximumLength else { throw .tooLong }
        guard all.count >= length else { return nil }
        let header = Array(all[..<length])
        // Section 2.2: with LOCAL the receiver "must use the real connection endpoints and must discard the protocol
        // block including the family which is ignored".
        if isLocal { return (.local, length) }
        let addresses = try addresses(header)
        try checkExtensions(header, from: fixedLength + addresses.length)
        return (addresses.header, length)
    }

    private static func addresses(
        _ header: [UInt8]
    ) throws(ProxyHeaderError) -> (header: ProxyHeader, length: Int) {
        let (size, length): (Int, Int)
        switch header[13] {
        // UNSPEC: "the receiver […] should ignore address information".
        case 0x00: return (.local, header.count - fixedLength)
        case 0x11: (size, length) = (4, 12)
        case 0x21: (size, length) = (16, 36)
        // AF_UNIX over streams: two paths of 108 bytes, which name no IP address.
        case 0x31: (size, length) = (0, 216)
        default: throw .malformed("family and transport \(header[13])")
        }
        guard header.count >= fixedLength + length else { throw .malformed("the addresses are cut short") }
        guard size > 0 else { return (.local, length) }
        func endpoint(_ index: Int) -> Endpoint? {
            let start = fixedLength + index * size
            let port = fixedLength + 2 * size + 2 * index
            // A proxy that listens on both families writes IPv4 clients as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
            var address = header[start..<start + size]
            if address.starts(with: mappedPrefix) { address = address.dropFirst(mappedPrefix.count) }
            return HostAddress(bytes: Array(address)).map {
                Endpoint(address: $0, port: UInt16(header[port]) << 8 | UInt16(header[port + 1]))
            }
        }
        return (ProxyHeader(source: endpoint(0), destination: endpoint(1)), length)
    }

    /// The TLVs behind the addresses are passed over, all but a checksum.
    private static func checkExtensions(_ header: [UInt8], from start: Int) throws(ProxyHeaderError) {
        var position = start
        while position < header.count {
            guard header.count - position >= 3 else { throw .malformed("a TLV is cut short") }
            let length = Int(header[position + 1]) << 8 | Int(header[position + 2])
            let value = position + 3
            guard header.count - value >= length else { throw .malformed("a TLV is longer than the header") }
            if header[position] == checksumType { try checkSum(header, value..<value + length) }
            position = value + length
        }
    }

    /// Section 2.2.4: "If the checksum is provided as part of the PROXY header and the checksum functionality is
    /// supported by the receiver, the receiver MUST […] abort the TCP connection in case of mismatch"; it is computed
    /// with the field itself "set to zero".
    private static func checkSum(_ header: [UInt8], _ field: Range<Int>) throws(ProxyHeaderError) {
        guard field.count == 4 else { throw .malformed("a checksum of \(field.count) bytes") }
        var zeroed = header
        zeroed.replaceSubrange(field, with: [0, 0, 0, 0])
        let sum = header[field].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard CRC32C.checksum(zeroed) == sum else { throw .malformed("its checksum is wrong") }
    }
}

/// The checksum of RFC 9260 appendix A, bit by bit: a header is short, and most have none.
enum CRC32C {
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var state = UInt32.max
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~state
    }
}
