import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// A certificate with its key, and where it stands on the command line.
struct NumberedCredential {
    /// -1 for the plain one.
    let number: Int
    let credential: Credential
    let mustMatchIssuer: Bool

    /// Whether the peer's hints allow it.
    func fits(_ types: [CertificateType], _ schemes: [SignatureScheme], _ authorities: [[UInt8]]) -> Bool {
        guard types.contains(credential.certificateType) else { return false }
        let possible = (credential.key?.signatureSchemes ?? []) + SignatureScheme.supportedFromClientsWhenListed
        let own = credential.signatureSchemes.filter(possible.contains)
        guard own.contains(where: schemes.contains) else { return false }
        return !mustMatchIssuer || credential.chain.contains { authorities.contains($0.issuer.der) }
    }
}

extension Options {
    /// The certificates to choose from, in the order of the command line.
    func credentials() throws(ShimError) -> [NumberedCredential] {
        var loaded: [NumberedCredential] = []
        for (number, options) in furtherCredentials.enumerated() where options.kind != .preSharedKey {
            loaded.append(try options.load(number, policy))
        }
        if plainCredential.certificateFile != nil { loaded.append(try plainCredential.load(-1, policy)) }
        return loaded
    }

    /// The keys to be imported, each for every hash.
    func preSharedKeys() throws(ShimError) -> [PreSharedKey] {
        var keys: [PreSharedKey] = []
        for options in furtherCredentials where options.kind == .preSharedKey { keys += try options.importedKeys() }
        return keys
    }

    /// Where the pre-shared key with this imported identity stands on the command line.
    func number(ofKey identity: [UInt8]) throws(ShimError) -> Int? {
        for (number, options) in furtherCredentials.enumerated() where options.kind == .preSharedKey {
            if try options.importedKeys().contains(where: { $0.identity == identity }) { return number }
        }
        return nil
    }
}

extension CredentialOptions {
    fileprivate func load(_ number: Int, _ policy: CompliancePolicy?) throws(ShimError) -> NumberedCredential {
        guard let keyFile else { throw .notImplemented("a credential without a key") }
        do {
            let key = try PrivateKey(pem: FileSystem.read(keyFile))
            var credential = try credential(key)
            if let policy { credential.signatureSchemes = policy.signatureSchemes }
            if !signingSchemes.isEmpty { credential.signatureSchemes = try schemes(signingSchemes) }
            if !staple.isEmpty { credential.ocspResponse = staple }
            if !timestamps.isEmpty { credential.signedCertificateTimestamps = timestamps }
            return NumberedCredential(number: number, credential: credential, mustMatchIssuer: mustMatchIssuer)
        } catch KeyError.unsupportedAlgorithm {
            throw .notImplemented("the algorithm of \(keyFile)")
        } catch KeyError.notAKey {
            // ML-DSA, for a libcrypto that does not know it.
            throw .notImplemented("the key in \(keyFile)")
        } catch let error as ShimError {
            throw error
        } catch {
            throw .unexpected("\(certificateFile ?? ""), \(keyFile): \(error)")
        }
    }

    private func credential(_ key: PrivateKey) throws -> Credential {
        guard kind == .x509 else { return try Credential(rawPublicKeyOf: key) }
        guard let certificateFile else { throw ShimError.notImplemented("a credential without a certificate") }
        let chain = try Certificate.certificates(pem: FileSystem.read(certificateFile))
        // Some of the runner's RSA keys have 1024 bits.
        return try Credential(chain: chain, key: key, minimumRSABits: 1024)
    }

    fileprivate func importedKeys() throws(ShimError) -> [PreSharedKey] {
        guard usesSHA256 != usesSHA384 else { throw .notImplemented("a pre-shared key without its hash") }
        do throws(ConfigurationError) {
            return try PreSharedKey.imported(
                externalIdentity: identity, context: context, key: key, hash: usesSHA384 ? .sha384 : .sha256)
        } catch {
            throw .unexpected("\(error)")
        }
    }
}
