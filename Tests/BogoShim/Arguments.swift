/// The command line: one list of flags for three situations. A prefix says for which of them a flag is meant.
struct Arguments {
    /// For the first connection.
    private(set) var initial = Options()
    /// For the connections after it, which resume its session.
    private(set) var resumption = Options()
    /// For what follows on the same connection when early data was rejected.
    private(set) var retry = Options()

    init(_ arguments: [String]) throws(ShimError) {
        var rest = arguments[...]
        while var name = rest.popFirst() {
            // A handshaker is a second process that makes the handshake for the shim; this one makes its own.
            let isForHandshaker = Self.remove("-on-handshaker", from: &name)
            _ = Self.remove("-on-shim", from: &name)
            let isForInitial = Self.remove("-on-initial", from: &name)
            let isForResumption = Self.remove("-on-resume", from: &name)
            let isForRetry = Self.remove("-on-retry", from: &name)
            let isForAll = !isForInitial && !isForResumption && !isForRetry

            guard let flag = Flag.known[name] else { throw .notImplemented(name) }
            let value = flag.takesValue ? rest.popFirst() : ""
            guard let value else { throw .notImplemented("\(name) without a value") }
            guard !isForHandshaker else { continue }
            if isForInitial || isForAll { try flag.apply(value, to: &initial) }
            if isForResumption || isForAll { try flag.apply(value, to: &resumption) }
            if isForRetry || isForAll { try flag.apply(value, to: &retry) }
        }
    }

    /// Turns `-on-resume-curves` into `-curves`.
    private static func remove(_ prefix: String, from name: inout String) -> Bool {
        guard name.hasPrefix(prefix + "-") else { return false }
        name.removeFirst(prefix.count)
        return true
    }
}
