/// All the addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The first address of the range.
    public let base: HostAddress
    /// How many bits are the same: up to 32 for IPv4, up to 128 for IPv6.
    public let prefixLength: Int

    /// A range; `nil` when the prefix is longer than an address. Bits of `base` behind the prefix do not matter.
    public init?(_ base: HostAddress, prefixLength: Int) {
        let count = base.bytes.count
        guard (0...count * 8).contains(prefixLength) else { return nil }
        let masked = base.bytes.enumerated().map { index, byte in byte & Self.mask(index, prefixLength) }
        guard let address = HostAddress(bytes: masked) else { return nil }
        self.base = address
        self.prefixLength = prefixLength
    }

    /// Reads `ADDRESS` or `ADDRESS/PREFIX`; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = parts.first.flatMap({ HostAddress($0) }) else { return nil }
        guard parts.count == 2 else {
            self.init(address, prefixLength: address.bytes.count * 8)
            return
        }
        guard let length = Int(parts[1]), "\(length)" == parts[1] else { return nil }
        self.init(address, prefixLength: length)
    }

    private static func mask(_ index: Int, _ prefixLength: Int) -> UInt8 {
        let bits = min(max(prefixLength - index * 8, 0), 8)
        return UInt8(truncatingIfNeeded: 0xFF00 >> bits)
    }

    /// Whether the address is one of the range. IPv4 and IPv6 are different, but for IPv4 addresses that are written
    /// as IPv6 ones: they are IPv4.
    public func contains(_ address: HostAddress) -> Bool {
        guard address.isIPv4 == base.isIPv4 else { return false }
        return zip(address.bytes, base.bytes).enumerated().allSatisfy { index, pair in
            (pair.0 ^ pair.1) & Self.mask(index, prefixLength) == 0
        }
    }

    /// `10.0.0.0/8`.
    public var description: String { "\(base)/\(prefixLength)" }
}
