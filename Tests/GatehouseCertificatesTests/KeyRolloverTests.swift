import GatehouseCertificates
import GatehouseCrypto
import Testing

@Suite("CAs that change their keys")
struct KeyRolloverTests {
    /// A CA with a new key, which the root certified, has certified its old key itself; the leaf is signed with that.
    private func made(_ change: (inout TestChain) -> Void = { _ in }) throws -> (RevokingAuthority, [Certificate]) {
        var spec = TestChain()
        change(&spec)
        let authority = try RevokingAuthority(spec)
        let old = try authority.openssl.issue("old", .intermediate, by: "intermediate")
        let leaf = try authority.openssl.issue("old-leaf", .leaf, by: "old")
        return (authority, [leaf, old, authority.chain.intermediate])
    }

    private func verify(
        _ authority: RevokingAuthority, _ chain: [Certificate], _ evidence: RevocationEvidence = .none
    ) -> Verdict {
        var policy = VerificationPolicy.default
        policy.revocation = evidence == .none ? .ifAvailable : .required
        return CertificateVerifier(trustStore: TrustStore(anchors: [authority.chain.root]), policy: policy).verify(
            chain, name: nil, purpose: .serverAuthentication, at: authority.chain.now, evidence: evidence)
    }

    @Test("self-issued certificates lead from one key to the other, and count for no path length")
    func paths() throws {
        let (authority, chain) = try made {
            $0.root = $0.root.with("basicConstraints", "critical,CA:TRUE,pathlen:1")
            $0.intermediate = $0.intermediate.with("basicConstraints", "critical,CA:TRUE,pathlen:0")
        }
        defer { authority.openssl.remove() }
        #expect(verify(authority, chain) == .verified(path: chain + [authority.chain.root]))
        #expect(
            verify(authority, [chain[0], chain[2]]).findings == [
                "unableToGetLocalIssuerCertificate at 0", "unableToVerifyFirstCertificate at 0",
            ])
        let below = try authority.openssl.issue("below", .intermediate.with { $0.subject = "CN=Below" }, by: "old")
        let leaf = try authority.openssl.issue("below-leaf", .leaf, by: "below")
        #expect(
            verify(authority, [leaf, below] + chain.dropFirst()).findings == [
                "pathLengthExceeded at 3", "pathLengthExceeded at 4",
            ])
    }

    @Test("a list signed with the new key tells about what the old key signed")
    func lists() throws {
        let (authority, chain) = try made()
        defer { authority.openssl.remove() }
        var evidence = RevocationEvidence()
        evidence.revocationLists = [try authority.list(of: "root"), try authority.list(of: "intermediate")]
        #expect(verify(authority, chain, evidence).isVerified)
        try authority.enter("old-leaf", of: "intermediate", isRevoked: true)
        evidence.revocationLists[1] = try authority.list(of: "intermediate")
        #expect(verify(authority, chain, evidence).findings == ["certificateRevoked at 0"])
        try authority.enter("old", of: "intermediate", isRevoked: true)
        evidence.revocationLists[1] = try authority.list(of: "intermediate")
        #expect(verify(authority, chain, evidence).findings == ["certificateRevoked at 1"])
    }

    @Test("a list signed with the old key counts if a path leads to it, for which it cannot vouch itself")
    func oldLists() throws {
        let point = "crlDistributionPoints=URI:http://crl.example.com/a.crl"
        let (authority, chain) = try made { $0.leaf.extensions.append(point) }
        defer { authority.openssl.remove() }
        try authority.enter("leaf", of: "intermediate", isRevoked: true)
        let leaf = authority.chain.leaf
        func findings(_ extensions: [String], _ certificates: [Certificate]) throws -> [String] {
            var evidence = RevocationEvidence()
            evidence.revocationLists = [
                try authority.list(of: "intermediate", extensions: extensions, signer: "old")
            ]
            return CertificateVerifier(trustStore: TrustStore(anchors: [authority.chain.root])).verify(
                certificates, name: nil, purpose: .serverAuthentication, at: authority.chain.now, evidence: evidence
            ).findings
        }
        let onlyLeaf = ["issuingDistributionPoint=critical,@point"]
        #expect(try findings(onlyLeaf, [leaf] + chain.dropFirst()) == ["certificateRevoked at 0"])
        #expect(try findings(onlyLeaf, [leaf, chain[2]]) == ["invalidRevocationList at 0"])
        #expect(try findings([], [leaf] + chain.dropFirst()) == ["invalidRevocationList at 0"])
    }
}
