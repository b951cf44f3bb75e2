/// A version of the protocol as it stands on the wire.
public struct ProtocolVersion: RawRepresentable, Sendable, Hashable {
    /// The two bytes, such as 0x0304.
    public let rawValue: UInt16

    /// Makes the version with this number, known or not.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// TLS 1.2: what the legacy version fields of TLS 1.3 hold.
    static let tls12 = ProtocolVersion(rawValue: 0x0303)
    /// TLS 1.3, the only version spoken here.
    public static let tls13 = ProtocolVersion(rawValue: 0x0304)
}

extension ProtocolVersion: CustomStringConvertible {
    /// The name, such as `TLSv1.3`, or the number for a version without a name here.
    public var description: String {
        switch self {
        case .tls12: "TLSv1.2"
        case .tls13: "TLSv1.3"
        default: "ProtocolVersion(\(rawValue))"
        }
    }
}
