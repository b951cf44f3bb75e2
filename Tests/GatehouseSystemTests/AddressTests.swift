import GatehouseSystem
import Testing

@Suite struct AddressTests {
    @Test(
        "textual addresses read and print",
        arguments: ["127.0.0.1", "0.0.0.0", "255.1.2.3", "::", "::1", "2001:db8::8:800:200c:417a", "fe80::1%1"])
    func roundTrip(_ text: String) {
        #expect(HostAddress(text)?.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "1.2.3.4%1", "fe80::1%nonesuch", "::%0"])
    func refused(_ text: String) {
        #expect(HostAddress(text) == nil)
    }

    @Test("bytes read and print")
    func bytes() {
        #expect(HostAddress(bytes: [192, 0, 2, 1])?.description == "192.0.2.1")
        #expect(HostAddress(bytes: [UInt8](repeating: 0, count: 15) + [1]) == .localHostIPv6)
        #expect(HostAddress(bytes: [1, 2, 3]) == nil)
        #expect(HostAddress.localHostIPv6.bytes == [UInt8](repeating: 0, count: 15) + [1])
        #expect(HostAddress.localHost.bytes == [127, 0, 0, 1])
    }

    @Test("an IPv4 address inside IPv6 is an IPv4 address")
    func mapped() {
        #expect(HostAddress("::ffff:192.0.2.1") == HostAddress("192.0.2.1"))
    }

    @Test("endpoints print with their port")
    func endpoints() {
        #expect(Endpoint(address: .localHost, port: 443).description == "127.0.0.1:443")
        #expect(Endpoint(address: .localHostIPv6, port: 443).description == "[::1]:443")
    }

    @Test("names are looked up, addresses are taken as they are")
    func resolution() throws {
        #expect(try NameResolution.addresses(of: "192.0.2.1") == [HostAddress("192.0.2.1")])
        #expect(try NameResolution.addresses(of: "localhost").contains { $0 == .localHost || $0 == .localHostIPv6 })
        let failure = #expect(throws: NameResolution.Failure.self) {
            try NameResolution.addresses(of: "no such name.invalid")
        }
        #expect(failure?.description.hasPrefix("cannot find no such name.invalid: ") == true)
    }
}
