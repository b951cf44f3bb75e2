import Gatehouse
import GatehouseCrypto
import GatehouseTLS

/// `--psk` and `--psk-modes`, which both roles have.
enum PreSharedKeyOptions {
    static let options = [
        Option(
            "--psk", "IDENTITY:HEX[:HASH]", repeats: true,
            help: "a pre-shared key of at least 16 bytes, for sha256 (default) or sha384; can be repeated"),
        Option(
            "--psk-modes", "LIST",
            help: "how pre-shared keys may be used: psk_dhe_ke (default), psk_ke (without forward secrecy)"),
    ]

    static func apply(
        _ options: OptionParser.Result, to configuration: inout SSLConfiguration
    ) throws(UsageError) {
        for text in options.all("--psk") { configuration.preSharedKeys.append(try key(text)) }
        guard let modes = options.list("--psk-modes") else { return }
        guard options.has("--psk") else { throw UsageError("--psk-modes needs --psk") }
        for mode in modes where mode != "psk_dhe_ke" && mode != "psk_ke" {
            throw UsageError("no PSK mode \"\(mode)\"; there are psk_dhe_ke,psk_ke")
        }
        guard modes.contains("psk_dhe_ke") else { throw UsageError("--psk-modes always holds psk_dhe_ke") }
        configuration.dangerouslyAllowsPSKOnlyKeyExchange = modes.contains("psk_ke")
    }

    /// The identity may hold colons itself.
    private static func key(_ text: String) throws(UsageError) -> PreSharedKey {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var hash = HashAlgorithm.sha256
        if parts.count > 2, let last = parts.last, let named = hashes[String(last)] {
            hash = named
            parts.removeLast()
        }
        guard parts.count > 1, let secret = bytes(hex: parts.removeLast()) else {
            // The value is a secret: it is not repeated.
            throw UsageError("--psk takes IDENTITY:HEX or IDENTITY:HEX:sha256 or IDENTITY:HEX:sha384")
        }
        do {
            return try PreSharedKey(identity: Array(parts.joined(separator: ":").utf8), key: secret, hash: hash)
        } catch {
            throw UsageError("--psk: \(error)")
        }
    }

    private static let hashes = ["sha256": HashAlgorithm.sha256, "sha384": .sha384]

    private static func bytes(hex text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
