import GatehouseCrypto

/// Asking OCSP responses (RFC 6960 §3.2).
extension PathValidator {
    mutating func consultResponses(
        about depth: Int, _ issuer: RevocationIssuer, _ findings: inout RevocationFindings
    ) throws(PathBudget.Exceeded) {
        if depth == 0, let stapled = request.evidence.stapledResponse {
            try consult(stapled, isStapled: true, about: path[depth], issuer, &findings)
        }
        for response in request.evidence.ocspResponses {
            try consult(response, isStapled: false, about: path[depth], issuer, &findings)
        }
    }

    private mutating func consult(
        _ der: [UInt8], isStapled: Bool, about certificate: Certificate, _ issuer: RevocationIssuer,
        _ findings: inout RevocationFindings
    ) throws(PathBudget.Exceeded) {
        try budget.spendStep()
        let response: OCSPResponse
        do throws(CertificateError) {
            response = try OCSPResponse(der: der)
        } catch {
            findings.fail(.ocspMalformedResponse, "its OCSP response is malformed: \(error)")
            return
        }
        guard let basic = response.basic else {
            findings.fail(response.status.problem, "the OCSP responder answers: \(response.status.text)")
            return
        }
        // §3.2 step 1: "The certificate identified in a received response corresponds to the certificate that was
        // identified in the corresponding request". A response holds answers about several certificates.
        let answers = basic.answers.filter { $0.isAbout(certificate, issuer, der) }
        guard !answers.isEmpty else {
            if isStapled { findings.fail(.ocspResponseCertIDUnknown, "its OCSP response is about other certificates") }
            return
        }
        // Steps 2 to 4: signed by who is entitled to.
        guard !basic.unknownCritical, try isTrusted(basic, der, issuer) else {
            findings.fail(.ocspResponseCannotBeTrusted, "its OCSP response is not signed by whom its issuer entitles")
            return
        }
        // RFC 9654 §2.1: the response to a request with a nonce holds it.
        if let nonce = request.evidence.nonce, basic.nonce.map({ Array(der[$0]) }) != nonce {
            findings.fail(.ocspResponseCannotBeTrusted, "its OCSP response does not answer the request that was made")
            return
        }
        for answer in answers {
            try judge(answer, &findings)
        }
    }

    private mutating func judge(
        _ answer: OCSPResponse.Answer, _ findings: inout RevocationFindings
    ) throws(PathBudget.Exceeded) {
        let tolerance = VerificationPolicy.clockTolerance
        // Step 5: "The time at which the status being indicated is known to be correct (thisUpdate) is sufficiently
        // recent." Step 6: "When available, the time at or before which newer information will be available about the
        // status of the certificate (nextUpdate) is greater than the current time."
        guard answer.thisUpdate <= request.time + tolerance else {
            findings.fail(
                .ocspResponseExpired, "its OCSP response is not valid before \(describe(answer.thisUpdate))")
            return
        }
        let end = answer.nextUpdate ?? answer.thisUpdate + VerificationPolicy.longestAnswerWithoutEnd
        guard end >= request.time - tolerance else {
            findings.fail(.ocspResponseExpired, "its OCSP response expired on \(describe(end))")
            return
        }
        switch answer.status {
        case .good: findings.isGood = true
        case .revoked(let date): findings.revocationDate = date
        case .unknown: findings.fail(.ocspStatusUnknown, "the OCSP responder does not know it")
        }
    }

