import Gatehouse
import GatehouseSystem
import Testing

/// Headers of the PROXY protocol, as bytes.
enum ProxyBytes {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    static let ipv4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0xDC, 0x04, 0x01, 0xBB]

    static func v2(_ command: UInt8 = 0x21, _ family: UInt8 = 0x11, _ body: [UInt8] = ipv4) -> [UInt8] {
        signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    static let v1 = Array("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n".utf8)

    /// A checksum TLV behind the addresses, computed bit by bit from the polynomial's other form.
    static func v2WithChecksum() -> [UInt8] {
        var header = v2(0x21, 0x11, ipv4 + [0x03, 0, 4, 0, 0, 0, 0])
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in header {
            for bit in 0..<8 {
                let isSet = (remainder ^ UInt32(byte >> bit)) & 1 == 1
                remainder = remainder >> 1 ^ (isSet ? 0x82F6_3B78 : 0)
            }
        }
        remainder = ~remainder
        for index in 0..<4 {
            header[header.count - 4 + index] = UInt8(truncatingIfNeeded: remainder >> (24 - 8 * index))
        }
        return header
    }
}

@Suite struct ProxyHeaderTests {
    /// The header's two ends, `local` without them, or what is wrong.
    private func reading(_ bytes: [UInt8]) -> String {
        do {
            guard let (header, length) = try ProxyHeader.read(bytes[...]) else { return "more" }
            guard length <= bytes.count else { return "too much" }
            guard let source = header.source, let destination = header.destination else { return "local \(length)" }
            return "\(source) \(destination) \(length)"
        } catch {
            switch error {
            case .missing: return "missing"
            case .tooLong: return "too long"
            case .malformed: return "malformed"
            }
        }
    }

    private func reading(_ text: String) -> String { reading(Array(text.utf8)) }

