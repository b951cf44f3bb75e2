/// The name that a peer is known by and that its certificate must be issued for: the "reference identifier" of
/// RFC 9525.
///
/// Only the subject alternative names of a certificate are ever compared with it. The common name is not
/// (RFC 9525 §2: "the Common Name RDN MUST NOT be used to identify a service").
public enum ReferenceName: Sendable, Hashable {
    /// A DNS name: ASCII (A-labels), without regard to case.
    case dns(String)
    /// An IP address: 4 or 16 bytes in network order.
    case ipAddress([UInt8])
    /// A URI's scheme and host (URI-ID).
    case uri(scheme: String, host: String)
    /// A service's name as in a DNS SRV record, without the underscore, and its domain (SRV-ID, RFC 4985).
    case service(String, domain: String)
    /// An e-mail address. The local part is compared exactly, the domain without regard to case.
    case email(String)

    /// The name that a host as people and URLs write it stands for: an IPv4 address in dotted decimal form, an IPv6
    /// address with or without brackets (its zone is of this machine, not of the peer, and is dropped), or a DNS name
    /// with or without the trailing dot.
    ///
    /// nil if `host` is none of these. An internationalised name must be given in its ASCII form (A-labels).
    ///
    ///     ReferenceName(host: "example.com")   // .dns("example.com")
    ///     ReferenceName(host: "[::1]")         // .ipAddress([0, …, 1])
    public init?(host: String) {
        var name = Array(host.utf8)[...]
        let isBracketed = name.first == UInt8(ascii: "[") && name.last == UInt8(ascii: "]")
        if isBracketed { name = name.dropFirst().dropLast() }
        if name.contains(UInt8(ascii: ":")) {
            let zone = name.firstIndex(of: UInt8(ascii: "%")) ?? name.endIndex
            guard let address = IPAddress.version6(String(decoding: name[..<zone], as: UTF8.self)) else { return nil }
            self = .ipAddress(address)
            return
        }
        guard !isBracketed else { return nil }
        // A name's last label is never a number alone (RFC 1123 §2.1): this is an address, or a mistyped one.
        if DNSName.lastLabelIsNumeric(name) {
            guard let address = IPAddress.version4(String(decoding: name, as: UTF8.self)) else { return nil }
            self = .ipAddress(address)
            return
        }
        if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        let bytes = Array(name)
        guard DNSName.isValid(bytes.span, bytes.indices), !DNSName.lastLabelIsNumeric(name) else { return nil }
        self = .dns(String(decoding: bytes.map(\.asciiLowercased), as: UTF8.self))
    }
}

extension ReferenceName: CustomStringConvertible {
    /// The name as people write it.
    public var description: String {
        switch self {
        case .dns(let name): printable(name, limit: 255)
        case .ipAddress(let bytes): IPAddress.describe(bytes)
        case .uri(let scheme, let host): printable("\(scheme)://\(host)", limit: 255)
        case .service(let service, let domain): printable("_\(service).\(domain)", limit: 255)
        case .email(let address): printable(address, limit: 255)
        }
    }
}

/// The text forms of IP addresses.
enum IPAddress {
    /// Four decimal numbers from 0 to 255 without leading zeros (RFC 3986 §3.2.2).
    static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), part.count == 1 || !part.hasPrefix("0"),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Eight groups of up to four hexadecimal digits, once with `::` for groups of zeros, and perhaps with an IPv4
    /// address in the place of the last two (RFC 4291 §2.2).
    static func version6(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count <= 45 else { return nil }
        let characters = Array(text)
        let gap = characters.indices.dropLast().first { characters[$0] == ":" && characters[$0 + 1] == ":" }
        guard let gap else {
            guard let bytes = groups(String(text)), bytes.count == 16 else { return nil }
            return bytes
        }
        guard let head = groups(String(characters[..<gap])), let tail = groups(String(characters[(gap + 2)...])),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: String) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let address = version4(part) else { return nil }
                bytes += address
            } else {
                guard 1...4 ~= part.utf8.count, part.utf8.allSatisfy(isHexadecimal),
                    let value = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        return bytes
    }

    private static func isHexadecimal(_ character: UInt8) -> Bool {
        switch character {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    static func describe(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        switch bytes.count {
        case 4: return bytes.map { "\($0)" }.joined(separator: ".")
        case 16:
            let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
            // RFC 5952 §4.2: the longest run of at least two zero groups, the first of equals, is shortened.
            var longest = 0..<0
            var start = 0
            while start < 8 {
                let end = groups[start...].firstIndex { $0 != 0 } ?? 8
                if end - start > longest.count { longest = start..<end }
                start = end + 1
            }
            let hex = groups.map { String($0, radix: 16) }
            guard longest.count >= 2 else { return hex.joined(separator: ":") }
            return hex[..<longest.lowerBound].joined(separator: ":") + "::"
                + hex[longest.upperBound...].joined(separator: ":")
        default: return "(\(bytes.count) bytes)"
        }
    }
}
