import GatehouseTLS

/// The secrets of a connection's application data, as its key log tells them.
struct TrafficSecrets {
    private let read: [UInt8]
    private let write: [UInt8]

    /// - Throws: `ShimError.unexpected` when the log has no such lines.
    init(keyLog: [UInt8], isServer: Bool) throws(ShimError) {
        let lines = String(decoding: keyLog, as: UTF8.self).split(separator: "\n")
        let client = try Self.secret("CLIENT_TRAFFIC_SECRET_0", lines)
        let server = try Self.secret("SERVER_TRAFFIC_SECRET_0", lines)
        (read, write) = isServer ? (client, server) : (server, client)
    }

    private static func secret(_ label: String, _ lines: [Substring]) throws(ShimError) -> [UInt8] {
        guard let line = lines.last(where: { $0.hasPrefix(label + " ") }), let text = line.split(separator: " ").last,
            let secret = bytes(hexadecimal: text)
        else { throw .unexpected("no \(label) in the key log") }
        return secret
    }

    /// What the runner reads: the length in two bytes, the lower first, and both secrets, that for reading first.
    var encoded: [UInt8] {
        [UInt8(truncatingIfNeeded: read.count), UInt8(truncatingIfNeeded: read.count >> 8)] + read + write
    }
}

/// `nil` for a text that is not hexadecimal.
func bytes(hexadecimal text: Substring) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
