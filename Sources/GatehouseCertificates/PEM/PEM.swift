/// The textual encoding of RFC 7468: base64 between `-----BEGIN LABEL-----` and `-----END LABEL-----`.
public enum PEM {
    /// One encoded object.
    public struct Block: Sendable, Hashable {
        /// What the object is, such as `CERTIFICATE` or `X509 CRL`.
        public let label: String
        /// The decoded bytes.
        public let der: [UInt8]
    }

    /// Why a text is not PEM.
    public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The block that starts in this line (counted from 1) has no matching end line.
        case unterminated(line: Int)
        /// The block that starts in this line (counted from 1) is not base64.
        case invalidBase64(line: Int)

        /// One line for a person.
        public var description: String {
            switch self {
            case .unterminated(let line): "the PEM block that starts in line \(line) has no matching END line"
            case .invalidBase64(let line): "the PEM block that starts in line \(line) is not base64"
            }
        }
    }

    /// All blocks of `text`, in order. What stands outside of blocks is explanatory text (RFC 7468 §5.2) and skipped.
    public static func decode(_ text: [UInt8]) throws(Failure) -> [Block] {
        var blocks: [Block] = []
        var open: (label: String, line: Int)?
        var decoder = Base64Decoder()
        var line = 0
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? text.count
            let content = text[start..<end]
            line += 1
            if let begun = open {
                if let ending = label(of: content, after: "-----END ") {
                    guard ending == begun.label else { throw .unterminated(line: begun.line) }
                    guard let der = decoder.finish() else { throw .invalidBase64(line: begun.line) }
                    blocks.append(Block(label: ending, der: der))
                    open = nil
                } else if !decoder.append(content) {
                    throw .invalidBase64(line: begun.line)
                }
            } else if let beginning = label(of: content, after: "-----BEGIN ") {
                open = (beginning, line)
                decoder = Base64Decoder()
            }
            let isCRLF = end + 1 < text.count && text[end] == 0x0D && text[end + 1] == 0x0A
            start = end + (isCRLF ? 2 : 1)
        }
        if let open { throw .unterminated(line: open.line) }
        return blocks
    }

    /// The text form of `der`, in lines of 64 characters.
    public static func encode(label: String, der: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text = "-----BEGIN \(label)-----\n"
        for lineStart in stride(from: 0, to: der.count, by: 48) {
            let line = der[lineStart..<min(lineStart + 48, der.count)]
            var characters: [UInt8] = []
            for groupStart in stride(from: line.startIndex, to: line.endIndex, by: 3) {
                let group = line[groupStart..<min(groupStart + 3, line.endIndex)]
                let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
                for index in 0..<4 {
                    let isPadding = index > group.count
                    characters.append(isPadding ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * index) & 0x3F])
                }
            }
            text += String(decoding: characters, as: UTF8.self) + "\n"
        }
        return text + "-----END \(label)-----\n"
    }

    /// The label of an encapsulation boundary; nil if `line` is not one.
    private static func label(of line: ArraySlice<UInt8>, after prefix: String) -> String? {
        let end = line.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? line.startIndex
        let line = line[..<end]
        let suffix = "-----".utf8
        guard line.count >= prefix.utf8.count + suffix.count, line.count <= 96,
            line.starts(with: prefix.utf8), line.suffix(suffix.count).elementsEqual(suffix)
        else { return nil }
        return String(decoding: line.dropFirst(prefix.utf8.count).dropLast(suffix.count), as: UTF8.self)
    }
}

/// Decodes base64 (RFC 4648 §4) that comes in pieces; blanks and tabs are skipped.
struct Base64Decoder {
    private var bytes: [UInt8] = []
    private var bits: UInt32 = 0
    private var digits = 0
    private var padding = 0

    /// Takes the next characters; false if one of them cannot stand there.
    mutating func append(_ characters: ArraySlice<UInt8>) -> Bool {
        for character in characters {
            switch character {
            case 0x41...0x5A where padding == 0: push(character - 0x41)
            case 0x61...0x7A where padding == 0: push(character - 0x61 + 26)
            case 0x30...0x39 where padding == 0: push(character - 0x30 + 52)
            case 0x2B where padding == 0: push(62)
            case 0x2F where padding == 0: push(63)
            case 0x3D where padding < 2: padding += 1
            case 0x09, 0x20: continue
            default: return false
            }
        }
        return true
    }

    private mutating func push(_ value: UInt8) {
        bits = bits << 6 | UInt32(value)
        digits += 1
        if digits % 4 == 0 {
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits))
        }
    }

    /// The decoded bytes; nil if the padding does not fit or unused bits are set.
    func finish() -> [UInt8]? {
        switch (digits % 4, padding) {
        case (0, 0): bytes
        case (2, 2) where bits & 0x0F == 0: bytes + [UInt8(truncatingIfNeeded: bits >> 4)]
        case (3, 1) where bits & 0x03 == 0:
            bytes + [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)]
        default: nil
        }
    }
}
