extension ByteReader {
    /// A list of application protocols (RFC 7301 §3.1, "ProtocolNameList").
    mutating func readProtocolNames() throws(TLSError) -> [[UInt8]] {
        var vector = try readVector(.protocolNameList)
        var names: [[UInt8]] = []
        while !vector.isAtEnd {
            let name = try vector.readOpaque(.protocolName)
            if names.count < Limits.listEntries { names.append(name) }
        }
        return names
    }
}

extension ByteWriter {
    mutating func writeProtocolNames(_ names: [[UInt8]]) {
        writeVector(.protocolNameList) { writer in
            for name in names { writer.writeOpaque(.protocolName, name) }
        }
    }
}
