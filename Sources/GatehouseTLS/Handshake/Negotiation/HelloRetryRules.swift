import GatehouseCrypto

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
    private static let mayDiffer: [ExtensionType] = [.keyShare, .cookie, .earlyData, .preSharedKey, padding]

    static func check(_ second: ClientHello, against first: FirstClientHello) throws(TLSError) {
        // RFC 9846 §4.2.2: early_data is removed, "as early data is not permitted after a HelloRetryRequest".
        guard !second.extensions.contains(.earlyData) else { throw .peerMisbehaved(.helloChanged(.earlyData)) }
        try checkPreSharedKeys(second, against: first)
        guard digest(second) == first.digest else { throw .peerMisbehaved(difference(second, first)) }
    }

    /// Keys may be removed, not added or reordered: those that are kept are a subsequence. Behind a list that was cut
    /// short there may have been any.
    private static func checkPreSharedKeys(
        _ second: ClientHello, against first: FirstClientHello
    ) throws(TLSError) {
        let changed = TLSError.peerMisbehaved(.helloChanged(.preSharedKey))
        guard second.preSharedKeys?.identityCount ?? 0 <= first.identityCount else { throw changed }
        guard first.identityCount == first.identities.count else { return }
        var offered = first.identities[...]
        for kept in identities(second) {
            guard let index = offered.firstIndex(of: kept) else { throw changed }
            offered = offered[(index + 1)...]
        }
    }

    /// What to call it that the digests differ.
    private static func difference(_ second: ClientHello, _ first: FirstClientHello) -> PeerMisbehaved {
        let after = Set(second.extensions.order)
        if let lost = first.extensions.first(where: { !after.contains($0) }) { return .missingExtension(lost) }
        guard first.extensions.count < Limits.listEntries else { return .helloChanged(nil) }
        return .helloChanged(unchangeableExtensions(second).first { !first.extensions.contains($0) })
    }

    /// The extensions that must be the same again.
    static func unchangeableExtensions(_ hello: ClientHello) -> some Sequence<ExtensionType> {
        hello.extensions.order.lazy.filter { !mayDiffer.contains($0) }
    }

    /// The hash of all that must be the same again; the order of the extensions need not.
    static func digest(_ hello: ClientHello) -> [UInt8] {
        var rest = hello
        rest.extensions.order = unchangeableExtensions(hello).sorted { $0.rawValue < $1.rawValue }
        return Hasher.hash(.sha256, rest.encoded().span)
    }

    /// The hashes of the identities that are looked at.
    static func identities(_ hello: ClientHello) -> [[UInt8]] {
        (hello.preSharedKeys?.identities ?? []).map { Hasher.hash(.sha256, $0.identity.span) }
    }
}
