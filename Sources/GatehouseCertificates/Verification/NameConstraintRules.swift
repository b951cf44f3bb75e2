/// Name constraints (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c), §6.1.4 (g)).
extension PathValidator {
    /// What a CA permits and excludes binds every certificate below it, "unless it is self-issued and not the final
    /// certificate" (§6.1.3 (b)).
    mutating func checkNameConstraints() throws(PathBudget.Exceeded) {
        for (depth, authority) in path.enumerated().dropFirst().reversed() {
            guard let constraints = authority.fields.extensions.nameConstraints else { continue }
            for below in (0..<depth).reversed() {
                let certificate = path[below]
                guard below == 0 || !certificate.isSelfIssued else { continue }
                let count = constraints.permitted.count + constraints.excluded.count
                try budget.spendNameComparisons(
                    count + (certificate.fields.extensions.subjectAlternativeNames?.count ?? 0))
                if let violation = try violation(of: constraints, by: authority, in: certificate) {
                    report(.nameConstraintViolation, below, violation)
                }
            }
        }
    }

    private mutating func violation(
        of constraints: NameConstraints, by authority: Certificate, in certificate: Certificate
    ) throws(PathBudget.Exceeded) -> String? {
        let bases = ConstrainedNames.Bases(constraints, authority.der)
        for name in ConstrainedNames.of(certificate) {
            // "Excluded subtrees … any name matching a restriction in the excludedSubtrees field is invalid regardless
            // of information appearing in the permittedSubtrees."
            for base in bases.excluded where base.kind == name.kind {
                try budget.spendNameComparisons()
                if name.isExcluded(by: base) { return "a CA of its chain excludes its name \(name)" }
            }
            // "If no name of the type is in the certificate, the certificate is acceptable"; one that is there must
            // lie in one of the permitted subtrees of its type, if there are any.
            var isConstrained = false
            var isPermitted = false
            for base in bases.permitted where base.kind == name.kind {
                try budget.spendNameComparisons()
                isConstrained = true
                if name.isPermitted(by: base) {
                    isPermitted = true
                    break
                }
            }
            if isConstrained && !isPermitted { return "no CA of its chain that has to permits its name \(name)" }
        }
        return nil
    }
}

/// A name of a certificate, or the base of a subtree, in the form in which the two are compared.
struct ConstrainedNames {
    enum Value {
        case dns([UInt8])
        case email([UInt8])
        case uri([UInt8])
        case ipAddress([UInt8])
        case directory(DistinguishedName)
        /// A form that the verifier does not know subtrees of.
        case unprocessed
    }

    struct Name: CustomStringConvertible {
        let kind: GeneralName.Kind
        let value: Value
    }

    struct Bases {
        let permitted: [Name]
        let excluded: [Name]

        init(_ constraints: NameConstraints, _ der: [UInt8]) {
            permitted = constraints.permitted.map { Name($0, der.span) }
            excluded = constraints.excluded.map { Name($0, der.span) }
        }
    }

    /// All names of a certificate that constraints apply to.
    static func of(_ certificate: Certificate) -> [Name] {
        let der = certificate.der
        let bytes = der.span
        var names: [Name] = []
        // "Restrictions of the form directoryName MUST be applied to the subject field in the certificate (when the
        // certificate includes a non-empty subject field) and to any names of type directoryName in the subjectAltName
        // extension."
        if !certificate.subject.isEmpty {
            names.append(Name(kind: .directoryName, value: .directory(certificate.subject)))
        }
        if let alternatives = certificate.fields.extensions.subjectAlternativeNames {
            for alternative in alternatives {
                names.append(Name(alternative, bytes))
            }
        } else {
            // "When constraints are imposed on the rfc822Name name form, but the certificate does not include a
            // subject alternative name, the rfc822Name constraint MUST be applied to the attribute of type
            // emailAddress in the subject distinguished name."
            for attribute in certificate.subject.attributes where attribute.type == .emailAddress {
                names.append(Name(kind: .rfc822Name, value: .email(Array(attribute.value.utf8))))
            }
        }
        return names
    }
}

extension ConstrainedNames.Name {
    init(_ name: GeneralName, _ bytes: Span<UInt8>) {
        kind = name.kind
        let content = bytes.copy(name.value)
        switch name.kind {
        case .dnsName: value = .dns(content)
        case .rfc822Name: value = .email(content)
        case .uniformResourceIdentifier: value = .uri(content)
        case .ipAddress: value = .ipAddress(content)
        case .directoryName:
            if let directoryName = try? name.directoryName(bytes) {
                value = .directory(directoryName)
            } else {
                value = .unprocessed
            }
        case .otherName, .x400Address, .ediPartyName, .registeredID: value = .unprocessed
        }
    }

    /// Whether this name lies in the subtree, or cannot be told not to.
    func isExcluded(by base: ConstrainedNames.Name) -> Bool {
        switch (value, base.value) {
        case (.dns(let name), .dns(let base)):
            // A wildcard is excluded if one of the names that it stands for is.
            DNSConstraint.isWithin(name, base) ?? true || DNSConstraint.wildcardReaches(name, base)
        case (.email(let name), .email(let base)): EmailConstraint.isWithin(name, base) ?? true
        case (.uri(let name), .uri(let base)): URIConstraint.isWithin(name, base) ?? true
        case (.ipAddress(let address), .ipAddress(let base)): AddressConstraint.isWithin(address, base)
        case (.directory(let name), .directory(let base)): name.isWithin(base)
        // "… then the application MUST either process the constraint or reject the certificate."
        default: true
        }
    }

