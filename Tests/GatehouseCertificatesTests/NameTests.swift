import GatehouseCrypto
import Testing

@testable import GatehouseCertificates

@Suite("Names")
struct NameTests {
    @Test(
        "hosts as people write them",
        arguments: [
            ("example.com", .dns("example.com")), ("EXAMPLE.com.", .dns("example.com")),
            ("xn--bcher-kva.de", .dns("xn--bcher-kva.de")),
            ("localhost", .dns("localhost")), ("192.0.2.1", .ipAddress([192, 0, 2, 1])),
            ("[::1]", .ipAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
            ("2001:db8::a:1", .ipAddress([0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 1])),
            ("::ffff:192.0.2.1", .ipAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1])),
            ("fe80::1%eth0", .ipAddress([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
            ("", nil), (".", nil), ("a..b", nil), ("*.example.com", nil), ("bücher.de", nil), ("1.2.3", nil),
            ("256.1.1.1", nil),
            ("01.2.3.4", nil), ("a b", nil), ("[example.com]", nil), (":::", nil), ("1::2::3", nil), ("12345::", nil),
            ("1:2:3:4:5:6:7", nil), ("1:2:3:4:5:6:7:8:9", nil), ("a\0b", nil),
        ] as [(String, ReferenceName?)])
    func hosts(text: String, name: ReferenceName?) {
        #expect(ReferenceName(host: text) == name)
    }

    @Test(
        "addresses are described in their canonical form (RFC 5952)",
        arguments: [
            ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::", "::"), ("1::", "1::"), ("0:0:0:0:0:0:0:2", "::2"),
            ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("192.0.2.1", "192.0.2.1"),
        ])
    func descriptions(text: String, description: String) {
        #expect(ReferenceName(host: text)?.description == description)
    }

    @Test(
        "DNS names of certificates against the name asked for (RFC 9525 §6.3)",
        arguments: [
            ("www.example.com", "www.example.com", true), ("WWW.example.COM", "www.example.com", true),
            ("*.example.com", "www.example.com", true), ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false), ("w*.example.com", "www.example.com", false),
            ("*w.example.com", "www.example.com", false), ("www.*.com", "www.example.com", false),
            ("*", "com", false), ("*.", "com", false), ("*.com", "example.com", true),
            ("www.example.com.", "www.example.com", false),
            ("**.example.com", "www.example.com", false), ("*.*.com", "www.example.com", false),
            ("xn--*.example.com", "xn--a.example.com", false),
            ("www.example.com\u{0}.evil.org", "www.example.com", false),
            ("", "www.example.com", false), ("192.0.2.1", "www.example.com", false),
        ])
    func dnsNames(presented: String, asked: String, isMatch: Bool) throws {
        var template = CertificateTemplate(commonName: asked, notBefore: 0, notAfter: 1)
        template.dnsNames = [presented]
        let certificate = try template.selfSigned(with: .generate(.p256), serialNumber: [1])
        #expect(certificate.isIssued(for: .dns(asked)) == isMatch)
    }

    @Test("B-53 every kind of name is compared with its own kind only")
    func kinds() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let names =
            "DNS:a.example,IP:192.0.2.1,email:user@b.example,URI:sips:c.example,URI:https://d.example:1/x,"
            + "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp.e.example,otherName:1.2.3.4;IA5:_xmpp.f.example,RID:1.2.3"
        let certificate = try openssl.issue("leaf", CertificateSpec.root.with("subjectAltName", names))
        let matching: [ReferenceName] = [
            .dns("a.example"), .ipAddress([192, 0, 2, 1]), .email("user@B.example"),
            .uri(scheme: "HTTPS", host: "d.EXAMPLE"), .service("xmpp", domain: "e.example"),
        ]
        for name in matching { #expect(certificate.isIssued(for: name), "\(name)") }
        let others: [ReferenceName] = [
            .dns("192.0.2.1"), .dns("b.example"), .dns("d.example"), .dns("_xmpp.e.example"), .email("User@b.example"),
            .email("a.example"), .uri(scheme: "http", host: "d.example"), .uri(scheme: "sips", host: "c.example"),
            .service("xmpp", domain: "f.example"), .service("imap", domain: "e.example"),
            .ipAddress(Array("a.example".utf8)), .ipAddress([192, 0, 2, 2]),
        ]
        for name in others { #expect(!certificate.isIssued(for: name), "\(name)") }
    }

    @Test("directory names match without regard to case, white space and string type (RFC 5280 §7.1)")
    func directoryNames() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        func subject(_ text: String, _ name: String) throws -> DistinguishedName {
            try openssl.issue(name, CertificateSpec.root.with { $0.subject = text }).subject
        }
        let one = try subject("C=DE\nO=Some  Company\nCN=Root", "one")
        let two = try subject("C=DE\nO=SOME COMPANY\nCN=root ", "two")
        let other = try subject("C=DE\nO=SomeCompany\nCN=Root", "other")
        #expect(one == two)
        #expect(one.hashValue == two.hashValue)
        #expect(one.der != two.der)
        #expect(one != other)
        #expect(one.description == "C=DE, O=Some  Company, CN=Root")
        #expect(one.commonName == "Root")
    }

    @Test("B-13 what is printed has nothing that turns or hides text, and is cut at its limit")
    func printed() {
        for (text, expected) in [
            ("", ""), ("CN=Root", "CN=Root"), ("12345678", "12345678"), ("123456789", "12345678…"),
            ("a\u{7F}b\u{1B}[m", "a?b?[m"), ("a\u{202E}b", "a?b"), ("a\u{0}\u{2028}", "a??"), ("Bücher", "Bücher"),
            ("üüüüüüüü", "üüüüüüüü"), ("üüüüüüüüü", "üüüüüüüü…"),
        ] {
            #expect(printable(text, limit: 8) == expected)
        }
    }
}
