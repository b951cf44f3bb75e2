/// Certificate policies (RFC 5280 §6.1.2 to §6.1.5, as RFC 9618 changes them).
extension PathValidator {
    mutating func checkPolicies() throws(PathBudget.Exceeded) {
        let policy = request.policy
        let certificates = isAnchor(path.count - 1) ? Array(path.dropLast()) : path
        checkMappings(certificates)
        // Unless somebody requires an explicit policy, explicit_policy stays above zero and nothing can fail.
        let isRequired =
            policy.requiresExplicitPolicy
            || certificates.contains { $0.fields.extensions.policyConstraints?.requireExplicitPolicy != nil }
        guard isRequired else { return }

        let count = certificates.count
        // §6.1.2 (d) to (f).
        var explicitPolicy = policy.requiresExplicitPolicy ? 0 : count + 1
        var inhibitAnyPolicy = policy.inhibitsAnyPolicy ? 0 : count + 1
        var policyMapping = policy.inhibitsPolicyMapping ? 0 : count + 1
        var graph = PolicyGraph()
        for (depth, certificate) in certificates.enumerated().reversed() {
            let extensions = certificate.fields.extensions
            let isFinal = depth == 0
            try budget.spendSteps(10 * (extensions.policies?.count ?? 0) + 10 * (extensions.policyMappings?.count ?? 0))
            // §6.1.3 (d), (e).
            if let policies = extensions.policies {
                let countsAnyPolicy = inhibitAnyPolicy > 0 || !isFinal && certificate.isSelfIssued
                graph.descend(to: policies, countsAnyPolicy: countsAnyPolicy)
            } else {
                graph.clear()
            }
            // §6.1.3 (f): "Verify that either explicit_policy is greater than 0 or the valid_policy_graph is not equal
            // to NULL."
            guard explicitPolicy > 0 || !graph.isEmpty else {
                report(.policyViolation, depth, "the chain is valid under no certificate policy, and one is required")
                return
            }
            if !isFinal {
                // §6.1.4 (b), (h) to (j).
                if let mappings = extensions.policyMappings {
                    graph.map(mappings, isInhibited: policyMapping == 0)
                }
                if !certificate.isSelfIssued {
                    explicitPolicy = max(0, explicitPolicy - 1)
                    policyMapping = max(0, policyMapping - 1)
                    inhibitAnyPolicy = max(0, inhibitAnyPolicy - 1)
                }
                explicitPolicy = min(explicitPolicy, extensions.policyConstraints?.requireExplicitPolicy ?? count + 1)
                policyMapping = min(policyMapping, extensions.policyConstraints?.inhibitPolicyMapping ?? count + 1)
                inhibitAnyPolicy = min(inhibitAnyPolicy, extensions.inhibitAnyPolicy ?? count + 1)
            } else {
                // §6.1.5 (a), (b).
                explicitPolicy = max(0, explicitPolicy - 1)
                if extensions.policyConstraints?.requireExplicitPolicy == 0 { explicitPolicy = 0 }
            }
        }
        // §6.1.5 (g): "If either (1) the value of explicit_policy variable is greater than zero or (2) the
        // user_constrained_policy_set is not empty, then path processing has succeeded."
        if explicitPolicy == 0, !graph.isValid(under: policy.acceptablePolicies) {
            report(.policyViolation, 0, "the chain is valid under none of the acceptable certificate policies")
        }
    }

    /// §6.1.4 (a): "If a policy mappings extension is present, verify that the special value anyPolicy does not appear
    /// as an issuerDomainPolicy or a subjectDomainPolicy."
    private mutating func checkMappings(_ certificates: [Certificate]) {
        for (depth, certificate) in certificates.enumerated().dropFirst() {
            let mappings = certificate.fields.extensions.policyMappings ?? []
            if mappings.contains(where: { $0.issuerDomain == .anyPolicy || $0.subjectDomain == .anyPolicy }) {
                report(.policyViolation, depth, "it maps anyPolicy, which must not be mapped")
            }
        }
    }
}
