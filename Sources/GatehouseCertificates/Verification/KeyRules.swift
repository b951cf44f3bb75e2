import GatehouseCrypto

/// Which keys and signature algorithms are accepted.
extension PathValidator {
    mutating func checkKeys() {
        checkSignatureAlgorithms()
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
            case .ellipticCurve, .bytes:
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
            case .supported(let algorithm)
            where request.policy.dangerouslyAcceptedDigests.isSuperset(of: algorithm.obsoleteDigest):
                break
            case .supported, .weakDigest:
                if !isAnchor(depth) {
                    report(.weakDigest, depth, "it is signed with MD5 or SHA-1, which can be forged")
                }
            case .unsupported(let algorithm):
                report(.unsupportedAlgorithm, depth, "its signature algorithm \(algorithm) is not supported")
            }
        }
    }

    /// Whether every certificate is signed in a way that its issuer's key is meant for.
    private mutating func checkSignatureAlgorithms() {
        for depth in path.indices.dropLast() {
            guard case .supported(let algorithm) = path[depth].fields.signatureAlgorithm else { continue }
            let key = path[depth + 1].fields.publicKey
            // RFC 4055 §3.3: the hash functions of key and signature are the same, and the salt is at least as long as
            // the key's parameters say.
            if case .rsa(_, _, _, .pss(let hash?, let shortestSalt)) = key,
                case .rsaPSS(let used, let salt) = algorithm, used != hash || salt < shortestSalt
            {
                report(
                    .unsupportedAlgorithm, depth,
                    "its signature's parameters are not those that its issuer's key allows")
            }
            // BR 7.1.3.2.2: each curve has its digest. Elsewhere any of SHA-2 will do.
            if request.policy.profile == .web, case .ecdsa(let hash) = algorithm, hash != key.algorithm?.webDigest {
                report(.weakDigest, depth, "its signature's digest is not the one for the curve of its issuer's key")
            }
        }
    }
}

extension KeyAlgorithm {
    /// The digest that CAs of the web use with a curve.
    fileprivate var webDigest: HashAlgorithm? {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .p521: .sha512
        case .rsa, .rsaPSS, .ed25519, .ed448, .mlDSA: nil
        }
    }
}
