import Foundation
import GatehouseCertificates
import Testing

/// A CA that keeps an index of what it has revoked, for `openssl ca` and `openssl ocsp`.
struct RevokingAuthority {
    let openssl: OpenSSL
    let chain: MadeChain

    init(_ spec: TestChain = TestChain()) throws {
        openssl = try OpenSSL()
        chain = try spec.make(with: openssl)
        for authority in ["root", "intermediate"] {
            try openssl.write("", "\(authority).index")
            try openssl.write("01\n", "\(authority).crlnumber")
        }
    }

    /// Writes down the certificate in `name.pem` as `authority`'s: valid (`V`) or revoked (`R`).
    func enter(_ name: String, of authority: String, isRevoked: Bool) throws {
        let serial = try openssl.certificate(name).serialNumber.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        let state = isRevoked ? "R\t400101000000Z\t261101000000Z" : "V\t400101000000Z\t"
        try openssl.write("\(state)\t\(serial)\tunknown\t/CN=x\n", "\(authority).index")
    }

    /// A revocation list of `authority`.
    func list(
        of authority: String, extensions: [String] = [], hours: Int = 24, signer: String? = nil
    ) throws -> CertificateRevocationList {
        try openssl.write(
            """
            [ca]
            default_ca=this
            [this]
            database=\(authority).index
            crlnumber=\(authority).crlnumber
            default_md=sha256
            crl_extensions=extensions
            [extensions]
            authorityKeyIdentifier=keyid
            \(extensions.joined(separator: "\n"))
            [point]
            fullname=URI:http://crl.example.com/a.crl
            [others]
            fullname=URI:http://crl.example.com/b.crl
            [users]
            onlyuser=TRUE
            [authorities]
            onlyCA=TRUE
            [some]
            onlysomereasons=keyCompromise,CACompromise
            [rest]
            onlysomereasons=affiliationChanged,superseded,cessationOfOperation,certificateHold,privilegeWithdrawn,AACompromise
            [indirect]
            indirectCRL=TRUE
            [directory]
            fullname=dirName:pointName
            [relative]
            relativename=lastName
            [pointName]
            CN=Test Intermediate
            OU=Lists
            [lastName]
            OU=Lists
            [own]
            fullname=dirName:issuerName
            [issuerName]
            CN=Test Intermediate
            """, "ca.cnf")
        let name = signer ?? authority
        try openssl.run([
            "ca", "-config", "ca.cnf", "-gencrl", "-crlhours", "\(hours)", "-cert", "\(name).pem", "-keyfile",
            "\(name).key", "-out", "list.pem",
        ])
        return try #require(CertificateRevocationList.lists(pem: openssl.read("list.pem")).first)
    }

    func findings(
        _ lists: [CertificateRevocationList], _ revocation: VerificationPolicy.Revocation = .ifAvailable,
        profile: VerificationPolicy.Profile = .rfc5280, at time: UnixTime? = nil
    ) -> [String] {
        var policy = VerificationPolicy.default
        policy.revocation = revocation
        policy.profile = profile
        var evidence = RevocationEvidence()
        evidence.revocationLists = lists
        return chain.verify(policy: policy, at: time, evidence: evidence).findings
    }
}

