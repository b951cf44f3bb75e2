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

/// What stands behind the content of a protected record: its type, and zeros. All records share one array for each
/// type, so that none has to be made for them.
enum InnerType {
    private static let applicationData = padded(.applicationData)
    private static let handshake = padded(.handshake)
    private static let alert = padded(.alert)

    /// The type with as much padding as the longest record can have.
    static func withPadding(_ type: ContentType) -> [UInt8] {
        switch type {
        case .applicationData: applicationData
        case .handshake: handshake
        case .alert: alert
        default: padded(type)
        }
    }

    private static func padded(_ type: ContentType) -> [UInt8] {
        [type.rawValue] + [UInt8](repeating: 0, count: Limits.plaintext)
    }
}
