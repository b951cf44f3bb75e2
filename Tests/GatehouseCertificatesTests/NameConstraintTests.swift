import GatehouseCertificates
import Testing

/// Names of a leaf under constraints of its CA.
struct ConstraintCase: Sendable, CustomTestStringConvertible {
    let constraints: String
    let names: String
    let isAllowed: Bool
    var subject = "CN=leaf"

    init(_ constraints: String, _ names: String, _ isAllowed: Bool, subject: String = "CN=leaf") {
        self.constraints = constraints
        self.names = names
        self.isAllowed = isAllowed
        self.subject = subject
    }

    var testDescription: String { "\(constraints) | \(names) | \(subject)" }
}

@Suite("Name constraints")
struct NameConstraintTests {
    static let cases: [ConstraintCase] = [
        ConstraintCase("permitted;DNS:example.com", "DNS:example.com", true),
        ConstraintCase("permitted;DNS:example.com", "DNS:WWW.Example.COM", true),
        ConstraintCase("permitted;DNS:example.com", "DNS:badexample.com", false),
        ConstraintCase("permitted;DNS:example.com", "DNS:example.com.evil.org", false),
        ConstraintCase("permitted;DNS:example.com", "DNS:*.example.com", true),
        ConstraintCase("permitted;DNS:www.example.com", "DNS:*.example.com", false),
        ConstraintCase("permitted;DNS:example.com", "DNS:example.com,DNS:other.org", false),
        ConstraintCase("permitted;DNS:example.com", "IP:192.0.2.1", true),
        ConstraintCase("permitted;DNS:.example.com", "DNS:www.example.com", true),
        ConstraintCase("permitted;DNS:.example.com", "DNS:example.com", false),
        // B-50: excluded constraints without regard to case; wildcards against constraints.
        ConstraintCase("excluded;DNS:example.com", "DNS:www.EXAMPLE.com", false),
        ConstraintCase("excluded;DNS:EXAMPLE.com", "DNS:www.example.com", false),
        ConstraintCase("excluded;DNS:www.example.com", "DNS:*.example.com", false),
        ConstraintCase("excluded;DNS:a.www.example.com", "DNS:*.example.com", true),
        ConstraintCase("excluded;DNS:example.com", "DNS:example.org", true),
        ConstraintCase("excluded;DNS:example.com", "DNS:www.example.com.", false),
        ConstraintCase("permitted;DNS:example.com,excluded;DNS:bad.example.com", "DNS:x.bad.example.com", false),
        ConstraintCase("permitted;DNS:example.com,excluded;DNS:bad.example.com", "DNS:good.example.com", true),
        ConstraintCase("permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.2.255", true),
        ConstraintCase("permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.3.1", false),
        ConstraintCase("permitted;IP:192.0.2.0/255.255.255.0", "IP:::ffff:192.0.2.1", false),
        ConstraintCase("excluded;IP:0.0.0.0/0.0.0.0", "IP:192.0.2.1", false),
        ConstraintCase("excluded;IP:0.0.0.0/0.0.0.0", "IP:2001:db8::1", true),
        ConstraintCase("excluded;IP:2001:db8::/ffff:ffff::", "IP:2001:db8::1", false),
        // B-50: e-mail forms: a mailbox, a host, a domain.
        ConstraintCase("permitted;email:user@example.com", "email:user@EXAMPLE.com", true),
        ConstraintCase("permitted;email:user@example.com", "email:User@example.com", false),
        ConstraintCase("permitted;email:example.com", "email:user@example.com", true),
        ConstraintCase("permitted;email:example.com", "email:user@mail.example.com", false),
        ConstraintCase("permitted;email:.example.com", "email:user@mail.example.com", true),
        ConstraintCase("permitted;email:.example.com", "email:user@example.com", false),
        ConstraintCase("permitted;email:example.com", "email:user@evil.org@example.com", false),
        ConstraintCase("excluded;email:example.com", "email:user@Example.Com", false),
        // B-50: URIs: the host decides; one that is an address, with or without a zone, cannot be judged.
        ConstraintCase("permitted;URI:example.com", "URI:https://example.com/path?q#f", true),
        ConstraintCase("permitted;URI:example.com", "URI:https://user@EXAMPLE.com:8443/", true),
        ConstraintCase("permitted;URI:example.com", "URI:https://example.com@evil.org/", false),
        ConstraintCase("permitted;URI:example.com", "URI:https://www.example.com/", false),
        ConstraintCase("permitted;URI:.example.com", "URI:https://www.example.com/", true),
        ConstraintCase("permitted;URI:.example.com", "URI:https://example.com/", false),
        ConstraintCase("excluded;URI:example.com", "URI:https://[2001:db8::1]/", false),
        ConstraintCase("excluded;URI:example.com", "URI:https://[fe80::1%25.example.com]/", false),
        ConstraintCase("permitted;URI:.example.com", "URI:https://[fe80::1%25.example.com]/", false),
        ConstraintCase("excluded;URI:example.com", "URI:https://192.0.2.1/", false),
        ConstraintCase("excluded;URI:example.com", "URI:urn:a:b", false),
        // Directory names: the subject and those among the alternative names.
        ConstraintCase("permitted;dirName:base", "DNS:a.example", true, subject: "O=Example\nCN=leaf"),
        ConstraintCase("permitted;dirName:base", "DNS:a.example", true, subject: "O= EXAMPLE \nCN=leaf"),
        ConstraintCase("permitted;dirName:base", "DNS:a.example", false, subject: "O=Other\nCN=leaf"),
        ConstraintCase("permitted;dirName:base", "DNS:a.example", false, subject: "CN=leaf\nO=Example"),
        ConstraintCase("excluded;dirName:base", "DNS:a.example", false, subject: "O=Example\nCN=leaf"),
        ConstraintCase("excluded;dirName:base", "dirName:base", false),
        ConstraintCase("permitted;dirName:base", "dirName:base", false),
        // Forms whose subtrees nobody defines.
        ConstraintCase("permitted;otherName:1.2.3.4;UTF8:a", "otherName:1.2.3.4;UTF8:a", false),
        ConstraintCase("permitted;otherName:1.2.3.4;UTF8:a", "DNS:a.example", true),
        // E-mail addresses of subjects count when there are no alternative names.
        ConstraintCase("permitted;email:example.com", "", true, subject: "emailAddress=a@example.com"),
        ConstraintCase("permitted;email:example.com", "", false, subject: "emailAddress=a@other.org"),
    ]