@Suite("Revocation lists")
struct RevocationListTests {
    @Test("a listed certificate is revoked, leaf or CA; others are not")
    func revoked() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        let clean = [try authority.list(of: "root"), try authority.list(of: "intermediate")]
        #expect(authority.findings(clean, .required) == [])
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        let listed = try authority.list(of: "intermediate")
        #expect(listed.count == 1)
        #expect(authority.findings([listed]) == ["certificateRevoked at 0"])
        #expect(authority.findings([clean[1], listed]) == ["certificateRevoked at 0"])
        #expect(authority.findings([listed], .off) == [])
        try authority.enter("intermediate", of: "root", isRevoked: true)
        #expect(authority.findings([try authority.list(of: "root")]) == ["certificateRevoked at 1"])
    }

    @Test("without a list nothing is said, unless lists are required")
    func missing() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        #expect(authority.findings([]) == [])
        #expect(
            authority.findings([], .required) == ["certificateStatusUnknown at 0", "certificateStatusUnknown at 1"])
        #expect(
            authority.findings([try authority.list(of: "intermediate")], .required)
                == ["certificateStatusUnknown at 1"])
    }

    @Test("a list counts from thisUpdate to nextUpdate")
    func time() throws {
        let authority = try RevokingAuthority(
            TestChain(intermediate: .intermediate, leaf: .leaf))
        defer { authority.openssl.remove() }
        let list = try authority.list(of: "intermediate", hours: 2)
        let end = try #require(list.nextUpdate)
        #expect(authority.findings([list], at: end) == [])
        #expect(authority.findings([list], at: end + 1) == ["revocationListExpired at 0"])
        #expect(list.thisUpdate < end)
    }

    @Test("a list is signed by the issuer, with a key that may sign lists")
    func signature() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        // The right name, another key.
        try authority.openssl.issue("impostor", .intermediate)
        let forged = try authority.list(of: "intermediate", signer: "impostor")
        #expect(authority.findings([forged]) == ["invalidRevocationList at 0"])
        #expect(authority.findings([forged, try authority.list(of: "intermediate")]) == [])
        let silent = try RevokingAuthority(
            TestChain(intermediate: .intermediate.with("keyUsage", "critical,keyCertSign")))
        defer { silent.openssl.remove() }
        #expect(silent.findings([try silent.list(of: "intermediate")]) == ["invalidRevocationList at 0"])
    }

    @Test("another key of the issuer may sign the list when a path leads to it")
    func separateKey() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        let signer = try authority.openssl.issue(
            "signer", CertificateSpec.intermediate.with("keyUsage", "critical,cRLSign"), by: "root")
        let list = try authority.list(of: "intermediate", signer: "signer")
        var evidence = RevocationEvidence()
        evidence.revocationLists = [list]
        let chain = authority.chain
        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [chain.root]))
        func findings(_ certificates: [Certificate]) -> [String] {
            verifier.verify(
                certificates, name: nil, purpose: .serverAuthentication, at: chain.now, evidence: evidence
            ).findings
        }
        #expect(findings([chain.leaf, chain.intermediate, signer]) == ["certificateRevoked at 0"])
        #expect(findings([chain.leaf, chain.intermediate]) == ["invalidRevocationList at 0"])
    }

    @Test("delta and indirect lists are refused, with the reason")
    func kinds() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        let delta = try authority.list(of: "intermediate", extensions: ["2.5.29.27=critical,DER:020101"])
        #expect(authority.findings([delta]) == ["unsupportedRevocationList at 0"])
        let indirect = try authority.list(
            of: "intermediate", extensions: ["issuingDistributionPoint=critical,@indirect"])
        #expect(authority.findings([indirect]) == ["unsupportedRevocationList at 0"])
        let unknown = try authority.list(of: "intermediate", extensions: ["1.2.3.4=critical,DER:0500"])
        #expect(authority.findings([unknown]) == ["unsupportedRevocationList at 0"])
    }

    @Test("a list is about what its issuing distribution point says")
    func scope() throws {
        let points = "URI:http://crl.example.com/a.crl"
        let authority = try RevokingAuthority(
            TestChain(leaf: .leaf.with { $0.extensions.append("crlDistributionPoints=\(points)") }))
        defer { authority.openssl.remove() }
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        func findings(_ section: String) throws -> [String] {
            let list = try authority.list(
                of: "intermediate", extensions: ["issuingDistributionPoint=critical,@\(section)"])
            return authority.findings([list])
        }
        #expect(try findings("point") == ["certificateRevoked at 0"])
        #expect(try findings("others") == [])
        #expect(try findings("users") == ["certificateRevoked at 0"])
        #expect(try findings("authorities") == [])
        #expect(try findings("some") == ["certificateRevoked at 0"])
    }

    @Test(
        "points and lists named relative to their issuer match those named in full",
        arguments: ["fullname=dirName:pointName", "relativename=lastName"], ["directory", "relative"])
    func relativeNames(point: String, list: String) throws {
        let leaf = CertificateSpec.leaf.with {
            $0.extensions.append("crlDistributionPoints=point")
            $0.sections = [
                "point": point, "pointName": "CN=Test Intermediate\nOU=Lists", "lastName": "OU=Lists",
            ]
        }
        let authority = try RevokingAuthority(TestChain(leaf: leaf))
        defer { authority.openssl.remove() }
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        let listed = try authority.list(of: "intermediate", extensions: ["issuingDistributionPoint=critical,@\(list)"])
        #expect(authority.findings([listed]) == ["certificateRevoked at 0"])
        let other = try authority.list(of: "intermediate", extensions: ["issuingDistributionPoint=critical,@point"])
        #expect(authority.findings([other]) == [])
    }

    @Test("a list that no point leads to counts if it is the issuer's own")
    func ownName() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        let own = try authority.list(of: "intermediate", extensions: ["issuingDistributionPoint=critical,@own"])
        #expect(authority.findings([own]) == ["certificateRevoked at 0"])
    }

    @Test("a point holds the reasons that it says")
    func pointReasons() throws {
        func findings(_ reasons: String) throws -> [String] {
            let leaf = CertificateSpec.leaf.with {
                $0.extensions.append("crlDistributionPoints=point")
                $0.sections = ["point": "fullname=URI:http://crl.example.com/a.crl\n\(reasons)"]
            }
            let authority = try RevokingAuthority(TestChain(leaf: leaf))
            defer { authority.openssl.remove() }
            let lists = [
                try authority.list(of: "root"),
                try authority.list(of: "intermediate", extensions: ["issuingDistributionPoint=critical,@point"]),
            ]
            return authority.findings(lists, .required)
        }
        #expect(try findings("") == [])
        #expect(try findings("reasons=keyCompromise,CACompromise") == ["certificateStatusUnknown at 0"])
    }

    @Test("a list of somebody whom a point names, but which is not indirect, is about other certificates")
    func otherIssuers() throws {
        let leaf = CertificateSpec.leaf.with {
            $0.extensions.append("crlDistributionPoints=point")
            $0.sections = ["point": "CRLissuer=dirName:other", "other": "CN=Test Root"]
        }
        let authority = try RevokingAuthority(TestChain(leaf: leaf))
        defer { authority.openssl.remove() }
        let direct = try authority.list(of: "root")
        #expect(authority.findings([direct], .required) == ["certificateStatusUnknown at 0"])
        let indirect = try authority.list(of: "root", extensions: ["issuingDistributionPoint=critical,@indirect"])
        #expect(authority.findings([direct, indirect]) == ["unsupportedRevocationList at 0"])
    }

    @Test("what a delta says is newer than what a complete list does")
    func deltas() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        let complete = try authority.list(of: "intermediate")
        let delta = try authority.list(of: "intermediate", extensions: ["2.5.29.27=critical,DER:020101"])
        #expect(authority.findings([complete, delta]) == ["unsupportedRevocationList at 0"])
        #expect(authority.findings([delta, complete]) == ["unsupportedRevocationList at 0"])
    }

    @Test("a negative serial number is revoked as any other, and is not its positive twin")
    func negativeSerialNumbers() throws {
        let authority = try RevokingAuthority(TestChain(leaf: .leaf.with { $0.signing = ["-set_serial", "-1"] }))
        defer { authority.openssl.remove() }
        #expect(authority.chain.leaf.serialNumber == [0xFF])
        try authority.openssl.write("R\t400101000000Z\t261101000000Z\tFF\tunknown\t/CN=x\n", "intermediate.index")
        #expect(authority.findings([try authority.list(of: "intermediate")]) == [])
    }

    @Test("every truncation and change of a list is an error or says nothing new")
    func hostileLists() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        let list = try authority.list(
            of: "intermediate", extensions: ["issuingDistributionPoint=critical,@users"])
        #expect(authority.findings([list]) == ["certificateRevoked at 0"])
        let der = list.der
        for count in der.indices {
            #expect(throws: CertificateError.self) { try CertificateRevocationList(der: Array(der[..<count])) }
        }
        #expect(throws: CertificateError.self) { try CertificateRevocationList(der: der + [0]) }
        var root: [CertificateRevocationList] = [try authority.list(of: "root")]
        for index in der.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var changed = der
                changed[index] ^= mask
                guard let list = try? CertificateRevocationList(der: changed) else { continue }
                root = [root[0], list]
                // Whoever changes a list can make it say nothing, but never that a certificate is good.
                #expect(!authority.findings(root, .required).isEmpty, "byte \(index) xor \(mask)")
            }
        }
    }

    @Test("lists of some reasons tell the status together only")
    func reasons() throws {
        let authority = try RevokingAuthority()
        defer { authority.openssl.remove() }
        let root = try authority.list(of: "root")
        let lists = try ["some", "rest"].map {
            try authority.list(of: "intermediate", extensions: ["issuingDistributionPoint=critical,@\($0)"])
        }
        #expect(authority.findings([root, lists[0]], .required) == ["certificateStatusUnknown at 0"])
        #expect(authority.findings([root, lists[1]], .required) == ["certificateStatusUnknown at 0"])
        #expect(authority.findings([root] + lists, .required) == [])
    }
}
