import GatehouseCrypto

/// Which keys and signature algorithms are accepted.
extension PathValidator {
    mutating func checkKeys() {
        for (depth, certificate) in path.enumerated() {
            switch certificate.fields.publicKey {
            case .rsa(_, _, let bits, _):
                if !request.policy.rsaBits.contains(bits) {
                    report(
                        .weakKey, depth,
                        "its RSA key has \(bits) bits; "
                            + "\(request.policy.rsaBits.lowerBound) to \(request.policy.rsaBits.upperBound) are accepted"
                    )
                }
            case .ellipticCurve, .edwards:
                break
            case .unsupported(.explicitCurve):
                report(.weakKey, depth, "its key spells out the parameters of its curve, which nobody must use")
            case .unsupported(.curve(let curve)):
                report(.weakKey, depth, "its key is on the curve \(curve), which is not accepted")
            case .unsupported(.algorithm(let algorithm)):
                report(.unsupportedAlgorithm, depth, "its key's algorithm \(algorithm) is not supported")
            case .unsupported(.malformed):
                report(.unsupportedAlgorithm, depth, "its key is malformed")
            }
            // Nobody checks the signature on an anchor (RFC 5280 §6.1.1 (d)): how it was made does not matter, but that
            // no CA of the web makes one in an unknown way.
            guard !isAnchor(depth) || request.policy.profile == .web else { continue }
            switch certificate.fields.signatureAlgorithm {
            case .supported: break
            case .weakDigest where isAnchor(depth): break
            case .weakDigest: report(.weakDigest, depth, "it is signed with MD5 or SHA-1, which can be forged")
            case .unsupported(let algorithm):
                report(.unsupportedAlgorithm, depth, "its signature algorithm \(algorithm) is not supported")
            }
        }
    }
}
