import GatehouseCrypto
import GatehouseTLS

/// Turns a fuzzer's bytes into records of a peer that knows the keys. Each piece of the bytes is a record: one byte for
/// the type of its content, two for the length, and the content; a piece of type 0 leaves the rest as it is.
struct Script: ~Copyable {
    private var sealer: RecordSealer?
    private var sequence: UInt64 = 0

    /// Goes on under the secret that stands in the key log under `label` (RFC 9850).
    init(_ keyLog: [UInt8], _ label: String) {
        for line in String(decoding: keyLog, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == label else { continue }
            let secret = Self.bytes(words[2])
            let isLong = secret.count == 48
            let traffic = TrafficSecret(isLong ? .sha384 : .sha256, Secret(copying: secret.span))
            sealer = try? traffic.sealer(isLong ? .aes256GCM : .aes128GCM)
        }
    }

    private static func bytes(_ digits: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = digits
        while rest.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// The records up to the first protected one, and the others.
    static func split(_ records: [UInt8]) -> (plaintext: [UInt8], protected: [UInt8]) {
        var position = 0
        while position + 5 <= records.count, records[position] != 23 {
            position += 5 + Int(records[position + 3]) << 8 + Int(records[position + 4])
        }
        return (Array(records.prefix(position)), Array(records.dropFirst(position)))
    }

    mutating func records(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while rest.count >= 3, let type = rest.popFirst() {
            guard type != 0 else { return output + rest }
            let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            seal(type, Array(rest.prefix(length)), into: &output)
            rest = rest.dropFirst(length)
        }
        return output
    }

    private mutating func seal(_ type: UInt8, _ content: [UInt8], into output: inout [UInt8]) {
        let count = content.count + 17
        let header: [UInt8] = [23, 3, 3, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        output += header
        let suffix = [type]
        try? sealer?.seal(
            sequence: sequence, additionalData: header.span, plaintext: content.span, suffix: suffix.span,
            into: &output)
        sequence += 1
    }
}
