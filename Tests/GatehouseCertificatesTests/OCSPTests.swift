import Foundation
import GatehouseCertificates
import Testing

@Suite("OCSP responses")
struct OCSPTests {
    /// A response of `responder` about certificates of the intermediate.
    private func response(
        _ authority: RevokingAuthority, about names: [String] = ["leaf"], responder: String = "intermediate",
        arguments: [String] = ["-ndays", "1"], nonce: Bool = false
    ) throws -> [UInt8] {
        let openssl = authority.openssl
        let questions = names.flatMap { ["-cert", "\($0).pem"] }
        try openssl.run(
            ["ocsp", "-issuer", "intermediate.pem"] + questions + ["-reqout", "request.der"]
                + (nonce ? ["-nonce"] : ["-no_nonce"]))
        try openssl.run(
            [
                "ocsp", "-index", "intermediate.index", "-CA", "intermediate.pem", "-rsigner", "\(responder).pem",
                "-rkey", "\(responder).key", "-reqin", "request.der", "-respout", "response.der",
            ] + arguments)
        return try openssl.read("response.der")
    }

    private func findings(
        _ authority: RevokingAuthority, stapled: [UInt8]?, at time: UnixTime? = nil, nonce: [UInt8]? = nil,
        revocation: VerificationPolicy.Revocation = .ifAvailable
    ) -> [String] {
        var policy = VerificationPolicy.default
        policy.revocation = revocation
        var evidence = RevocationEvidence()
        evidence.stapledResponse = stapled
        evidence.nonce = nonce
        return authority.chain.verify(policy: policy, at: time, evidence: evidence).findings
    }

    private func made(_ spec: TestChain = TestChain(), isRevoked: Bool = false) throws -> RevokingAuthority {
        let authority = try RevokingAuthority(spec)
        try authority.enter("leaf", of: "intermediate", isRevoked: isRevoked)
        return authority
    }

    @Test("good, revoked and unknown")
    func states() throws {
        let good = try made()
        defer { good.openssl.remove() }
        let response = try response(good)
        #expect(findings(good, stapled: response) == [])
        #expect(findings(good, stapled: response, revocation: .required) == ["certificateStatusUnknown at 1"])
        let revoked = try made(isRevoked: true)
        defer { revoked.openssl.remove() }
        #expect(findings(revoked, stapled: try self.response(revoked)) == ["certificateRevoked at 0"])
        try revoked.openssl.write("", "intermediate.index")
        #expect(findings(revoked, stapled: try self.response(revoked)) == ["ocspStatusUnknown at 0"])
    }

    @Test("what a response says, for people")
    func answers() throws {
        for isRevoked in [false, true] {
            let authority = try made(isRevoked: isRevoked)
            defer { authority.openssl.remove() }
            let answers = try OCSPAnswer.answers(in: try response(authority))
            #expect(answers.count == 1)
            let answer = try #require(answers.first)
            #expect(!answer.serialNumber.isEmpty)
            #expect(answer.thisUpdate < answer.nextUpdate ?? .min)
            switch answer.status {
            case .good: #expect(!isRevoked)
            case .revoked(let time): #expect(isRevoked && time <= answer.thisUpdate)
            case .unknown: Issue.record("unknown")
            }
        }
        #expect(throws: CertificateError.self) { try OCSPAnswer.answers(in: [1, 2]) }
    }

