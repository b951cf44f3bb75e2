/// Matching the leaf's names with the name that was asked for (RFC 9525 §6).
extension PathValidator {
    /// Runs after everything else: a huge list of names costs nothing before its certificate is known to be good, and
    /// the names are counted against the budget.
    mutating func checkName() throws(PathBudget.Exceeded) {
        guard let name = request.name, let leaf = path.first else { return }
        let der = leaf.der
        let bytes = der.span
        let names = leaf.fields.extensions.subjectAlternativeNames ?? []
        try budget.spendNameComparisons(names.count)
        let matcher = NameMatcher(name)
        for candidate in names where matcher.matches(candidate, bytes) {
            return
        }
        let issuedFor = leaf.subjectAlternativeNames.prefix(3).map { "\($0)" }.joined(separator: ", ")
        let count = names.count > 3 ? " and \(names.count - 3) more" : ""
        let offer = names.isEmpty ? "it is issued for no name at all" : "it is issued for \(issuedFor)\(count)"
        report(.hostNameMismatch, 0, "\(offer), not for \(name)")
    }
}

extension Certificate {
    /// Whether the certificate is issued for `name`, by its subject alternative names alone (RFC 9525). It says nothing
    /// about whether the certificate is to be believed.
    public func isIssued(for name: ReferenceName) -> Bool {
        let bytes = der
        let matcher = NameMatcher(name)
        return (fields.extensions.subjectAlternativeNames ?? []).contains { matcher.matches($0, bytes.span) }
    }
}

/// A reference name with its parts as bytes.
struct NameMatcher {
    private let name: ReferenceName
    /// The name, or the scheme of a URI.
    private let first: [UInt8]
    /// The host of a URI.
    private let second: [UInt8]

    init(_ name: ReferenceName) {
        self.name = name
        switch name {
        case .dns(let host): (first, second) = (Array(host.utf8), [])
        case .ipAddress(let address): (first, second) = (address, [])
        case .uri(let scheme, let host): (first, second) = (Array(scheme.utf8), Array(host.utf8))
        case .service(let service, let domain): (first, second) = (Array("_\(service).\(domain)".utf8), [])
        case .email(let address): (first, second) = (Array(address.utf8), [])
        }
    }

    /// Whether the certificate's name is the one that was asked for.
    func matches(_ candidate: GeneralName, _ bytes: Span<UInt8>) -> Bool {
        let value = candidate.value
        let reference = first.span
        switch (name, candidate.kind) {
        case (.dns, .dnsName):
            return DNSName.matches(bytes, value, reference: reference)
        case (.ipAddress, .ipAddress):
            // RFC 9525 §6.5: "an octet-for-octet comparison of the bytes".
            return bytes.equal(value, reference, reference.indices)
        case (.uri, .uniformResourceIdentifier):
            // RFC 9525 §6.2, §6.4: scheme and host are compared, without regard to case; there are no wildcards.
            guard let parts = URIReference(bytes, value), let host = parts.host else { return false }
            return DNSName.equalIgnoringCase(bytes, parts.scheme, reference, reference.indices)
                && DNSName.equalIgnoringCase(bytes, host, second.span, second.indices)
        case (.service, .otherName):
            guard let presented = serviceName(bytes, value) else { return false }
            return DNSName.equalIgnoringCase(bytes, presented, reference, reference.indices)
        case (.email, .rfc822Name):
            guard let left = Mailbox(bytes, value), let right = Mailbox(reference, reference.indices) else {
                return false
            }
            return bytes.equal(left.local, reference, right.local)
                && DNSName.equalIgnoringCase(bytes, left.host, reference, right.host)
        default:
            return false
        }
    }

    /// `SRVName ::= IA5String` in an otherName of type id-on-dnsSRV (RFC 4985 §2).
    private func serviceName(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Range<Int>? {
        var fields = DERCursor(over: value)
        guard let type = try? fields.next(.objectIdentifier, bytes),
            (try? type.objectIdentifier(bytes)) == .serviceName,
            var wrapper = try? fields.enter(.constructed(0), bytes),
            let name = try? wrapper.next(.ia5String, bytes), wrapper.isAtEnd
        else { return nil }
        return name.content
    }
}

extension SubjectAlternativeName: CustomStringConvertible {
    /// The name as people write it, at most 96 characters, made fit to be printed.
    public var description: String {
        switch self {
        case .dns(let name), .email(let name), .uri(let name): printable(name, limit: 96)
        case .ipAddress(let bytes): IPAddress.describe(bytes)
        case .other: "a name of another form"
        }
    }
}

/// Where scheme and host of a URI lie (RFC 3986 §3).
struct URIReference {
    let scheme: Range<Int>
    /// nil if there is no authority, or if its host is empty.
    let host: Range<Int>?
    /// The host is an IP literal or an IPv4 address.
    let hostIsAddress: Bool

    /// nil if there is no scheme.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        func first(_ characters: StaticString, in range: Range<Int>) -> Int? {
            let set = Array("\(characters)".utf8)
            for index in range where set.contains(bytes[index]) { return index }
            return nil
        }
        guard let colon = first(":/?#", in: range), bytes[colon] == UInt8(ascii: ":"), colon > range.lowerBound else {
            return nil
        }
        scheme = range.lowerBound..<colon
        let afterColon = colon + 1
        guard range.upperBound - afterColon >= 2, bytes[afterColon] == UInt8(ascii: "/"),
            bytes[afterColon + 1] == UInt8(ascii: "/")
        else {
            host = nil
            hostIsAddress = false
            return
        }
        var start = afterColon + 2
        let end = first("/?#", in: start..<range.upperBound) ?? range.upperBound
        for index in start..<end where bytes[index] == UInt8(ascii: "@") { start = index + 1 }
        if start < end, bytes[start] == UInt8(ascii: "[") {
            hostIsAddress = true
            host = start..<(first("]", in: start..<end).map { $0 + 1 } ?? end)
            return
        }
        let hostEnd = first(":", in: start..<end) ?? end
        host = start < hostEnd ? start..<hostEnd : nil
        hostIsAddress =
            IPAddress.version4(String(decoding: bytes.copy(start..<hostEnd), as: UTF8.self)) != nil
    }
}

/// Where the parts of an e-mail address lie (RFC 5321 §4.1.2, `Mailbox`).
struct Mailbox {
    let local: Range<Int>
    let host: Range<Int>

    /// nil if it is not a local part, an `@` and a domain name. Only a local part in quotes may hold another `@`.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var separator: Int?
        var count = 0
        for index in range where bytes[index] == UInt8(ascii: "@") {
            separator = index
            count += 1
        }
        guard let separator, separator > range.lowerBound,
            count == 1 || bytes[range.lowerBound] == UInt8(ascii: "\""),
            DNSName.isValid(bytes, separator + 1..<range.upperBound)
        else { return nil }
        local = range.lowerBound..<separator
        host = separator + 1..<range.upperBound
    }
}
