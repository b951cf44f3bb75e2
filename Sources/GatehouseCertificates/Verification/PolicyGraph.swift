/// Under which certificate policies a path is valid, as the graph of RFC 9618 §3.
///
/// RFC 5280's tree has a node for every way that leads to a policy, and grows exponentially when CAs map many policies
/// to many. The graph has one node for every policy at every depth; a node's parents are the policies of the level
/// above that it follows from.
///
///     depth 0        anyPolicy
///                    ╱       ╲
///     depth 1     gold       silver        (what the first CA's certificate lists)
///                    ╲       ╱
///     depth 2         medium               (gold and silver are mapped to medium)
struct PolicyGraph {
    private struct Node {
        /// What counts as this policy at the next depth.
        var expected: Set<ObjectIdentifier>
        /// The nodes of the level above that it follows from.
        let parents: Set<ObjectIdentifier>
    }

    /// The nodes of each depth by their policies. A node without children stays: nothing looks at it again but
    /// `policies(acceptable:)`, which starts at the last level.
    private var levels: [[ObjectIdentifier: Node]] = [[.anyPolicy: Node(expected: [.anyPolicy], parents: [])]]

    /// Whether the path is valid under no policy any more ("the valid_policy_graph is NULL").
    var isEmpty: Bool { levels[levels.count - 1].isEmpty }

    /// RFC 9618 §5.2, step (d): the next certificate's policies; `countsAnyPolicy` tells whether anyPolicy among them
    /// is taken as such.
    mutating func descend(to policies: [ObjectIdentifier], countsAnyPolicy: Bool) {
        let above = levels[levels.count - 1]
        var parents: [ObjectIdentifier: Set<ObjectIdentifier>] = [:]
        for (policy, node) in above {
            for expected in node.expected {
                parents[expected, default: []].insert(policy)
            }
        }
        var level: [ObjectIdentifier: Node] = [:]
        // (1): "For each policy P not equal to anyPolicy in the certificate policies extension": a child of the nodes
        // that expect it, otherwise of anyPolicy.
        for policy in policies where policy != .anyPolicy {
            let source = parents[policy] ?? (above[.anyPolicy] == nil ? [] : [.anyPolicy])
            if !source.isEmpty { level[policy] = Node(expected: [policy], parents: source) }
        }
        // (2): with anyPolicy, every expected policy that "does not appear in a child node" gets one.
        if countsAnyPolicy, policies.contains(.anyPolicy) {
            for (policy, source) in parents where level[policy] == nil {
                level[policy] = Node(expected: [policy], parents: source)
            }
        }
        levels.append(level)
    }

    /// RFC 5280 §6.1.3 (e): "If the certificate policies extension is not present, set the valid_policy_graph to NULL."
    mutating func clear() {
        levels.append([:])
    }

    /// RFC 9618 §5.3, step (b): what the certificate just added maps its policies to. When mapping is inhibited, the
    /// mapped policies are dropped.
    mutating func map(_ mappings: [PolicyMapping], isInhibited: Bool) {
        let last = levels.count - 1
        var targets: [ObjectIdentifier: Set<ObjectIdentifier>] = [:]
        for mapping in mappings {
            targets[mapping.issuerDomain, default: []].insert(mapping.subjectDomain)
        }
        for (policy, expected) in targets {
            if isInhibited {
                levels[last][policy] = nil
            } else if levels[last][policy] != nil {
                levels[last][policy]?.expected = expected
            } else if levels[last][.anyPolicy] != nil {
                levels[last][policy] = Node(expected: expected, parents: [.anyPolicy])
            }
        }
    }

    /// RFC 9618 §5.4, step (g): whether the path is valid under one of the `acceptable` policies (nil: under any).
    func isValid(under acceptable: Set<ObjectIdentifier>?) -> Bool {
        guard !isEmpty else { return false }
        guard let acceptable, !acceptable.contains(.anyPolicy) else { return true }
        // The policies in the anchor's terms: the nodes that follow from anyPolicy and have a child at the last depth.
        var reached = Set(levels[levels.count - 1].keys)
        if reached.contains(.anyPolicy) { return !acceptable.isEmpty }
        for level in levels.dropFirst().reversed() {
            var parents: Set<ObjectIdentifier> = []
            for policy in reached {
                guard let node = level[policy] else { continue }
                if policy != .anyPolicy, node.parents.contains(.anyPolicy), acceptable.contains(policy) { return true }
                parents.formUnion(node.parents)
            }
            reached = parents
        }
        return false
    }
}
