import GatehouseCrypto

/// Asking revocation lists (RFC 5280 §6.3.3).
extension PathValidator {
    /// Uses every list that is about the certificate. Lists that each hold some reasons count together.
    mutating func consultLists(
        about certificate: Certificate, _ issuer: RevocationIssuer, _ findings: inout RevocationFindings
    ) throws(PathBudget.Exceeded) {
        var covered: RevocationReasons = []
        for list in request.evidence.revocationLists {
            try budget.spendStep()
            guard let reasons = list.reasonsCovered(for: certificate) else { continue }
            // §5.2.4: a delta tells what changed since another list. What it says is newer, so that the other list alone
            // is no answer.
            if list.fields.extensions.isDelta {
                findings.refusal = (
                    .unsupportedRevocationList, "its revocation list is a delta, which only changes another list"
                )
                continue
            }
            if let reason = list.reasonNotToProcess(profile: request.policy.profile) {
                findings.fail(reason.code, reason.text)
                continue
            }
            // Step (a) and §5.1.2.4, §5.1.2.5: a list counts from thisUpdate to nextUpdate.
            let tolerance = VerificationPolicy.clockTolerance
            guard list.thisUpdate <= request.time + tolerance else {
                findings.fail(
                    .revocationListExpired, "its revocation list is not valid before \(describe(list.thisUpdate))")
                continue
            }
            if let nextUpdate = list.nextUpdate, nextUpdate < request.time {
                findings.fail(.revocationListExpired, "its revocation list expired on \(describe(nextUpdate))")
                continue
            }
            guard try isSigned(list, by: issuer) else {
                findings.fail(
                    .invalidRevocationList, "its revocation list is not signed by its issuer with a key for lists")
                continue
            }
            if let entry = list.entry(for: certificate.fields.der[certificate.fields.serialNumber]) {
                findings.revocationDate = entry.revocationDate
                return
            }
            covered.formUnion(reasons)
        }
        // Step (l) and §6.3.3's loop: the status is known when all reasons are.
        if covered == .all { findings.isGood = true }
    }

    /// Steps (f) and (g): the key of the certificate's issuer, or another key of the same name that a valid path leads
    /// to, signed the list.
    private mutating func isSigned(
        _ list: CertificateRevocationList, by issuer: RevocationIssuer
    ) throws(PathBudget.Exceeded) -> Bool {
        if issuer.maySignLists, try isSigned(list, with: issuer.publicKey) { return true }
        guard !request.isAboutListSigner else { return false }
        let anchors = request.store.anchorIndices(named: list.issuer).compactMap {
            request.store.anchor(at: $0).certificate
        }
        for signer in pool.filter({ $0.subject == list.issuer }) + anchors where signer != issuer.certificate {
            try budget.spendStep()
            guard RevocationIssuer(certificate: signer, anchor: nil).maySignLists,
                try isSigned(list, with: signer.publicKey)
            else { continue }
            let chain = [signer] + pool.filter { $0 != signer }
            guard var builder = PathBuilder(chain: chain, request: request.aboutListSigner(), budget: budget) else {
                continue
            }
            let verdict = try builder.search()
            budget = builder.budget
            if verdict.isVerified { return true }
        }
        return false
    }

    private mutating func isSigned(
        _ list: CertificateRevocationList, with key: () throws(CryptoError) -> PublicKey
    ) throws(PathBudget.Exceeded) -> Bool {
        let der = list.der
        return try SignatureCheck.run(
            list.fields.signatureAlgorithm, der.span, message: list.fields.tbsCertList,
            signature: list.fields.signature, key: key, accepting: request.policy.dangerouslyAcceptedDigests,
            budget: &budget) == .valid
    }
}

extension CertificateRevocationList {
    /// The reasons for which this list would hold the certificate; nil if it is about others.
    func reasonsCovered(for certificate: Certificate) -> RevocationReasons? {
        let points = certificate.fields.extensions.distributionPoints ?? []
        // Step (b) (1): "If the DP includes cRLIssuer, then verify that the issuer field in the complete CRL matches
        // cRLIssuer in the DP and that the complete CRL contains an issuing distribution point extension with the
        // indirectCRL boolean asserted. Otherwise, verify that the CRL issuer matches the certificate issuer."
        let scope = fields.extensions.issuingDistributionPoint
        let isNamed = scope?.isIndirect ?? false && points.contains { names(issuer, as: $0.crlIssuer, certificate) }
        guard issuer == certificate.issuer || isNamed else { return nil }
        guard let scope else { return .all }
        // Step (b) (2) (ii) to (iv).
        if scope.onlyContainsUserCerts && certificate.isAuthority { return nil }
        if scope.onlyContainsCACerts && !certificate.isAuthority { return nil }
        if scope.onlyContainsAttributeCerts { return nil }
        // Step (d): the reasons of the list and of the point that leads to it.
        let reasons = scope.reasons ?? .all
        guard let name = scope.name else { return reasons }
        // Step (b) (2) (i): "verify that one of the names in the IDP matches one of the names in the DP". A list that no
        // point leads to is taken under "a distribution point name of the certificate issuer".
        let own = Set(name.forms(der, issuer: issuer))
        var covered: RevocationReasons? = own.contains(.directory(certificate.issuer)) ? reasons : nil
        for point in points where isNamed == (point.crlIssuer != nil) {
            // "If the distribution point name is present in the IDP CRL extension and the distribution field is omitted
            // from the DP, then verify that one of the names in the IDP matches one of the names in the cRLIssuer field".
            let name = point.name ?? point.crlIssuer.map { .full($0) }
            guard let forms = name?.forms(certificate.der, issuer: issuer), !own.isDisjoint(with: forms) else {
                continue
            }
            covered = (covered ?? []).union(reasons.intersection(point.reasons ?? .all))
        }
        return covered
    }

    /// Why this list is not used although it is about the certificate.
    func reasonNotToProcess(
        profile: VerificationPolicy.Profile
    ) -> (code: CertificateProblem.Code, text: String)? {
        if fields.extensions.issuingDistributionPoint?.isIndirect ?? false {
            return (.unsupportedRevocationList, "its revocation list is indirect: it speaks for several issuers")
        }
        if let identifier = fields.unprocessedCritical {
            return (
                .unsupportedRevocationList,
                "its revocation list has the critical extension \(identifier), not known here"
            )
        }
        // RFC 5280 §5.2.3: "CRL issuers conforming to this profile MUST include this extension in all CRLs and MUST mark
        // this extension as non-critical."
        if profile == .web, !fields.extensions.hasNumber {
            return (.invalidRevocationList, "its revocation list has no number, or one that is critical")
        }
        return nil
    }

    private func names(_ issuer: DistinguishedName, as names: [GeneralName]?, _ certificate: Certificate) -> Bool {
        let der = certificate.der
        return (names ?? []).contains { name in
            name.kind == .directoryName && (try? name.directoryName(der.span)) == issuer
        }
    }
}