    @Test("PROXY v1: what reads, what does not")
    func first() {
        #expect(reading(ProxyBytes.v1) == "192.0.2.1:56324 198.51.100.2:443 45")
        #expect(reading(ProxyBytes.v1 + [22, 3, 1]) == "192.0.2.1:56324 198.51.100.2:443 45")
        #expect(reading("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n") == "[2001:db8::1]:1 [::1]:65535 36")
        #expect(reading("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n") == "192.0.2.1:1 [::1]:2 37")
        #expect(reading("PROXY UNKNOWN\r\n") == "local 15")
        let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
        #expect(reading(longest) == "local 107")
        #expect(reading("PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n") == "too long")
        #expect(reading(String(longest.dropLast())) == "more")
        #expect(reading("PROXY UNKNOWN " + String(repeating: "x", count: 93)) == "too long")
        let malformed = [
            "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n",
            "PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 -1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 192.0.2.1 ::1 1 2\r\n", "PROXY TCP6 fe80::1%lo ::1 1 2\r\n", "PROXY UNKNOWN\n", "PROXY \n",
            "PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY UNKNOWN \u{E9}\r\n", "PROXY UNKNOWN a\rb\r\n",
        ]
        for text in malformed { #expect(reading(text) == "malformed", "\(text)") }
        for text in ["proxy TCP4", "GET / HTTP/1.1\r\n", "\u{16}\u{03}\u{01}", "PROXX", "\r\n\r\nX"] {
            #expect(reading(text) == "missing", "\(text)")
        }
        #expect(reading("") == "more")
    }

    @Test("PROXY v2: what reads, what does not")
    func second() {
        #expect(reading(ProxyBytes.v2()) == "192.0.2.1:56324 198.51.100.2:443 28")
        let six = [UInt8](repeating: 0, count: 15) + [1]
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 7]
        #expect(reading(ProxyBytes.v2(0x21, 0x21, mapped + six + [0, 1, 0, 2])) == "192.0.2.7:1 [::1]:2 52")
        // LOCAL drops whatever stands there.
        #expect(reading(ProxyBytes.v2(0x20, 0x00, [])) == "local 16")
        #expect(reading(ProxyBytes.v2(0x20, 0xFF, [1, 2, 3])) == "local 19")
        #expect(reading(ProxyBytes.v2(0x21, 0x00, [1, 2, 3])) == "local 19")
        #expect(reading(ProxyBytes.v2(0x21, 0x31, [UInt8](repeating: 1, count: 216))) == "local 232")
        // TLVs are passed over.
        #expect(reading(ProxyBytes.v2(0x21, 0x11, ProxyBytes.ipv4 + [0xEA, 0, 2, 9, 9, 4, 0, 0])).hasSuffix(" 36"))
        #expect(reading(ProxyBytes.v2WithChecksum()).hasSuffix(" 35"))
        var wrong = ProxyBytes.v2WithChecksum()
        wrong[16] ^= 1
        #expect(reading(wrong) == "malformed")
        let malformed = [
            ProxyBytes.v2(0x11), ProxyBytes.v2(0x31), ProxyBytes.v2(0x22), ProxyBytes.v2(0x2F),
            ProxyBytes.v2(0x21, 0x10), ProxyBytes.v2(0x21, 0x12), ProxyBytes.v2(0x21, 0x41), ProxyBytes.v2(0x21, 0x01),
            ProxyBytes.v2(0x21, 0x11, Array(ProxyBytes.ipv4.dropLast())), ProxyBytes.v2(0x21, 0x21),
            ProxyBytes.v2(0x21, 0x31), ProxyBytes.v2(0x21, 0x11, ProxyBytes.ipv4 + [4]),
            ProxyBytes.v2(0x21, 0x11, ProxyBytes.ipv4 + [4, 0]),
            ProxyBytes.v2(0x21, 0x11, ProxyBytes.ipv4 + [4, 0, 1]),
            ProxyBytes.v2(0x21, 0x11, ProxyBytes.ipv4 + [4, 0xFF, 0xFF, 1]),
            ProxyBytes.v2(0x21, 0x11, ProxyBytes.ipv4 + [3, 0, 3, 1, 2, 3]),
        ]
        for bytes in malformed { #expect(reading(bytes) == "malformed", "\(bytes)") }
        // 4 KiB in all, and not a byte more; the length is judged before the rest has come.
        let longest = ProxyBytes.v2(0x20, 0, [UInt8](repeating: 0, count: 4080))
        #expect(reading(longest) == "local 4096")
        #expect(reading(ProxyBytes.signature + [0x21, 0x11, 0x0F, 0xF1]) == "too long")
        #expect(reading(ProxyBytes.signature + [0x21, 0x11, 0xFF, 0xFF]) == "too long")
    }

    @Test("PROXY: every truncation asks for more, and every changed byte is safe")
    func hostile() {
        let headers = [
            ProxyBytes.v1, ProxyBytes.v2(), ProxyBytes.v2WithChecksum(),
            ProxyBytes.v2(0x21, 0x21, [UInt8](repeating: 1, count: 36) + [4, 0, 1, 9]),
        ]
        for header in headers {
            let whole = reading(header)
            #expect(whole.hasSuffix(" \(header.count)"))
            for count in 0..<header.count { #expect(reading(Array(header[..<count])) == "more") }
            for index in header.indices {
                for value in UInt8.min...UInt8.max where value != header[index] {
                    var changed = header
                    changed[index] = value
                    let result = reading(changed)
                    #expect(result != "too much")
                    // What the checksum covers cannot change unseen, but it does not cover that there is one (28), nor
                    // whether its header counts at all (12, 13).
                    if header == headers[2], ![12, 13, 28].contains(index) {
                        #expect(result != whole, "byte \(index) is \(value)")
                    }
                }
            }
        }
    }

    @Test("ranges of addresses")
    func ranges() throws {
        func contains(_ range: String, _ address: String) throws -> Bool {
            try #require(AddressRange(range)).contains(try #require(HostAddress(address)))
        }
        #expect(try contains("10.0.0.0/8", "10.255.0.1"))
        #expect(try !contains("10.0.0.0/8", "11.0.0.1"))
        #expect(try contains("10.1.2.3/8", "10.0.0.1"))
        #expect(try contains("192.0.2.1", "192.0.2.1"))
        #expect(try !contains("192.0.2.1", "192.0.2.2"))
        #expect(try contains("192.0.2.128/25", "192.0.2.255"))
        #expect(try !contains("192.0.2.128/25", "192.0.2.127"))
        #expect(try contains("0.0.0.0/0", "8.8.8.8"))
        #expect(try !contains("0.0.0.0/0", "::1"))
        #expect(try !contains("::/0", "8.8.8.8"))
        #expect(try contains("::/0", "2001:db8::1"))
        #expect(try contains("2001:db8::/33", "2001:db8:7fff::1"))
        #expect(try !contains("2001:db8::/33", "2001:db8:8000::1"))
        // An IPv4 client of a dual-stack server is an IPv4 client.
        #expect(try contains("192.0.2.0/24", "::ffff:192.0.2.9"))
        for text in [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "x/8", "10.0.0.0/8/8",
        ] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
        #expect(AddressRange("10.1.2.3/8")?.description == "10.0.0.0/8")
    }
}
