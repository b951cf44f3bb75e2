/// How much records are padded, to hide how long their content is (RFC 9846 §5.4).
public struct RecordPadding: Sendable, Hashable {
    /// Records are filled up to a multiple of this many bytes.
    let multiple: Int

    /// No padding.
    public static let none = RecordPadding(multiple: 1)
    /// Every record is as long as it may be, 16 KiB unless the peer wants less: it tells nothing and costs most.
    public static let full = RecordPadding(multiple: .max)

    /// Content and type are filled up to the next multiple of `bytes`, but not beyond the longest record.
    public static func toMultiple(of bytes: Int) -> RecordPadding {
        RecordPadding(multiple: max(bytes, 1))
    }

    /// How many zeros follow `count` bytes of content and type, of at most `limit`.
    func zeros(after count: Int, limit: Int) -> Int {
        guard multiple > 1, count < limit else { return 0 }
        let remainder = count % multiple
        return remainder == 0 ? 0 : min(multiple - remainder, limit - count)
    }
}