    @Test("B-52 of several answers, those about this certificate count")
    func severalAnswers() throws {
        let authority = try made(isRevoked: true)
        defer { authority.openssl.remove() }
        try authority.openssl.issue("other", .leaf, by: "intermediate")
        let index = try authority.openssl.read("intermediate.index")
        try authority.enter("other", of: "intermediate", isRevoked: false)
        let both = String(decoding: index + (try authority.openssl.read("intermediate.index")), as: UTF8.self)
        try authority.openssl.write(both, "intermediate.index")
        #expect(
            findings(authority, stapled: try response(authority, about: ["other", "leaf"]))
                == ["certificateRevoked at 0"])
        #expect(
            findings(authority, stapled: try response(authority, about: ["other"])) == [
                "ocspResponseCertIDUnknown at 0"
            ])
    }

    @Test("B-52 a responder is the issuer, or somebody whom the issuer certified for it")
    func responders() throws {
        let authority = try made()
        defer { authority.openssl.remove() }
        let purpose = CertificateSpec.leaf.with("extendedKeyUsage", "OCSPSigning")
        try authority.openssl.issue("delegate", purpose, by: "intermediate")
        #expect(findings(authority, stapled: try response(authority, responder: "delegate")) == [])
        for spec in [CertificateSpec.leaf, CertificateSpec.leaf.with("extendedKeyUsage", "anyExtendedKeyUsage")] {
            try authority.openssl.issue("unauthorized", spec, by: "intermediate")
            #expect(
                findings(authority, stapled: try response(authority, responder: "unauthorized"))
                    == ["ocspResponseCannotBeTrusted at 0"])
        }
        try authority.openssl.issue("foreign", purpose, by: "root")
        #expect(
            findings(authority, stapled: try response(authority, responder: "foreign"))
                == ["ocspResponseCannotBeTrusted at 0"])
    }

    @Test("B-52 a responder that the issuer certified can itself be revoked, unless its certificate says otherwise")
    func revokedResponders() throws {
        let authority = try made()
        defer { authority.openssl.remove() }
        let index = String(decoding: try authority.openssl.read("intermediate.index"), as: UTF8.self)
        let purpose = CertificateSpec.leaf.with("extendedKeyUsage", "OCSPSigning")
        let exempt = purpose.with { $0.extensions.append("noCheck=ignored") }
        func findings(
            _ spec: CertificateSpec, isRevoked: Bool, isListed: Bool = true,
            _ revocation: VerificationPolicy.Revocation = .ifAvailable
        ) throws -> [String] {
            try authority.openssl.issue("delegate", spec, by: "intermediate")
            try authority.enter("delegate", of: "intermediate", isRevoked: isRevoked)
            let list = try authority.list(of: "intermediate", extensions: ["issuingDistributionPoint=critical,@some"])
            try authority.openssl.write(index, "intermediate.index")
            var policy = VerificationPolicy.default
            policy.revocation = revocation
            var evidence = RevocationEvidence()
            evidence.stapledResponse = try response(authority, responder: "delegate")
            evidence.revocationLists = isListed ? [list] : []
            return authority.chain.verify(policy: policy, evidence: evidence).findings
        }
        #expect(try findings(purpose, isRevoked: false) == [])
        #expect(try findings(purpose, isRevoked: true) == ["ocspResponseCannotBeTrusted at 0"])
        #expect(try findings(exempt, isRevoked: true) == [])
        let unknownAbove = "certificateStatusUnknown at 1"
        #expect(
            try findings(purpose, isRevoked: false, isListed: false, .required)
                == ["ocspResponseCannotBeTrusted at 0", unknownAbove])
        #expect(try findings(exempt, isRevoked: false, isListed: false, .required) == [unknownAbove])
    }

    @Test("B-52 a response has its time")
    func time() throws {
        let authority = try made()
        defer { authority.openssl.remove() }
        let now = authority.chain.now - 3600
        let response = try response(authority)
        #expect(findings(authority, stapled: response, at: now + 86_400) == [])
        #expect(findings(authority, stapled: response, at: now + 2 * 86_400) == ["ocspResponseExpired at 0"])
        // A response of the future: the certificates are older than it by more than the clocks' tolerance.
        let early = authority.chain.verify(at: now).findings
        #expect(early == [])
        let endless = try self.response(authority, arguments: [])
        #expect(findings(authority, stapled: endless, at: now + 6 * 86_400) == [])
        #expect(findings(authority, stapled: endless, at: now + 8 * 86_400) == ["ocspResponseExpired at 0"])
    }

    @Test("a response without the nonce of the request is not believed")
    func nonce() throws {
        let authority = try made()
        defer { authority.openssl.remove() }
        let response = try response(authority)
        #expect(
            findings(authority, stapled: response, nonce: [1, 2, 3, 4]) == ["ocspResponseCannotBeTrusted at 0"])
    }

    @Test(
        "what is no response, and what a responder answers instead of one",
        arguments: [
            (1, "ocspMalformedRequest"), (2, "ocspInternalError"), (3, "ocspTryLater"), (5, "ocspSignatureRequired"),
            (6, "ocspUnauthorized"), (0, "ocspMalformedResponse"), (4, "ocspMalformedResponse"),
        ])
    func failures(status: UInt8, code: String) throws {
        let authority = try made()
        defer { authority.openssl.remove() }
        #expect(findings(authority, stapled: [0x30, 0x03, 0x0A, 0x01, status]) == ["\(code) at 0"])
        #expect(findings(authority, stapled: []) == ["ocspMalformedResponse at 0"])
    }

    @Test("a certificate that demands a stapled response needs one")
    func mustStaple() throws {
        let authority = try made(TestChain(leaf: .leaf.with { $0.extensions.append("tlsfeature=status_request") }))
        defer { authority.openssl.remove() }
        #expect(authority.chain.leaf.mustStaple)
        #expect(findings(authority, stapled: nil) == ["ocspNoResponseFound at 0"])
        #expect(findings(authority, stapled: nil, revocation: .off) == [])
        #expect(findings(authority, stapled: try response(authority)) == [])
    }

    @Test(
        "every truncation and every changed byte of a response is survived, and none makes a revoked certificate good")
    func mutations() throws {
        let authority = try made(isRevoked: true)
        defer { authority.openssl.remove() }
        let response = try response(authority)
        for count in response.indices {
            #expect(findings(authority, stapled: Array(response[..<count])) == ["ocspMalformedResponse at 0"])
        }
        for index in response.indices {
            var changed = response
            changed[index] ^= 0x01
            #expect(!findings(authority, stapled: changed).isEmpty, "byte \(index)")
        }
    }
}
