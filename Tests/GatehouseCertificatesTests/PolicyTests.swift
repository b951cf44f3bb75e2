import GatehouseCertificates
import Testing

@Suite("Certificate policies")
struct PolicyTests {
    private static let gold = "1.2.3.1"
    private static let silver = "1.2.3.2"

    /// A chain with these extensions in addition, and what is found when `policy` is asked for.
    private func findings(
        root: [String] = [], intermediate: [String] = [], leaf: [String] = [],
        _ change: (inout VerificationPolicy) -> Void
    ) throws -> [String] {
        let openssl = try OpenSSL()
        defer { openssl.remove() }
        let chain = try TestChain(
            root: .root.with { $0.extensions += root },
            intermediate: .intermediate.with { $0.extensions += intermediate },
            leaf: .leaf.with { $0.extensions += leaf }
        ).make(with: openssl)
        var policy = VerificationPolicy.default
        change(&policy)
        return chain.verify(policy: policy).findings
    }

    @Test("a policy has to go through the whole chain when one is required")
    func explicit() throws {
        let gold = ["certificatePolicies=\(Self.gold)"]
        let silver = ["certificatePolicies=\(Self.silver)"]
        let any = ["certificatePolicies=2.5.29.32.0"]
        let violation = ["policyViolation at 0"]
        #expect(try findings { _ in } == [])
        #expect(try findings { $0.requiresExplicitPolicy = true } == ["policyViolation at 1"])
        #expect(try findings(intermediate: gold, leaf: gold) { $0.requiresExplicitPolicy = true } == [])
        #expect(try findings(intermediate: gold, leaf: silver) { $0.requiresExplicitPolicy = true } == violation)
        #expect(try findings(intermediate: gold) { $0.requiresExplicitPolicy = true } == violation)
        #expect(try findings(intermediate: any, leaf: gold) { $0.requiresExplicitPolicy = true } == [])
        #expect(try findings(intermediate: gold, leaf: any) { $0.requiresExplicitPolicy = true } == [])
        #expect(
            try findings(intermediate: any, leaf: gold) {
                $0.requiresExplicitPolicy = true
                $0.inhibitsAnyPolicy = true
            } == ["policyViolation at 1"])
        #expect(
            try findings(intermediate: gold, leaf: gold) {
                $0.requiresExplicitPolicy = true
                $0.acceptablePolicies = ObjectIdentifier(Self.silver).map { [$0] }
            } == violation)
        #expect(
            try findings(intermediate: any, leaf: silver) {
                $0.requiresExplicitPolicy = true
                $0.acceptablePolicies = ObjectIdentifier(Self.silver).map { [$0] }
            } == [])
    }

    @Test("a CA can require a policy, and forbid anyPolicy below itself")
    func constraints() throws {
        let gold = "certificatePolicies=\(Self.gold)"
        let require = "policyConstraints=critical,requireExplicitPolicy:0"
        #expect(try findings(intermediate: [gold, require], leaf: [gold]) { _ in } == [])
        #expect(try findings(intermediate: [gold, require]) { _ in } == ["policyViolation at 0"])
        #expect(
            try findings(intermediate: [gold, "policyConstraints=critical,requireExplicitPolicy:1"]) { _ in }
                == ["policyViolation at 0"])
        #expect(
            try findings(intermediate: [gold, "policyConstraints=critical,requireExplicitPolicy:2"]) { _ in } == [])
        let any = "certificatePolicies=2.5.29.32.0"
        #expect(try findings(intermediate: [gold, require], leaf: [any]) { _ in } == [])
        #expect(
            try findings(intermediate: [gold, require, "inhibitAnyPolicy=critical,0"], leaf: [any]) { _ in }
                == ["policyViolation at 0"])
    }

    @Test("policies can be mapped, if nobody inhibits it, but anyPolicy cannot")
    func mappings() throws {
        let gold = "certificatePolicies=\(Self.gold)"
        let silver = "certificatePolicies=\(Self.silver)"
        let map = "policyMappings=\(Self.gold):\(Self.silver)"
        let require = "policyConstraints=critical,requireExplicitPolicy:0"
        #expect(try findings(intermediate: [gold, map, require], leaf: [silver]) { _ in } == [])
        #expect(try findings(intermediate: [gold, map, require], leaf: [gold]) { _ in } == ["policyViolation at 0"])
        #expect(
            try findings(intermediate: [gold, map, require], leaf: [silver]) { $0.inhibitsPolicyMapping = true }
                == ["policyViolation at 0"])
        #expect(
            try findings(intermediate: [gold, map, require], leaf: [silver]) {
                $0.acceptablePolicies = ObjectIdentifier(Self.gold).map { [$0] }
            } == [])
        #expect(
            try findings(intermediate: [gold, "policyMappings=2.5.29.32.0:\(Self.gold)"], leaf: [gold]) { _ in }
                == ["policyViolation at 1"])
    }
}