    @Test("B-50 constraints and names", arguments: cases)
    func constraint(testCase: ConstraintCase) throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let base = ["base": "O=Example"]
        var intermediate = CertificateSpec.intermediate.with { $0.sections = base }
        intermediate.extensions.append("nameConstraints=critical,\(testCase.constraints)")
        var leaf = CertificateSpec.leaf.with {
            $0.sections = base
            $0.subject = testCase.subject
        }
        leaf = leaf.with("subjectAltName", testCase.names.isEmpty ? nil : testCase.names)
        let chain = try TestChain(intermediate: intermediate, leaf: leaf).make(with: openssl)
        #expect(chain.verify(name: nil).findings == (testCase.isAllowed ? [] : ["nameConstraintViolation at 0"]))
    }

    @Test("constraints bind intermediates that are not self-issued, and those of a root bind too")
    func intermediates() throws {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let root = CertificateSpec.root.with("nameConstraints", "critical,permitted;DNS:example.com")
        let other = CertificateSpec.intermediate.with("subjectAltName", "DNS:ca.example.org")
        #expect(
            try TestChain(root: root, intermediate: other).make(with: openssl).verify().findings
                == ["nameConstraintViolation at 1"])
        let selfIssued = other.with { $0.subject = CertificateSpec.root.subject }
        #expect(try TestChain(root: root, intermediate: selfIssued).make(with: openssl).verify().findings == [])
    }
}
