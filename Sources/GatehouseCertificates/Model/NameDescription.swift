/// Reading the values of a name for people.
extension DistinguishedName {
    /// The attributes in order, with their values as text where the type is a string type.
    var attributes: [(type: ObjectIdentifier, value: String)] {
        let bytes = der.span
        var result: [(ObjectIdentifier, String)] = []
        // The name was read once already: nothing here can fail.
        guard let element = try? onlyElement(.sequence, bytes), var sets = try? DERCursor(inside: element) else {
            return []
        }
        while !sets.isAtEnd, let set = try? sets.next(.set, bytes), var members = try? DERCursor(inside: set) {
            while !members.isAtEnd, var fields = try? members.enter(.sequence, bytes),
                let type = try? fields.next(bytes).objectIdentifier(bytes), let value = try? fields.next(bytes)
            {
                result.append((type, value.text(bytes)))
            }
        }
        return result
    }

    /// The last common name in it, or nil. For people only: it never takes part in a decision about a peer's name.
    public var commonName: String? {
        attributes.last { $0.type == .commonName }?.value
    }
}

extension DistinguishedName: CustomStringConvertible {
    /// A short form such as `CN=localhost, O=Example`. At most 256 characters, with control characters replaced: the
    /// text of a name is chosen by whoever made it.
    public var description: String {
        let parts = attributes.prefix(16).map { "\(Self.shortName($0.type))=\($0.value)" }
        return printable(parts.joined(separator: ", "), limit: 256)
    }

    private static func shortName(_ type: ObjectIdentifier) -> String {
        switch type {
        case .commonName: "CN"
        case .emailAddress: "emailAddress"
        case ObjectIdentifier(2, 5, 4, 5): "serialNumber"
        case ObjectIdentifier(2, 5, 4, 6): "C"
        case ObjectIdentifier(2, 5, 4, 7): "L"
        case ObjectIdentifier(2, 5, 4, 8): "ST"
        case ObjectIdentifier(2, 5, 4, 10): "O"
        case ObjectIdentifier(2, 5, 4, 11): "OU"
        case ObjectIdentifier(0, 9, 2342, 19_200_300, 100, 1, 25): "DC"
        default: type.description
        }
    }
}

extension DERElement {
    /// The text of a string type, and a description of what is none.
    func text(_ bytes: Span<UInt8>) -> String {
        let content = bytes.copy(content.prefix(512))
        switch tag {
        case .utf8String, .printableString, .ia5String, .visibleString, .numericString:
            return String(decoding: content, as: UTF8.self)
        case .teletexString:
            return String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
        case .bmpString:
            let units = stride(from: 0, to: content.count - 1, by: 2).map {
                UInt16(content[$0]) << 8 | UInt16(content[$0 + 1])
            }
            return String(decoding: units, as: UTF16.self)
        case .universalString:
            let units = stride(from: 0, to: content.count - 3, by: 4).map { start in
                content[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            return String(decoding: units, as: UTF32.self)
        default:
            return "(\(self.content.count) bytes)"
        }
    }
}

/// `text` made fit to be printed: control characters, and what could turn or hide text, become `?`, and what is longer
/// than `limit` characters is cut.
func printable(_ text: String, limit: Int) -> String {
    // Names are nearly always plain ASCII; looking up what kind of character one is takes longer.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var result = String.UnicodeScalarView()
    for (position, scalar) in text.unicodeScalars.enumerated() {
        guard position < limit else {
            result.append("…")
            break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            result.append("?")
        default:
            result.append(scalar)
        }
    }
    return String(result)
}
