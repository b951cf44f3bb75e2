/// Every bound on what a peer may make us hold or do. Each stands with the alert that going over it sends.
package enum Limits {
    /// The plaintext of a record, in bytes: `record_overflow` (RFC 9846 §5.1).
    static let plaintext = 1 << 14
    /// The body of a protected record, in bytes: `record_overflow` (§5.2).
    static let ciphertext = plaintext + 256
    /// The plaintext of a protected record with its content type, in bytes: `record_overflow` (§5.4).
    static let innerPlaintext = plaintext + 1
    /// A handshake message with its header, in bytes: `illegal_parameter`.
    static let handshakeMessage = 1 << 16
    /// A Certificate message with its header, in bytes, unless the configuration sets another limit: `illegal_parameter`.
    package static let certificateMessage = 100 * 1024
    /// Records without content in a row: `unexpected_message`.
    static let emptyRecords = 32
    /// change_cipher_spec records before Finished: `unexpected_message`.
    static let changeCipherSpecs = 32
    /// `user_canceled` alerts: `unexpected_message`.
    static let warningAlerts = 4
    /// Messages after the handshake without application data between: `unexpected_message`.
    static let postHandshakeMessages = 32
    /// The tickets that a server gives, or a client asks for, at once: no more than a client takes.
    package static let tickets = postHandshakeMessages
    /// Requests for a certificate after the handshake that are not answered yet: the application gets an error.
    static let certificateRequests = 8
    /// Entries of a list that are looked at; the rest is skipped, not an error.
    static let listEntries = 128
    /// Pre-shared keys of a ClientHello that are looked at; the rest is ignored.
    static let pskIdentities = 8
    /// Early data that is skipped, in bytes of ciphertext, when the configuration takes less: `unexpected_message`.
    static let skippedEarlyData = 1 << 14
    /// The longest time from an authentication to the last resumption that rests on it, in seconds: no alert, the
    /// handshake is a full one (RFC 9846 §4.7.1: 7 days).
    static let sessionAge: Int64 = 604_800
    /// The lowest record_size_limit, in bytes: `illegal_parameter` (RFC 8449 §4).
    static let smallestRecordSizeLimit = 64
}
