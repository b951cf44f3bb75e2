/// The rules about a certificate's contents that path validation does not need (RFC 5280 §4 and the Baseline
/// Requirements of the CA/Browser Forum, "BR").
extension PathValidator {
    mutating func checkProfile() {
        for (depth, certificate) in path.enumerated() {
            for rule in ProfileRule.always where rule.isBroken(certificate) {
                report(.invalidExtension, depth, rule.text)
            }
            guard request.policy.profile == .web else { continue }
            let place =
                depth == 0 ? ProfileRule.leaf : isAnchor(depth) ? ProfileRule.anchor : ProfileRule.intermediate
            for rule in ProfileRule.web + place where rule.isBroken(certificate) {
                report(.invalidExtension, depth, rule.text)
            }
        }
    }
}

/// One rule: what a certificate does that breaks it, and what to say then.
struct ProfileRule: Sendable {
    let text: String
    let isBroken: @Sendable (Certificate) -> Bool

    init(_ text: String, _ isBroken: @escaping @Sendable (Certificate) -> Bool) {
        self.text = text
        self.isBroken = isBroken
    }

    /// Held by every certificate in either profile.
    static let always: [ProfileRule] = [
        // RFC 5280 §4.1.2.4: "The issuer field MUST contain a non-empty distinguished name (DN)."
        ProfileRule("its issuer is an empty name") { $0.issuer.isEmpty },
        // RFC 5280 §4.1.2.6: "If the subject is a CA …, then the subject field MUST be populated with a non-empty
        // distinguished name".
        ProfileRule("it is a CA without a name") { $0.isAuthority && $0.subject.isEmpty },
        // RFC 5280 §4.2.1.10: "The name constraints extension, which MUST be used only in a CA certificate".
        ProfileRule("it has name constraints but is no CA") {
            $0.fields.extensions.nameConstraints != nil && !$0.isAuthority
        },
    ]

    /// Held by every certificate of the web.
    static let web: [ProfileRule] = [
        // BR 7.1.1: "Certificates MUST be of type X.509 v3."
        ProfileRule("it is not of version 3") { $0.version != 3 },
        // RFC 5280 §4.2.1.1: "Conforming CAs MUST mark this extension as non-critical."
        ProfileRule("its authority key identifier is critical") { $0.marksCritical(.authorityKeyIdentifier) },
        // RFC 5280 §4.2.1.2: "Conforming CAs MUST mark this extension as non-critical."
        ProfileRule("its subject key identifier is critical") { $0.marksCritical(.subjectKeyIdentifier) },
        // RFC 5280 §4.2.2.1: "Conforming CAs MUST mark this extension as non-critical."
        ProfileRule("its authority information access is critical") { $0.marksCritical(.authorityInfoAccess) },
        // RFC 5280 §4.2.1.11: "Conforming CAs MUST mark this extension as critical."
        ProfileRule("its policy constraints are not critical") {
            $0.fields.extensions.policyConstraints != nil && !$0.marksCritical(.policyConstraints)
        },
        // RFC 5280 §4.2.1.14: "Conforming CAs MUST mark this extension as critical."
        ProfileRule("its inhibitAnyPolicy is not critical") {
            $0.fields.extensions.inhibitAnyPolicy != nil && !$0.marksCritical(.inhibitAnyPolicy)
        },
        // RFC 5280 §4.2.1.9: the keyCertSign bit and the cA boolean go together.
        ProfileRule("it may sign certificates by its key usage but is no CA") {
            !$0.isAuthority && $0.keyUsage?.contains(.keyCertSign) ?? false
        },
        // RFC 5280 §4.2.1.2: the subject key identifier "MUST appear in all conforming CA certificates".
        ProfileRule("it is a CA without a subject key identifier") {
            $0.isAuthority && $0.fields.extensions.subjectKeyIdentifier == nil
        },
        // RFC 5280 §4.2.1.10: a DNS constraint is a domain name; the leading period is for URIs.
        ProfileRule("a DNS name in its name constraints is malformed") { certificate in
            let constraints = certificate.fields.extensions.nameConstraints ?? NameConstraints()
            return (constraints.permitted + constraints.excluded).contains { base in
                let name = certificate.copy(base.value)
                return base.kind == .dnsName
                    && (name.first == UInt8(ascii: ".") || !DNSConstraint.isWellFormed(name))
            }
        },
        // BR 6.1.5: "Ensure that the modulus size, in bits, is evenly divisible by 8".
        ProfileRule("its RSA modulus is not a multiple of 8 bits long") {
            if case .rsa(_, _, let bits, _) = $0.fields.publicKey { bits % 8 != 0 } else { false }
        },
    ]

    /// Held by the anchors of the web, where they are certificates.
    static let anchor: [ProfileRule] = [
        // RFC 5280 §4.2.1.9: "Conforming CAs MUST … mark the extension as critical in such certificates."
        ProfileRule("it is a root whose basic constraints are not critical") {
            $0.isAuthority && !$0.marksCritical(.basicConstraints)
        },
        // BR 7.1.2.1.2: a root has no extended key usage.
        ProfileRule("it is a root with an extended key usage") {
            $0.isSelfIssued && $0.fields.extensions.extendedKeyUsage != nil
        },
        // BR 7.1.2.1.3: the key identifier "MUST be present. MUST be identical to the subjectKeyIdentifier field";
        // issuer and serial number "MUST NOT be present".
        ProfileRule("it is a root whose authority key identifier is not its own key identifier") { certificate in
            guard certificate.isSelfIssued, let authority = certificate.fields.extensions.authorityKeyIdentifier else {
                return false
            }
            guard let subject = certificate.fields.extensions.subjectKeyIdentifier,
                let identifier = authority.keyIdentifier, !authority.hasIssuer
            else { return true }
            return certificate.copy(identifier) != certificate.copy(subject)
        },
    ]

