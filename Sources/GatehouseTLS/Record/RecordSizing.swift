/// How much plaintext goes into a record (RFC 9846 §5.1 leaves it to the sender, up to 2^14 bytes).
///
/// A receiver can use nothing of a record before the whole of it has come. On a new connection a record of 16 KiB needs
/// several round trips, and one lost packet holds all of it back; records that fit one TCP segment each are of use as
/// they come. Once much has been sent, long records cost less: they carry fewer headers and tags.
///
/// Whatever the policy, no record is longer than the peer's `record_size_limit` allows.
public struct RecordSizing: Sendable, Hashable {
    /// The most in any record, in bytes of plaintext.
    let most: Int
    /// The most in each record of application data at first.
    let first: Int
    /// After how many bytes of application data records become as long as they may be.
    let boost: Int

    private init(most: Int, first: Int, boost: Int) {
        self.most = most
        self.first = first
        self.boost = boost
    }

    /// As much as goes into a record, 16 KiB.
    public static let full = RecordSizing.limited(to: Limits.plaintext)

    /// Application data in records of at most 1369 bytes on the wire, which fit one TCP segment with room for options
    /// and tunnels, until 1 MiB has been sent; then of 16 KiB. After a pause call `restartRecordSizing()`: the
    /// congestion window shrinks when a connection is idle, and the engine has no clock to notice.
    public static let dynamic = RecordSizing(
        most: Limits.plaintext, first: 1369 - RecordHeader.length - RecordWriter.expansion, boost: 1 << 20)

    /// At most `bytes` of plaintext in every record, handshake messages included: 64 to 16384, values outside are
    /// moved to the nearest.
    public static func limited(to bytes: Int) -> RecordSizing {
        let most = min(max(bytes, Limits.smallestRecordSizeLimit), Limits.plaintext)
        return RecordSizing(most: most, first: most, boost: 0)
    }
}
