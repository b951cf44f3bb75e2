/// What makes a certificate an issuer: basic constraints, path length, key usage (RFC 5280 §6.1.4 (k) to (n)).
extension PathValidator {
    mutating func checkAuthorities() {
        var intermediatesBelow = 0
        for (depth, certificate) in path.enumerated().dropFirst() {
            let extensions = certificate.fields.extensions
            let isVersion1Anchor = certificate.version < 3 && isAnchor(depth)
            // (k) "If certificate i is a version 3 certificate, verify that the basicConstraints extension is present
            // and that cA is set to TRUE." A version 1 certificate cannot say so: one is believed only as an anchor,
            // where the operator has.
            if !certificate.isAuthority && !isVersion1Anchor {
                report(.invalidCACertificate, depth, "it is no CA and must not issue certificates")
            }
            // (n) "If a key usage extension is present, verify that the keyCertSign bit is set."
            if let usage = extensions.keyUsage, !usage.contains(.keyCertSign) {
                report(.invalidCACertificate, depth, "its key must not sign certificates")
            }
            // (l), (m): §4.2.1.9: pathLenConstraint "gives the maximum number of non-self-issued intermediate
            // certificates that may follow this certificate in a valid certification path".
            if let allowed = extensions.basicConstraints?.pathLength, allowed < intermediatesBelow {
                report(
                    .pathLengthExceeded, depth,
                    "it allows \(allowed) intermediates below itself, and there are \(intermediatesBelow)")
            }
            if !certificate.isSelfIssued { intermediatesBelow += 1 }
        }
    }
}
