import Glibc

/// An IPv4 or IPv6 address, or one of the wildcards a server can listen on.
public struct HostAddress: Sendable, Hashable {
    enum Storage: Sendable, Hashable {
        case any
        case ipv4(UInt32)
        case ipv6(high: UInt64, low: UInt64, scope: UInt32)
    }

    let storage: Storage

    init(storage: Storage) {
        self.storage = storage
    }

    /// Every address of this machine, IPv4 and IPv6 (dual stack).
    public static let any = HostAddress(storage: .any)
    /// Every IPv4 address of this machine, and no IPv6 address.
    public static let anyIPv4 = HostAddress(storage: .ipv4(0))
    /// Every IPv6 address of this machine, and no IPv4 address.
    public static let anyIPv6 = HostAddress(storage: .ipv6(high: 0, low: 0, scope: 0))
    /// 127.0.0.1.
    public static let localHost = HostAddress(storage: .ipv4(0x7F00_0001))
    /// ::1.
    public static let localHostIPv6 = HostAddress(storage: .ipv6(high: 0, low: 1, scope: 0))

    /// Reads an address in its textual form: `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`. `nil` for anything else;
    /// names are not looked up.
    public init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(storage: .ipv4(UInt32(bigEndian: four.s_addr)))
            return
        }
        var six = in6_addr()
        guard let address = parts.first, inet_pton(AF_INET6, String(address), &six) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            let zone = String(parts[1])
            scope = UInt32(zone) ?? if_nametoindex(zone)
            guard scope != 0 else { return nil }
        }
        self.init(six, scope: scope)
    }

    /// An address from its bytes in network order: 4 for IPv4, 16 for IPv6, `nil` for any other count.
    public init?(bytes: [UInt8]) {
        func number(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(storage: .ipv4(UInt32(truncatingIfNeeded: number(bytes[...]))))
        case 16: self.init(storage: .ipv6(high: number(bytes[..<8]), low: number(bytes[8...]), scope: 0))
        default: return nil
        }
    }

    init(_ address: in6_addr, scope: UInt32) {
        // in6_addr is 16 plain bytes in network order; the pair of words has the same size.
        let (high, low) = withUnsafeBytes(of: address) { bytes in
            (
                UInt64(bigEndian: bytes.load(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.load(fromByteOffset: 8, as: UInt64.self))
            )
        }
        // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2); they are IPv4 to us.
        if high == 0, low >> 32 == 0xFFFF {
            self.init(storage: .ipv4(UInt32(truncatingIfNeeded: low)))
        } else {
            self.init(storage: .ipv6(high: high, low: low, scope: scope))
        }
    }

    /// Whether this is an IPv4 address.
    public var isIPv4: Bool {
        if case .ipv4 = storage { true } else { false }
    }

    /// The address's bytes in network order: 4 for IPv4, 16 for IPv6 and for ``any``.
    public var bytes: [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        return switch storage {
        case .any: [UInt8](repeating: 0, count: 16)
        case .ipv4(let address): bytes(address)
        case .ipv6(let high, let low, _): bytes(high) + bytes(low)
        }
    }
}

extension HostAddress: CustomStringConvertible {
    /// The address in its textual form; ``any`` reads as `::`.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = isIPv4 ? AF_INET : AF_INET6
        // The text buffer has the size that inet_ntop asks for, and the address has its family's size.
        let result = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) }
        guard result != nil else { return "?" }
        let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard case .ipv6(_, _, let scope) = storage, scope != 0 else { return address }
        return "\(address)%\(scope)"
    }
}

/// An address with a port.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// The address.
    public let address: HostAddress
    /// The TCP port.
    public let port: UInt16

    /// Makes an endpoint.
    public init(address: HostAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `192.0.2.1:443`, `[2001:db8::1]:443`.
    public var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