    /// Held by the intermediates of the web.
    static let intermediate: [ProfileRule] = [issuerKeyIdentifier]

    /// Held by the leaves of the web.
    static let leaf: [ProfileRule] = [
        issuerKeyIdentifier,
        // RFC 5280 §4.2.1.6: "If the subject field contains an empty sequence, then the issuing CA MUST include a
        // subjectAltName extension that is marked as critical."
        ProfileRule("its subject is empty and its alternative names are not critical") {
            $0.subject.isEmpty && !$0.marksCritical(.subjectAltName)
        },
        // BR 7.1.2.7.12: otherwise the extension "MUST NOT be marked critical".
        ProfileRule("it has a subject and its alternative names are critical") {
            !$0.subject.isEmpty && $0.marksCritical(.subjectAltName)
        },
        // BR 7.1.2.7.8: "cA MUST be FALSE".
        ProfileRule("it is a CA, which is no server") { $0.isAuthority },
        // RFC 5280 §4.2.1.6: "The name MUST be in the "preferred name syntax", as specified by Section 3.5 of [RFC1034]
        // and as modified by Section 2.1 of [RFC1123]." BR 3.2.2.6 adds the wildcard as the whole left-most label.
        ProfileRule("a DNS name among its alternative names is malformed") { certificate in
            let names = certificate.fields.extensions.subjectAlternativeNames ?? []
            return names.contains { name in
                let dns = name.kind == .dnsName ? certificate.copy(name.value) : []
                return name.kind == .dnsName
                    && (dns.contains(UInt8(ascii: "_"))
                        || !DNSName.isValid(dns.span, dns.indices, allowingWildcard: true))
            }
        },
        // BR 7.1.2.7.6: the extended key usage is not critical, and anyExtendedKeyUsage MUST NOT be present.
        ProfileRule("its extended key usage is critical") { $0.marksCritical(.extendedKeyUsage) },
        ProfileRule("its extended key usage holds anyExtendedKeyUsage") {
            $0.fields.extensions.extendedKeyUsage?.contains(.any) ?? false
        },
        // BR 7.1.4.3: in a common name an address is spelled as RFC 3986 and RFC 5952 do, and a name as A-labels.
        ProfileRule("its common name spells a host in another way than its alternative names do") {
            $0.misspellsHostInCommonName
        },
        // BR 7.1.4.3: a common name is "one of the values contained in the Certificate's subjectAltName extension". It
        // is held where the two differ in their first label only: a host beside those that were validated. A name of
        // another domain is a label like any other, which nobody who follows RFC 9525 looks at.
        ProfileRule("its common name is a host of its alternative names' domain, but none of them") {
            $0.namesSiblingInCommonName
        },
    ]

    /// RFC 5280 §4.2.1.1: "The keyIdentifier field of the authorityKeyIdentifier extension MUST be included in all
    /// certificates generated by conforming CAs to facilitate certification path construction", self-signed ones
    /// excepted.
    private static let issuerKeyIdentifier = ProfileRule("it does not name its issuer's key") {
        !$0.isSelfIssued && $0.fields.extensions.authorityKeyIdentifier?.keyIdentifier == nil
    }
}

extension Certificate {
    fileprivate func marksCritical(_ kind: CertificateExtensions.Kinds) -> Bool {
        fields.extensions.critical.contains(kind)
    }

    /// Whether a common name differs from a DNS name among the alternative names in its first label, and is none of them.
    fileprivate var namesSiblingInCommonName: Bool {
        let hosts = subjectAlternativeNames.compactMap { name in
            if case .dns(let host) = name { host.lowercased() } else { nil }
        }
        let domains = hosts.compactMap(parentDomain)
        return subject.attributes.contains { attribute in
            guard attribute.type == .commonName, let domain = parentDomain(of: attribute.value.lowercased()) else {
                return false
            }
            return domains.contains(domain) && !hosts.contains(attribute.value.lowercased())
        }
    }

    /// Whether a common name is an IP address that is not in its canonical form, an internationalised DNS name that is
    /// not in its ASCII form, or one of the alternative names in another case.
    fileprivate var misspellsHostInCommonName: Bool {
        subject.attributes.contains { attribute in
            guard attribute.type == .commonName else { return false }
            let name = attribute.value
            if let address = IPAddress.version6(name) { return IPAddress.describe(address) != name }
            let isHexadecimal = name.hasPrefix("0x") && UInt32(name.dropFirst(2), radix: 16) != nil
            let groups = name.split(separator: ".", omittingEmptySubsequences: false)
            let isDotted = groups.count == 4 && groups.allSatisfy { UInt8($0) != nil }
            if isHexadecimal || isDotted && IPAddress.version4(name) == nil { return true }
            guard groups.count > 1, !name.contains(" ") else { return false }
            if !name.utf8.allSatisfy({ $0 < 0x80 }) { return true }
            let twins = subjectAlternativeNames.filter {
                if case .dns(let dns) = $0 { dns.lowercased() == name.lowercased() } else { false }
            }
            return !twins.isEmpty && !twins.contains(.dns(name))
        }
    }
}

/// What follows the first label of a DNS name; nil if there is nothing.
private func parentDomain(of name: String) -> Substring? {
    guard let dot = name.firstIndex(of: "."), !name.contains(" ") else { return nil }
    let domain = name[name.index(after: dot)...]
    return domain.isEmpty ? nil : domain
}
