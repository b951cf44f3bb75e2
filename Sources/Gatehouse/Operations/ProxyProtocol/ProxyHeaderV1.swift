import GatehouseSystem

/// Version 1, a line of text: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n`.
enum ProxyHeaderV1 {
    static let signature = Array("PROXY ".utf8)
    /// The worst case of the protocol (section 2.1): 107 bytes with CRLF.
    static let maximumLength = 107

    static func read(
        _ bytes: ArraySlice<UInt8>
    ) throws(ProxyHeaderError) -> (header: ProxyHeader, length: Int)? {
        let window = bytes.prefix(maximumLength)
        guard let lineFeed = window.firstIndex(of: UInt8(ascii: "\n")) else {
            guard window.count < maximumLength else { throw .tooLong }
            return nil
        }
        // Section 2.1: "the CRLF sequence ( "\r\n" / 0x0D 0x0A )" ends the line.
        guard lineFeed > window.startIndex, window[lineFeed - 1] == UInt8(ascii: "\r") else {
            throw .malformed("the line does not end with CRLF")
        }
        let line = window[..<(lineFeed - 1)]
        guard line.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .malformed("it is no ASCII text") }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        return (try header(words), lineFeed + 1 - bytes.startIndex)
    }

    private static func header(_ words: [String]) throws(ProxyHeaderError) -> ProxyHeader {
        let family = words.dropFirst().first ?? ""
        // Section 2.1: for UNKNOWN "the receiver must ignore anything presented before the CRLF".
        if family == "UNKNOWN" { return .local }
        guard family == "TCP4" || family == "TCP6" else { throw .malformed("no protocol \(family)") }
        // "There is exactly one space" between the words.
        guard words.count == 6 else { throw .malformed("it has \(words.count) words") }
        let isIPv4 = family == "TCP4"
        return ProxyHeader(
            source: try endpoint(words[2], words[4], isIPv4: isIPv4),
            destination: try endpoint(words[3], words[5], isIPv4: isIPv4))
    }

    private static func endpoint(
        _ address: String, _ port: String, isIPv4: Bool
    ) throws(ProxyHeaderError) -> Endpoint {
        // An IPv6 text may mean an IPv4 address (::ffff:192.0.2.1), a text without colons never an IPv6 one; and a zone
        // means nothing on another machine.
        guard !address.contains("%"), address.contains(":") != isIPv4, let host = HostAddress(address) else {
            throw .malformed("\(address) is no address of its family")
        }
        // "without heading zeroes" (section 2.1).
        guard let number = UInt16(port), "\(number)" == port else { throw .malformed("\(port) is no port") }
        return Endpoint(address: host, port: number)
    }
}
