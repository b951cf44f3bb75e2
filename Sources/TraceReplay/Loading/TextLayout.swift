/// A document in the layout of RFC 8448, cut into the pieces that it is made of:
///
///     3.  Simple 1-RTT Handshake                              a section
///
///        {client}  create an ephemeral x25519 key pair:       a step
///
///           private key (32 octets):  70 a1 a8 f4 91 ...      a field, over as many lines
///              dc d8 cf a9 ...                                as it takes
package struct TextLayout: Sendable {
    /// What one side does.
    package struct Step: Sendable {
        package let line: Int
        package let sender: Trace.Sender
        /// Without the colon at its end.
        package let title: String
        package var fields: [Field] = []
    }

    /// A named string of bytes.
    package struct Field: Sendable {
        package let line: Int
        package let name: String
        /// How long the document says that it is.
        package let declaredCount: Int?
        package var bytes: [UInt8]
    }

    package struct Section: Sendable {
        package let number: Int
        package let title: String
        /// The fields before the first step.
        package var fields: [Field] = []
        package var steps: [Step] = []
    }

    package var sections: [Section] = []

    /// - Throws: `TextError` for a field that is not hexadecimal, or not as long as it says.
    package init(_ text: String) throws(TextError) {
        var isInField = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.drop { $0.isWhitespace }
            if content.isEmpty || Self.isPageFurniture(line) { continue }
            if let section = Self.section(line) {
                sections.append(section)
                isInField = false
            } else if sections.isEmpty {
                continue
            } else if let step = Self.step(content, index + 1) {
                sections[sections.count - 1].steps.append(step)
                isInField = false
            } else if let field = try Self.field(content, index + 1) {
                lastFields.append(field)
                isInField = true
            } else if isInField, let bytes = Hexadecimal.decode(content) {
                lastFields[lastFields.count - 1].bytes += bytes
            } else {
                isInField = false
            }
        }
        for field in sections.flatMap({ $0.fields + $0.steps.flatMap(\.fields) }) {
            guard field.declaredCount ?? field.bytes.count == field.bytes.count else {
                throw TextError(field.line, "\"\(field.name)\" has \(field.bytes.count) octets, not as many as it says")
            }
        }
    }

    /// The fields of the last step, or of the last section while it has no step.
    private var lastFields: [Field] {
        get {
            guard let section = sections.last else { return [] }
            return section.steps.last?.fields ?? section.fields
        }
        set {
            let section = sections.count - 1
            let step = sections[section].steps.count - 1
            if step >= 0 {
                sections[section].steps[step].fields = newValue
            } else {
                sections[section].fields = newValue
            }
        }
    }

    /// The foot of a page and the head of the next one.
    private static func isPageFurniture(_ line: Substring) -> Bool {
        line.hasPrefix("Internet-Draft ") || line.hasPrefix("RFC 8448 ") || line.contains("[Page ")
    }

    /// "3.  Simple 1-RTT Handshake" at the very start of a line.
    private static func section(_ line: Substring) -> Section? {
        let number = line.prefix { $0.isNumber }
        guard let value = Int(number), line.dropFirst(number.count).hasPrefix(".  ") else { return nil }
        return Section(number: value, title: String(line.dropFirst(number.count + 3)))
    }

    /// "{client}  create an ephemeral x25519 key pair:"
    private static func step(_ content: Substring, _ line: Int) -> Step? {
        for sender in [Trace.Sender.client, .server] {
            let mark = "{\(sender.rawValue)}  "
            guard content.hasPrefix(mark) else { continue }
            let title = content.dropFirst(mark.count)
            return Step(line: line, sender: sender, title: String(title.hasSuffix(":") ? title.dropLast() : title))
        }
        return nil
    }

    /// "private key (32 octets):  70 a1 a8 ..."; `nil` for prose with a colon in it.
    private static func field(_ content: Substring, _ line: Int) throws(TextError) -> Field? {
        guard let colon = content.firstRange(of: ":  ") else { return nil }
        let head = content[..<colon.lowerBound]
        let value = content[colon.upperBound...]
        let bytes = value == "(empty)" ? [] : Hexadecimal.decode(value)
        guard head.hasSuffix(" octets)"), let opening = head.lastIndex(of: "(") else {
            return bytes.map { Field(line: line, name: String(head), declaredCount: nil, bytes: $0) }
        }
        guard let bytes, let count = Int(head[opening...].dropFirst().prefix { $0.isNumber }) else {
            throw TextError(line, "\"\(head)\" is not hexadecimal")
        }
        let name = head[..<opening].dropLast()
        return Field(line: line, name: String(name), declaredCount: count, bytes: bytes)
    }
}

/// Why a document in the layout of RFC 8448 cannot be used.
package struct TextError: Error, CustomStringConvertible {
    let line: Int
    let reason: String

    init(_ line: Int, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    package var description: String { "line \(line): \(reason)" }
}
