import GatehouseCrypto

/// Whether the certificates of the path are revoked (RFC 5280 §6.1.3 (a) (3), §6.3; RFC 6960 §3.2).
extension PathValidator {
    mutating func checkRevocation() throws(PathBudget.Exceeded) {
        guard request.policy.revocation != .off else { return }
        checkMustStaple()
        for depth in path.indices {
            guard let issuer = issuer(at: depth) else { continue }
            var findings = RevocationFindings()
            if !request.isAboutListSigner {
                try consultResponses(about: depth, issuer, &findings)
            }
            try consultLists(about: path[depth], issuer, &findings)
            if let date = findings.revocationDate {
                report(.certificateRevoked, depth, "it was revoked on \(describe(date))")
            } else if let refusal = findings.refusal {
                report(refusal.code, depth, refusal.text)
            } else if !findings.isGood {
                if let failure = findings.failures.first {
                    report(failure.code, depth, failure.text)
                } else if request.policy.revocation == .required {
                    report(.certificateStatusUnknown, depth, "nothing tells whether it is revoked")
                }
            }
        }
    }

    /// RFC 7633 §4.2.3.1 with feature 5, `status_request`: the server promised to send a response along.
    private mutating func checkMustStaple() {
        guard request.purpose == .serverAuthentication, let leaf = path.first, leaf.mustStaple,
            request.evidence.stapledResponse == nil
        else { return }
        report(.ocspNoResponseFound, 0, "it demands a stapled OCSP response, and the server sent none")
    }

    /// Who issued the certificate at `depth`; nil for an anchor.
    private func issuer(at depth: Int) -> RevocationIssuer? {
        if depth + 1 < path.count { return RevocationIssuer(certificate: path[depth + 1], anchor: nil) }
        guard case .anchorKey(let anchor) = end else { return nil }
        return RevocationIssuer(certificate: nil, anchor: anchor)
    }
}

/// What was found out about one certificate.
struct RevocationFindings {
    /// Somebody entitled says that it is not revoked.
    var isGood = false
    /// Somebody entitled says that it is.
    var revocationDate: UnixTime?
    /// What may hold newer information than all else, and cannot be used.
    var refusal: (code: CertificateProblem.Code, text: String)?
    /// What was about this certificate and could not be used, and why.
    var failures: [(code: CertificateProblem.Code, text: String)] = []

    mutating func fail(_ code: CertificateProblem.Code, _ text: String) {
        failures.append((code, text))
    }
}

/// The issuer of a certificate whose status is asked: a certificate, or an anchor that is a bare key.
struct RevocationIssuer {
    let certificate: Certificate?
    let anchor: TrustAnchor?

    func publicKey() throws(CryptoError) -> PublicKey {
        if let certificate { return try certificate.publicKey() }
        guard let anchor else { throw .invalidKey }
        return try anchor.publicKey()
    }

    var subject: DistinguishedName? { certificate?.subject ?? anchor?.subject }

    /// Whether its key may sign revocation lists.
    var maySignLists: Bool {
        // RFC 5280 §6.3.3 (f): "If a key usage extension is present in the CRL issuer's certificate, verify that the
        // cRLSign bit is set."
        certificate?.keyUsage?.contains(.cRLSign) ?? true
    }

    /// The key's own bytes, which OCSP hashes: "the value (excluding tag, length, and unused bits) of the issuer's
    /// subjectPublicKey field" (RFC 6960 §4.1.1).
    var publicKeyBits: [UInt8] {
        certificate?.publicKeyBits ?? anchor?.publicKeyBits ?? []
    }
}

extension Certificate {
    /// The content of the subjectPublicKey BIT STRING.
    var publicKeyBits: [UInt8] { SubjectPublicKey.bits(of: publicKeyInfo) }
}

extension SubjectPublicKey {
    /// The content of the BIT STRING of a SubjectPublicKeyInfo; empty if it is none.
    static func bits(of publicKeyInfo: [UInt8]) -> [UInt8] {
        let bytes = publicKeyInfo.span
        guard let element = try? onlyElement(.sequence, bytes), var fields = try? DERCursor(inside: element),
            (try? fields.next(.sequence, bytes)) != nil,
            let bits = try? fields.next(.bitString, bytes).wholeBytes(bytes)
        else { return [] }
        return bytes.copy(bits)
    }
}
