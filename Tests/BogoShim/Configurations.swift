import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

extension Options {
    func clientConfiguration() throws(ShimError) -> ClientConfiguration {
        try checkVersions()
        guard plainCredential.certificateFile == nil, furtherCredentials.isEmpty, !failsCredentialChoice else {
            throw .notImplemented("client certificates")
        }
        var configuration = ClientConfiguration(verification: .asksForVerdict)
        configuration.groups = try namedGroups()
        configuration.applicationProtocols = offeredProtocols
        configuration.signatureSchemes = verificationSchemes.isEmpty ? boringSSLSchemes : schemes(verificationSchemes)
        try validated { () throws(ConfigurationError) in try configuration.validate() }
        return configuration
    }

    func serverConfiguration() throws(ShimError) -> ServerConfiguration {
        try checkVersions()
        guard !verifiesPeer, !requiresClientCertificate else { throw .notImplemented("client certificates") }
        var configuration = ServerConfiguration.askingForCredential()
        if !answersLater {
            configuration.credentials = try credentials()
            configuration.asksForCredential = false
        }
        configuration.groups = try namedGroups()
        configuration.announcedGroups = announcedGroups.map { NamedGroup(rawValue: UInt16(truncatingIfNeeded: $0)) }
        if let selectedProtocol { configuration.applicationProtocols = [selectedProtocol] }
        // A protocol that no test offers.
        if rejectsProtocols { configuration.applicationProtocols = ["none of yours"] }
        try validated { () throws(ConfigurationError) in try configuration.validate() }
        return configuration
    }

    /// Whether the decision about the credential is a pause: to check what the client says, or to try that way too.
    private var answersLater: Bool {
        isAsynchronous || choosesCredentialLater || failsCredentialChoice || installsHelloFilter || failsHelloFilter
            || refusesHello
            || expectedAdvertisedProtocols != nil || plainCredential.certificateFile == nil
    }

    private func checkVersions() throws(ShimError) {
        let version13 = Int(ProtocolVersion.tls13.rawValue)
        guard !isVersion13Off, maximumVersion ?? version13 >= version13, expectedVersion ?? version13 == version13
        else { throw .notImplemented("versions before TLS 1.3") }
    }

    /// BoringSSL's groups unless told otherwise: the runner's tests expect them.
    private func namedGroups() throws(ShimError) -> [NamedGroup] {
        guard !groups.isEmpty else {
            return [.x25519, .secp256r1, .secp384r1].filter(\.isSupported)
        }
        let named = groups.map { NamedGroup(rawValue: UInt16(truncatingIfNeeded: $0)) }
        for group in named where !group.isSupported { throw .notImplemented("the group \(group)") }
        return named
    }

    private func validated(_ body: () throws(ConfigurationError) -> Void) throws(ShimError) {
        do throws(ConfigurationError) {
            try body()
        } catch {
            throw .unexpected("\(error)")
        }
    }

    /// What a server chooses from, in the order of the command line.
    func credentials() throws(ShimError) -> [Credential] {
        var loaded: [Credential] = []
        for credential in furtherCredentials { loaded.append(try credential.load()) }
        if plainCredential.certificateFile != nil { loaded.append(try plainCredential.load()) }
        return loaded
    }
}

/// What BoringSSL accepts unless told otherwise: the runner's tests expect it.
private let boringSSLSchemes: [SignatureScheme] = [
    .ecdsaSecp256r1SHA256, .rsaPSSRSAESHA256, .ecdsaSecp384r1SHA384, .rsaPSSRSAESHA384, .rsaPSSRSAESHA512,
]

/// The schemes, for preferences that are numbers on the command line.
private func schemes(_ numbers: [Int]) -> [SignatureScheme] {
    numbers.map { SignatureScheme(rawValue: UInt16(truncatingIfNeeded: $0)) }
}

extension CredentialOptions {
    func load() throws(ShimError) -> Credential {
        guard let certificateFile, let keyFile else { throw .notImplemented("a credential without its files") }
        do {
            let key = try PrivateKey(pem: FileSystem.read(keyFile))
            let chain = try Certificate.certificates(pem: FileSystem.read(certificateFile))
            // Some of the runner's RSA keys have 1024 bits.
            var credential = try Credential(chain: chain, key: key, minimumRSABits: 1024)
            if !signingSchemes.isEmpty { credential.signatureSchemes = schemes(signingSchemes) }
            return credential
        } catch KeyError.unsupportedAlgorithm {
            throw .notImplemented("the algorithm of \(keyFile)")
        } catch KeyError.notAKey {
            // ML-DSA, for a libcrypto that does not know it.
            throw .notImplemented("the key in \(keyFile)")
        } catch {
            throw .unexpected("\(certificateFile), \(keyFile): \(error)")
        }
    }
}
