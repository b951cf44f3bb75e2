/// What a certificate may be used for: key usage of the leaf and extended key usage down the chain.
extension PathValidator {
    mutating func checkPurpose() {
        guard let purpose = request.purpose else { return }
        for (depth, certificate) in path.enumerated() {
            let extensions = certificate.fields.extensions
            // RFC 9846 §4.5.2.2: "the digitalSignature bit MUST be set if the Key Usage extension is present".
            if depth == 0, let usage = extensions.keyUsage, !usage.contains(request.policy.leafKeyUsage) {
                report(.invalidPurpose, depth, "its key usage does not allow what its key is used for")
            }
            // RFC 5280 §4.2.1.12: "If the extension is present, then the certificate MUST only be used for one of the
            // purposes indicated." On a CA it bounds what is issued below, as every verifier of the web takes it.
            // anyExtendedKeyUsage stands for every purpose, and for nothing else: no other check depends on it.
            if let usage = extensions.extendedKeyUsage,
                !usage.contains(purpose.extendedKeyUsage), !usage.contains(.any)
            {
                let side = purpose == .serverAuthentication ? "servers" : "clients"
                report(.invalidPurpose, depth, "its extended key usage does not allow authenticating \(side)")
            }
        }
    }
}
