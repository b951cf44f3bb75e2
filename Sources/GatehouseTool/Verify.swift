import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem

private let parser = OptionParser(
    usage: "verify [OPTION…] CERT",
    summary: """
        Judges the certificate in the file CERT, which may hold its chain too, and prints the chain down from it, or \
        what is wrong. Files are PEM or DER.
        """,
    options: [
        Option(
            "--ca", "FILE", repeats: true, help: "certificates to trust instead of the system's; can be repeated"),
        Option("--chain", "FILE", repeats: true, help: "intermediate certificates; can be repeated"),
        Option("--name", "N", help: "the host, address or e-mail address that it must be issued for"),
        Option("--purpose", "server|client", help: "what it is used for; server if not given"),
        Option("--time", "T", help: "when: 2026-11-22, 2026-11-22T17:42:54Z, or seconds since 1970; now if not given"),
        Option("--crl", "FILE", repeats: true, help: "revocation lists; can be repeated"),
        Option("--ocsp", "FILE", repeats: true, help: "an OCSP response in DER; can be repeated"),
        Option("--revocation", "off|available|required", help: "what to do about revocation; available if not given"),
        Option("--web", help: "hold every certificate to the rules for the web's CAs"),
    ],
    operands: 1...1)

/// `gatehouse verify`: exits with 0 if the certificate is to be believed, and with 1 if it is not.
@Sendable func runVerify(_ arguments: [String]) async throws -> Int32 {
    guard let options = try parser.parse(arguments) else {
        Console.say(parser.help)
        return 0
    }
    var policy = options.has("--web") ? VerificationPolicy.web : .default
    policy.revocation = try choice(
        options, "--revocation", ["off": .off, "available": .ifAvailable, "required": .required], default: .ifAvailable)
    let purpose: Purpose = try choice(
        options, "--purpose", ["server": .serverAuthentication, "client": .clientAuthentication],
        default: .serverAuthentication)
    var chain = try certificates(in: options.operands[0])
    for path in options.all("--chain") { chain += try certificates(in: path) }
    let verifier = CertificateVerifier(trustStore: try trustStore(options), policy: policy)
    let verdict = verifier.verify(
        chain, name: try name(options.value("--name")), purpose: purpose, at: try time(options.value("--time")),
        evidence: try evidence(options))
    switch verdict {
    case .verified(let path):
        for (depth, certificate) in path.enumerated() {
            Console.say("\(depth)  \(certificate.subject)\n   \(details(of: certificate))\n")
        }
        return 0
    case .rejected(let problems):
        for problem in problems {
            Console.say("\(problem.code): \(problem)\n")
        }
        return 1
    }
}

private func details(of certificate: Certificate) -> String {
    let key = certificate.keyAlgorithm?.description ?? "unsupported key"
    return "\(key), valid from \(certificate.validity.from) until \(certificate.validity.until)"
}

private func choice<Value>(
    _ options: OptionParser.Result, _ name: String, _ values: [String: Value], default standard: Value
) throws(UsageError) -> Value {
    guard let text = options.value(name) else { return standard }
    guard let value = values[text] else {
        throw UsageError("\(name) takes \(values.keys.sorted().joined(separator: ", ")), not \(text)")
    }
    return value
}

private func trustStore(_ options: OptionParser.Result) throws(UsageError) -> TrustStore {
    guard options.has("--ca") else {
        do {
            return try TrustStore.system()
        } catch {
            throw UsageError("\(error): give some with --ca")
        }
    }
    var anchors: [Certificate] = []
    for path in options.all("--ca") { anchors += try certificates(in: path) }
    return TrustStore(anchors: anchors)
}

/// The certificates of a file in PEM or DER.
private func certificates(in path: String) throws(UsageError) -> [Certificate] {
    let contents = try Settings.contents(of: path)
    let found: [Certificate]
    do {
        found =
            contents.first == 0x30
            ? [try Certificate(der: contents)] : try Certificate.certificates(pem: contents)
    } catch {
        throw UsageError("\(path): \(error)")
    }
    guard !found.isEmpty else { throw UsageError("\(path): there is no certificate in it") }
    return found
}

private func name(_ text: String?) throws(UsageError) -> ReferenceName? {
    guard let text else { return nil }
    if text.contains("@") { return .email(text) }
    guard let name = ReferenceName(host: text) else {
        throw UsageError("--name takes a host, an IP address or an e-mail address, not \(text)")
    }
    return name
}

private func time(_ text: String?) throws(UsageError) -> UnixTime {
    guard let text else { return SystemClock.unixTime }
    if let seconds = UnixTime(text) { return seconds }
    guard let time = UnixTime(timestamp: text) else {
        throw UsageError("--time takes a date, a time such as 2026-11-22T17:42:54Z, or seconds since 1970, not \(text)")
    }
    return time
}

private func evidence(_ options: OptionParser.Result) throws(UsageError) -> RevocationEvidence {
    var evidence = RevocationEvidence()
    for path in options.all("--crl") {
        let contents = try Settings.contents(of: path)
        do {
            let isDER = contents.first == 0x30
            evidence.revocationLists +=
                isDER
                ? [try CertificateRevocationList(der: contents)] : try CertificateRevocationList.lists(pem: contents)
        } catch {
            throw UsageError("\(path): \(error)")
        }
    }
    for path in options.all("--ocsp") {
        evidence.ocspResponses.append(try Settings.contents(of: path))
    }
    return evidence
}
