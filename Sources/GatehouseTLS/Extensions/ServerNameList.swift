extension ByteReader {
    /// The host name of a client's server_name (RFC 6066 §3, "ServerNameList").
    ///
    /// "The ServerNameList MUST NOT contain more than one name of the same name_type", and host_name is the only type
    /// that there is: the list holds just one name.
    mutating func readServerNameList() throws(TLSError) -> [UInt8] {
        var list = try readVector(.serverNameList)
        let hostNameType: UInt8 = 0
        guard try list.readUInt8() == hostNameType else { throw .invalidMessage(.truncated) }
        let name = try list.readOpaque(.hostName)
        try list.finish()
        return name
    }
}

extension ByteWriter {
    mutating func writeServerNameList(_ hostName: [UInt8]) {
        writeVector(.serverNameList) { writer in
            writer.write(UInt8(0))
            writer.writeOpaque(.hostName, hostName)
        }
    }
}
