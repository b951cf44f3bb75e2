import Synchronization

/// Remembers good verdicts, for those who see the same chains again and again. A verifier has none unless it is given
/// one; any number of verifiers and threads may share it.
///
/// A verdict is found again only for the same certificates, name, purpose, policy, trust store and revocation evidence,
/// and only until the first certificate of its path, or the first piece of evidence, expires. Bad verdicts are not
/// kept: they would let anybody fill the cache. That a peer holds the key of its certificate is never remembered.
public final class VerdictCache: Sendable {
    /// How many verdicts are kept at most; the oldest goes first.
    public let capacity: Int
    private let state = Mutex(State())

    struct Key: Hashable {
        let chain: [Certificate]
        let name: ReferenceName?
        let purpose: Purpose
        let policy: VerificationPolicy
        let storeGeneration: UInt64
        let evidence: RevocationEvidence
    }

    private struct Entry {
        let path: [Certificate]
        let validity: ClosedRange<UnixTime>
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// The keys in the order of their arrival, as a ring that `next` goes around.
        var arrivals: [Key] = []
        var next = 0
    }

    /// A cache of at most `capacity` verdicts; each holds its chain, some kilobytes.
    public init(capacity: Int = 256) {
        self.capacity = max(1, capacity)
    }

    /// How many verdicts are kept now.
    public var count: Int { state.withLock { $0.entries.count } }

    func path(for key: Key, at time: UnixTime) -> [Certificate]? {
        state.withLock { state in
            guard let entry = state.entries[key], entry.validity.contains(time) else { return nil }
            return entry.path
        }
    }

    func remember(_ path: [Certificate], for key: Key, from time: UnixTime) {
        var end = path.map(\.notAfter).min() ?? time
        end = min(end, key.evidence.end)
        guard time <= end else { return }
        let entry = Entry(path: path, validity: time...end)
        state.withLock { state in
            if state.entries.updateValue(entry, forKey: key) != nil { return }
            if state.arrivals.count < capacity {
                state.arrivals.append(key)
            } else {
                state.entries[state.arrivals[state.next]] = nil
                state.arrivals[state.next] = key
                state.next = (state.next + 1) % capacity
            }
        }
    }
}

extension RevocationEvidence {
    /// When the first list or response of the evidence expires; what names no end has none that could be waited for.
    fileprivate var end: UnixTime {
        let lists = revocationLists.map { $0.nextUpdate ?? .min }
        let responses = ([stapledResponse].compactMap { $0 } + ocspResponses).flatMap { response in
            (try? OCSPResponse(der: response).basic?.answers.map { $0.nextUpdate ?? .min }) ?? []
        }
        return (lists + responses).min() ?? .max
    }
}
