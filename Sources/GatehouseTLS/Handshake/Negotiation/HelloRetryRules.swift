/// What may differ between the two ClientHellos around a HelloRetryRequest (RFC 9846 §4.2.2).
///
/// | field or extension | in the second hello |
/// |---|---|
/// | key_share | one share, of the group that was asked for |
/// | cookie | the server's, if it sent one |
/// | early_data | gone |
/// | pre_shared_key | the same identities or fewer, in their order, with new ages and binders |
/// | padding | any |
/// | everything else | the same: another value is `illegal_parameter`, a lost extension `missing_extension` |
enum HelloRetryRules {
    private static let padding = ExtensionType(rawValue: 21)
    private static let mayDiffer: Set<ExtensionType> = [.keyShare, .cookie, .earlyData, .preSharedKey, padding]

    static func check(_ second: ClientHello, against first: ClientHello) throws(TLSError) {
        let (before, after) = (Set(first.extensions.order), Set(second.extensions.order))
        for type in first.extensions.order where !mayDiffer.contains(type) && !after.contains(type) {
            throw .peerMisbehaved(.missingExtension(type))
        }
        for type in second.extensions.order where !mayDiffer.contains(type) && !before.contains(type) {
            throw .peerMisbehaved(.helloChanged(type))
        }
        // RFC 9846 §4.2.2: early_data is removed, "as early data is not permitted after a HelloRetryRequest".
        guard !second.extensions.contains(.earlyData) else { throw .peerMisbehaved(.helloChanged(.earlyData)) }
        try checkPreSharedKeys(second, against: first)
        guard comparable(second) == comparable(first) else { throw .peerMisbehaved(.helloChanged(nil)) }
    }

    private static func checkPreSharedKeys(
        _ second: ClientHello, against first: ClientHello
    ) throws(TLSError) {
        // Keys may be removed, not added or reordered: those that are kept are a subsequence.
        var offered = (first.preSharedKeys?.identities ?? [])[...]
        for kept in second.preSharedKeys?.identities ?? [] {
            guard let index = offered.firstIndex(where: { $0.identity == kept.identity }) else {
                throw .peerMisbehaved(.helloChanged(.preSharedKey))
            }
            offered = offered[(index + 1)...]
        }
    }

    /// The hello without what may differ.
    private static func comparable(_ hello: ClientHello) -> ClientHello {
        var rest = hello
        rest.extensions.order = []
        rest.extensions.unrecognized[padding] = nil
        rest.keyShares = nil
        rest.cookie = nil
        rest.preSharedKeys = nil
        return rest
    }
}