    /// RFC 6960 §4.2.2.2: the response is signed with the key of the certificate's issuer, or with the key of a
    /// certificate that this issuer issued for the purpose.
    private mutating func isTrusted(
        _ basic: OCSPResponse.Basic, _ der: [UInt8], _ issuer: RevocationIssuer
    ) throws(PathBudget.Exceeded) -> Bool {
        if try isSigned(basic, der, with: issuer.publicKey) { return true }
        let digests = request.policy.dangerouslyAcceptedDigests
        for range in basic.certificates.prefix(4) {
            guard let delegate = try? Certificate(der: Array(der[range])), basic.responderID.names(delegate, der),
                // "This certificate MUST include … id-kp-OCSPSigning … and MUST be issued directly by the CA that is
                // identified in the request." anyExtendedKeyUsage does not count: the CA did not mean this.
                delegate.fields.extensions.extendedKeyUsage?.contains(.ocspSigning) ?? false,
                delegate.keyUsage?.contains(.digitalSignature) ?? true,
                delegate.notBefore <= request.time, request.time <= delegate.notAfter,
                delegate.fields.extensions.unknownCritical == nil,
                delegate.issuer == issuer.subject,
                try delegate.checkSignature(key: issuer.publicKey, accepting: digests, budget: &budget) == .valid,
                try isSigned(basic, der, with: delegate.publicKey), try isInForce(delegate, issuer)
            else { continue }
            return true
        }
        return false
    }

    /// RFC 6960 §4.2.2.2.1: with id-pkix-ocsp-nocheck a CA says "that an OCSP client can trust a responder for the
    /// lifetime of the responder's certificate". Otherwise, "it is up to the local security policy": the certificate is
    /// judged by the revocation lists at hand as those of the chain are, and where a status is required of these, it is
    /// of this one. No OCSP response is asked about a responder.
    private mutating func isInForce(
        _ delegate: Certificate, _ issuer: RevocationIssuer
    ) throws(PathBudget.Exceeded) -> Bool {
        if delegate.fields.extensions.hasOCSPNoCheck { return true }
        var findings = RevocationFindings()
        try consultLists(about: delegate, issuer, &findings)
        guard findings.revocationDate == nil, findings.refusal == nil else { return false }
        return findings.isGood || findings.failures.isEmpty && request.policy.revocation != .required
    }

    private mutating func isSigned(
        _ basic: OCSPResponse.Basic, _ der: [UInt8], with key: () throws(CryptoError) -> PublicKey
    ) throws(PathBudget.Exceeded) -> Bool {
        try SignatureCheck.run(
            basic.signatureAlgorithm, der.span, message: basic.tbsResponseData, signature: basic.signature, key: key,
            accepting: request.policy.dangerouslyAcceptedDigests, budget: &budget) == .valid
    }
}

extension VerificationPolicy {
    /// How far the clocks of those who issue revocation information may differ from ours, in seconds.
    static let clockTolerance: UnixTime = 300
    /// How long an OCSP answer that names no end is believed, in seconds: a week.
    static let longestAnswerWithoutEnd: UnixTime = 604_800
}

extension OCSPResponse.Answer {
    /// Whether the CertID (RFC 6960 §4.1.1) is that of the certificate.
    func isAbout(_ certificate: Certificate, _ issuer: RevocationIssuer, _ der: [UInt8]) -> Bool {
        guard let hashAlgorithm, der[serialNumber] == certificate.fields.der[certificate.fields.serialNumber] else {
            return false
        }
        let name = certificate.issuer.der
        let key = issuer.publicKeyBits
        return Array(der[issuerNameHash]) == hashAlgorithm.hash(name.span)
            && Array(der[issuerKeyHash]) == hashAlgorithm.hash(key.span)
    }
}

extension OCSPResponse.ResponderID {
    /// Whether this is the owner of the certificate.
    func names(_ certificate: Certificate, _ der: [UInt8]) -> Bool {
        switch self {
        case .name(let name): return name == certificate.subject
        case .keyHash(let range):
            let key = certificate.publicKeyBits
            return Array(der[range]) == SHA1.hash(key.span)
        }
    }
}

extension OCSPResponse.Status {
    var problem: CertificateProblem.Code {
        switch self {
        case .malformedRequest: .ocspMalformedRequest
        case .internalError: .ocspInternalError
        case .tryLater: .ocspTryLater
        case .signatureRequired: .ocspSignatureRequired
        case .unauthorized: .ocspUnauthorized
        case .successful: .ocspMalformedResponse
        }
    }

    var text: String {
        switch self {
        case .malformedRequest: "the request was malformed"
        case .internalError: "internal error"
        case .tryLater: "try later"
        case .signatureRequired: "the request must be signed"
        case .unauthorized: "not authorized"
        case .successful: "nothing"
        }
    }
}
