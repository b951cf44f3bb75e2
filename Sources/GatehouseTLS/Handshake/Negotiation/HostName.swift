import GatehouseCertificates

/// The host name of a server_name extension (RFC 6066 §3), in lower case and without a trailing dot.
enum HostName {
    /// The name; `nil` for an IP address literal, which "is not permitted in "HostName"" and which clients send all
    /// the same: it asks for no name.
    ///
    /// - Throws: `InvalidMessage.malformedServerName` for anything that is no host name.
    static func parse(_ bytes: [UInt8]) throws(TLSError) -> String? {
        var name: [UInt8] = []
        name.reserveCapacity(bytes.count)
        var labelLength = 0
        var isNumeric = true
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                isNumeric = false
                name.append(byte)
                labelLength += 1
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                isNumeric = false
                name.append(byte | 0x20)
                labelLength += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                name.append(byte)
                labelLength += 1
            case UInt8(ascii: "."):
                guard labelLength > 0 else { throw .invalidMessage(.malformedServerName) }
                if index != bytes.count - 1 { name.append(byte) }
                labelLength = 0
            case UInt8(ascii: ":"):
                guard case .ipAddress = ReferenceName(host: String(decoding: bytes, as: UTF8.self)) else {
                    throw .invalidMessage(.malformedServerName)
                }
                return nil
            default: throw .invalidMessage(.malformedServerName)
            }
            guard labelLength <= 63 else { throw .invalidMessage(.malformedServerName) }
        }
        guard !name.isEmpty, name.count <= 253 else { throw .invalidMessage(.malformedServerName) }
        return isNumeric ? nil : String(decoding: name, as: UTF8.self)
    }
}
