/// The rules about a certificate's contents that path validation does not need (RFC 5280 §4 and the Baseline
/// Requirements of the CA/Browser Forum, "BR").
extension PathValidator {
    mutating func checkProfile() {
        for (depth, certificate) in path.enumerated() {
            for rule in ProfileRule.always where rule.isBroken(certificate) {
                report(.invalidExtension, depth, rule.text)
            }
            guard policy.profile == .web else { continue }
            let isAnchor = endsInAnchor && depth == path.count - 1 && depth > 0
            let place = isAnchor ? ProfileRule.anchor : depth == 0 ? ProfileRule.leaf : ProfileRule.intermediate
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
        // RFC 5280 §4.2.1.10: a DNS constraint is a name; the leading period is for URIs.
        ProfileRule("a DNS name in its name constraints starts with a period") { certificate in
            let der = certificate.der
            let constraints = certificate.fields.extensions.nameConstraints ?? NameConstraints()
            return (constraints.permitted + constraints.excluded).contains { base in
                base.kind == .dnsName && base.value.first.map { der[$0] == UInt8(ascii: ".") } ?? false
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
        // BR 7.1.2.7.6: the extended key usage is not critical, and anyExtendedKeyUsage MUST NOT be present.
        ProfileRule("its extended key usage is critical") { $0.marksCritical(.extendedKeyUsage) },
        ProfileRule("its extended key usage holds anyExtendedKeyUsage") {
            $0.fields.extensions.extendedKeyUsage?.contains(.any) ?? false
        },
        // BR 7.1.4.3: the common name "MUST contain exactly one entry that is one of the values contained in the
        // Certificate's subjectAltName extension".
        ProfileRule("its common name reads as a host that is not among its alternative names") {
            !$0.commonNameIsAlternativeName
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

    /// Whether every common name that reads as a DNS name or an IP address is one of the alternative names, in the
    /// same spelling but for the case of DNS names. One that reads as something else is for people.
    fileprivate var commonNameIsAlternativeName: Bool {
        let names = subject.attributes.filter { $0.type == .commonName }.map(\.value)
        guard !names.isEmpty else { return true }
        let alternatives = subjectAlternativeNames.prefix(4096)
        return names.allSatisfy { name in
            guard name.contains(".") || name.contains(":") || name.hasPrefix("0x"), !name.contains(" ") else {
                return true
            }
            return alternatives.contains { alternative in
                switch alternative {
                case .dns(let dns): dns.lowercased() == name.lowercased()
                case .ipAddress(let bytes): IPAddress.describe(bytes) == name
                default: false
                }
            }
        }
    }
}
