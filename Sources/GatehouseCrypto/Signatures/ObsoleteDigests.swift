/// Hash functions for which somebody can make two messages with one digest, and so one signature.
///
/// Nothing is signed with them here, and no signature over them is believed unless a policy says so.
public struct ObsoleteDigests: OptionSet, Sendable, Hashable {
    /// One bit for each.
    public let rawValue: UInt8

    /// The functions of these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// MD5 (RFC 6151: "MD5 is no longer acceptable where collision resistance is required").
    public static let md5 = ObsoleteDigests(rawValue: 1)
    /// SHA-1 (RFC 9155).
    public static let sha1 = ObsoleteDigests(rawValue: 2)
}