    /// Whether this name, with all that it stands for, lies in the subtree.
    func isPermitted(by base: ConstrainedNames.Name) -> Bool {
        switch (value, base.value) {
        case (.dns(let name), .dns(let base)): DNSConstraint.isWithin(name, base) ?? false
        case (.email(let name), .email(let base)): EmailConstraint.isWithin(name, base) ?? false
        case (.uri(let name), .uri(let base)): URIConstraint.isWithin(name, base) ?? false
        case (.ipAddress(let address), .ipAddress(let base)): AddressConstraint.isWithin(address, base)
        case (.directory(let name), .directory(let base)): name.isWithin(base)
        default: false
        }
    }

    /// The name for people: at most 96 characters, made fit to be printed.
    var description: String {
        switch value {
        case .dns(let text), .email(let text), .uri(let text):
            printable(String(decoding: text.prefix(512), as: UTF8.self), limit: 96)
        case .ipAddress(let bytes): IPAddress.describe(bytes)
        case .directory(let name): printable(name.description, limit: 96)
        case .unprocessed: "of a form without known subtrees"
        }
    }
}

/// "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side of the name
/// satisfies the name constraint."
enum DNSConstraint {
    /// nil if `name` or `base` is no DNS name. A wildcard lies within if all that it stands for does.
    static func isWithin(_ name: [UInt8], _ base: [UInt8]) -> Bool? {
        guard DNSName.isValid(name.span, name.indices, allowingWildcard: true), isWellFormed(base) else { return nil }
        guard let first = base.first else { return true }
        if first == UInt8(ascii: ".") {
            // Not of RFC 5280, but common: subdomains only.
            return name.count > base.count && endsWith(name, base)
        }
        guard endsWith(name, base) else { return false }
        return name.count == base.count || name[name.count - base.count - 1] == UInt8(ascii: ".")
    }

    /// Whether `name` is a wildcard and the base lies one label below it: `*.example.com` and `www.example.com`.
    static func wildcardReaches(_ name: [UInt8], _ base: [UInt8]) -> Bool {
        guard DNSName.isWildcard(name.span, name.indices), let dot = base.firstIndex(of: UInt8(ascii: ".")), dot > 0
        else { return false }
        return DNSName.equalIgnoringCase(name.span, 1..<name.count, base.span, dot..<base.count)
    }

    /// Whether this is the empty name, a domain, or a domain after a period.
    static func isWellFormed(_ base: [UInt8]) -> Bool {
        let start = base.first == UInt8(ascii: ".") ? 1 : 0
        return base.isEmpty || DNSName.isValid(base.span, start..<base.count)
    }

    static func endsWith(_ name: [UInt8], _ suffix: [UInt8]) -> Bool {
        name.count >= suffix.count
            && DNSName.equalIgnoringCase(
                name.span, name.count - suffix.count..<name.count, suffix.span, suffix.indices)
    }
}

/// "… may specify a particular mailbox, all addresses at a particular host, or all mailboxes in a domain."
enum EmailConstraint {
    /// nil if `name` is no mailbox, or `base` neither a mailbox nor a host nor a domain.
    static func isWithin(_ name: [UInt8], _ base: [UInt8]) -> Bool? {
        guard let mailbox = Mailbox(name.span, name.indices) else { return nil }
        guard !base.isEmpty else { return true }
        let host = Array(name[mailbox.host])
        if let particular = Mailbox(base.span, base.indices) {
            return name.span.equal(mailbox.local, base.span, particular.local)
                && DNSName.equalIgnoringCase(name.span, mailbox.host, base.span, particular.host)
        }
        guard DNSConstraint.isWellFormed(base) else { return nil }
        return HostConstraint.isWithin(host, base)
    }
}

/// "The constraint MUST be specified as a fully qualified domain name and MAY specify a host or a domain."
enum URIConstraint {
    /// nil if `name` has no host that is a domain name: "If a constraint is applied to the uniformResourceIdentifier
    /// name form and a subsequent certificate includes a subjectAltName extension with a uniformResourceIdentifier
    /// that does not include an authority component with a host name specified as a fully qualified domain name …,
    /// then the application MUST reject the certificate."
    static func isWithin(_ name: [UInt8], _ base: [UInt8]) -> Bool? {
        guard let uri = URIReference(name.span, name.indices), let host = uri.host, !uri.hostIsAddress,
            DNSName.isValid(name.span, host), DNSConstraint.isWellFormed(base)
        else { return nil }
        return HostConstraint.isWithin(Array(name[host]), base)
    }
}

/// "When the constraint begins with a period, it MAY be expanded with one or more labels. … When the constraint does not
/// begin with a period, it specifies a host."
enum HostConstraint {
    static func isWithin(_ host: [UInt8], _ base: [UInt8]) -> Bool {
        guard let first = base.first else { return true }
        guard first == UInt8(ascii: ".") else { return host.count == base.count && DNSConstraint.endsWith(host, base) }
        return host.count > base.count && DNSConstraint.endsWith(host, base)
    }
}

/// An address and a mask of as many bytes each.
enum AddressConstraint {
    static func isWithin(_ address: [UInt8], _ base: [UInt8]) -> Bool {
        guard base.count == 2 * address.count else { return false }
        return address.indices.allSatisfy { (address[$0] ^ base[$0]) & base[address.count + $0] == 0 }
    }
}
