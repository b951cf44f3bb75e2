import GatehouseCrypto
import GatehouseSystem

/// Values that mean nothing, so that servers keep ignoring what they do not know (RFC 8701).
enum GREASE {
    /// 0x0A0A, 0x1A1A, ... 0xFAFA.
    private static func values(_ count: Int, _ randomness: inout BufferedRandomness) -> [UInt16] {
        let nibbles = (0..<16 as Range<UInt16>).shuffled(using: &randomness)
        return nibbles.prefix(count).map(value)
    }

    private static func value(_ nibble: UInt16) -> UInt16 {
        nibble << 12 | 0x0A00 | nibble << 4 | 0x000A
    }

    /// RFC 8701 §4.1: "When sending a NewSessionTicket message in TLS 1.3, a server MAY select one or more GREASE extension
    /// values and advertise them as extensions with varying length and contents."
    static func add(to extensions: inout ExtensionBlock) {
        let random = SystemRandomness.bytes(1)[0]
        let type = ExtensionType(rawValue: value(UInt16(random & 0x0F)))
        extensions.order.append(type)
        extensions.unrecognized[type] = [UInt8](repeating: 0, count: Int(random >> 4))
    }

    /// RFC 8701 §3.1: a client may put them into the lists of cipher suites, versions, groups, signature algorithms and
    /// key shares, and may send extensions of these types.
    static func add(to hello: inout ClientHello, _ randomness: inout BufferedRandomness) {
        let values = values(6, &randomness)
        hello.cipherSuites.insert(CipherSuite(rawValue: values[0]), at: 0)
        hello.supportedVersions?.insert(ProtocolVersion(rawValue: values[1]), at: 0)
        hello.signatureAlgorithms?.insert(SignatureScheme(rawValue: values[5]), at: 0)
        let group = NamedGroup(rawValue: values[2])
        hello.supportedGroups?.insert(group, at: 0)
        hello.keyShares?.insert(KeyShareEntry(group: group, keyExchange: [0]), at: 0)
        for (value, content) in [(values[3], []), (values[4], [0])] as [(UInt16, [UInt8])] {
            let type = ExtensionType(rawValue: value)
            hello.extensions.order.append(type)
            hello.extensions.unrecognized[type] = content
        }
    }
}
