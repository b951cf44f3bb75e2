/// What may differ between the two ClientHellos around a HelloRetryRequest (RFC 9846 §4.2.2).
///
/// | field or extension | in the second hello |
/// |---|---|
/// | key_share | one share, of the group that was asked for |
/// | cookie | the server's, if it sent one |
/// | early_data | gone |
/// | pre_shared_key | the same identities or fewer, with new ages and binders |
/// | padding | any |
/// | everything else | the same: another value is `illegal_parameter`, a lost extension `missing_extension` |
enum HelloRetryRules {
    private static let padding = ExtensionType(rawValue: 21)
    private static let mayDiffer: Set<ExtensionType> = [.keyShare, .cookie, .earlyData, .preSharedKey, padding]

    static func check(_ second: ClientHello, against first: ClientHello) throws(TLSError) {
        for type in first.extensions.order where !mayDiffer.contains(type) {
            guard second.extensions.contains(type) else { throw .peerMisbehaved(.missingExtension(type)) }
        }
        for type in second.extensions.order where !mayDiffer.contains(type) {
            guard first.extensions.contains(type) else { throw .peerMisbehaved(.helloChanged(type)) }
        }
        // RFC 9846 §4.2.2: early_data is removed, "as early data is not permitted after a HelloRetryRequest".
        guard !second.extensions.contains(.earlyData) else { throw .peerMisbehaved(.helloChanged(.earlyData)) }
        try checkPreSharedKeys(second, against: first)
        guard comparable(second) == comparable(first) else { throw .peerMisbehaved(.helloChanged(nil)) }
    }

    private static func checkPreSharedKeys(
        _ second: ClientHello, against first: ClientHello
    ) throws(TLSError) {
        let offered = first.preSharedKeys?.identities.map(\.identity) ?? []
        let kept = second.preSharedKeys?.identities.map(\.identity) ?? []
        guard kept.count <= offered.count, kept.allSatisfy(offered.contains) else {
            throw .peerMisbehaved(.helloChanged(.preSharedKey))
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
