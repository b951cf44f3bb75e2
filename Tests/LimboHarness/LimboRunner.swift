import Foundation
import GatehouseCertificates

/// Runs cases through the verifier, with the web's profile: that is what the suite describes, but for some cases.
struct LimboRunner {
    /// The time of cases that name none.
    let now: UnixTime

    func run(_ testCase: LimboCase) -> LimboReport.Result {
        do {
            let problems = try problems(of: testCase)
            return LimboReport.Result(
                id: testCase.id, actualResult: problems.isEmpty ? .success : .failure,
                context: problems.isEmpty ? nil : problems.joined(separator: "; "))
        } catch let reason as NotRunnable {
            return LimboReport.Result(id: testCase.id, actualResult: .skipped, context: reason.text)
        } catch {
            return LimboReport.Result(id: testCase.id, actualResult: .failure, context: "\(error)")
        }
    }

    /// The case asks something that the verifier has no question for.
    private struct NotRunnable: Error {
        let text: String
    }

    /// Path lengths, and what the suite wants otherwise of the web, are asked under RFC 5280 alone.
    private func policy(for testCase: LimboCase) throws -> VerificationPolicy {
        if testCase.features?.contains("rfc5280-incompatible-with-webpki") ?? false {
            throw NotRunnable(text: "a rule for CAs that the web does not keep, and path validation does not ask for")
        }
        let contradictsWeb = testCase.conflictsWith?.contains { $0.hasPrefix("webpki::") } ?? false
        return contradictsWeb || testCase.id.hasPrefix("pathlen::") ? .default : .web
    }

    private func problems(of testCase: LimboCase) throws -> [String] {
        let leaf = try certificate(testCase.peerCertificate)
        // What does not parse among the others cannot be part of a chain; the others still can.
        let intermediates = testCase.untrustedIntermediates.compactMap { try? certificate($0) }
        let anchors = testCase.trustedCerts.compactMap { try? certificate($0) }

        var policy = try policy(for: testCase)
        if let depth = testCase.maxChainDepth { policy.maximumIntermediates = depth }
        policy.leafKeyUsage = KeyUsage(try (testCase.keyUsage ?? []).map(keyUsage))
        let verifier = CertificateVerifier(trustStore: TrustStore(anchors: anchors), policy: policy)
        let purpose: Purpose = testCase.validationKind == .server ? .serverAuthentication : .clientAuthentication
        let purposeName = testCase.validationKind == .server ? "serverAuth" : "clientAuth"
        if let usages = testCase.extendedKeyUsage, !usages.isEmpty, usages != [purposeName] {
            throw NotRunnable(text: "extended key usages other than the role's own are not asked for")
        }
        var evidence = RevocationEvidence()
        for text in testCase.crls ?? [] {
            evidence.revocationLists += try CertificateRevocationList.lists(pem: Array(text.utf8))
        }
        var problems: [String] = []
        let names = try ([testCase.expectedPeerName].compactMap { $0 } + (testCase.expectedPeerNames ?? []))
            .map(referenceName)
        let questions: [ReferenceName?] = names.isEmpty ? [nil] : names
        for name in questions {
            let verdict = verifier.verify(
                [leaf] + intermediates, name: name, purpose: purpose, at: try time(of: testCase),
                evidence: evidence)
            problems += verdict.problems.map { "\($0.code): \($0)" }
        }
        return problems
    }

    private func certificate(_ pem: String) throws -> Certificate {
        guard let certificate = try Certificate.certificates(pem: Array(pem.utf8)).first else {
            throw NotRunnable(text: "there is no certificate where one should be")
        }
        return certificate
    }

    /// The whole second that the time lies in: certificates know no smaller unit.
    private func time(of testCase: LimboCase) throws -> UnixTime {
        guard let text = testCase.validationTime else { return now }
        let whole = Date.ISO8601FormatStyle()
        for style in [whole, Date.ISO8601FormatStyle(includingFractionalSeconds: true)] {
            if let date = try? Date(text, strategy: style) {
                return UnixTime(date.timeIntervalSince1970.rounded(.down))
            }
        }
        throw NotRunnable(text: "the validation time is not in a known format")
    }

    private func referenceName(_ name: LimboCase.PeerName) throws -> ReferenceName {
        switch name.kind {
        case "DNS", "IP":
            guard let reference = ReferenceName(host: name.value) else {
                throw NotRunnable(text: "the peer's name is not one that can be asked for")
            }
            return reference
        case "RFC822": return .email(name.value)
        default: throw NotRunnable(text: "names of kind \(name.kind) are not asked for")
        }
    }

    private func keyUsage(_ name: String) throws -> KeyUsage {
        switch name {
        case "digitalSignature": .digitalSignature
        case "contentCommitment": .contentCommitment
        case "keyEncipherment": .keyEncipherment
        case "dataEncipherment": .dataEncipherment
        case "keyAgreement": .keyAgreement
        case "keyCertSign": .keyCertSign
        case "cRLSign": .cRLSign
        case "encipherOnly": .encipherOnly
        case "decipherOnly": .decipherOnly
        default: throw NotRunnable(text: "the key usage \(name) is not known")
        }
    }
}
