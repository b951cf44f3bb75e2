import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

extension Options {
    func clientConfiguration() throws(ShimError) -> ClientConfiguration {
        try checkVersions()
        var configuration = ClientConfiguration(verification: .asksForVerdict)
        configuration.sendsGREASE = sendsGREASE
        configuration.shufflesExtensions = shufflesExtensions
        configuration.groups = try namedGroups()
        configuration.keyShareGroups = try shareGroups()
        if let policy { configuration.cipherSuites = policy.cipherSuites }
        configuration.collectsKeyLog = exportsTrafficSecrets
        if let maximumFragment { configuration.recordSizing = .limited(to: maximumFragment) }
        if let peerCertificateLimit { configuration.peerCertificateLimit = peerCertificateLimit }
        configuration.applicationProtocols = offeredProtocols
        configuration.signatureSchemes = try acceptedSchemes()
        configuration.asksForCredential = true
        configuration.offeredCertificateTypes = try ownCertificateTypes()
        configuration.acceptedCertificateTypes = peerCertificateTypes
        configuration.preSharedKeys = try preSharedKeys()
        configuration.offersEarlyData = offersEarlyData
        configuration.verifiesResumedSessions = verifiesOnResumption
        configuration.requestsOCSPStaple = asksForStaple
        configuration.requestsSignedCertificateTimestamps = asksForTimestamps
        try validated { () throws(ConfigurationError) in try configuration.validate() }
        return configuration
    }

    func serverConfiguration(
        _ ticketKeys: TicketKeys, _ replayGuard: any ReplayGuard
    ) throws(ShimError) -> ServerConfiguration {
        try checkVersions()
        var configuration = try roleConfiguration()
        configuration.groups = try namedGroups()
        if let maximumFragment { configuration.recordSizing = .limited(to: maximumFragment) }
        if let peerCertificateLimit { configuration.peerCertificateLimit = peerCertificateLimit }
        if let policy { configuration.cipherSuites = policy.cipherSuites }
        configuration.collectsKeyLog = exportsTrafficSecrets
        if let selectedProtocol, !selectedProtocol.isEmpty { configuration.applicationProtocols = [selectedProtocol] }
        // A protocol that no test offers.
        if rejectsProtocols { configuration.applicationProtocols = ["none of yours"] }
        // A hello that wants to resume a session is filtered where its ticket is opened: that is the first question about it.
        let asksForTickets = opensTickets || installsHelloFilter || failsHelloFilter
        if !givesNoTickets { configuration.resumption = asksForTickets ? .asksForTickets : .tickets(ticketKeys) }
        if offersEarlyData {
            configuration.earlyData = EarlyDataPolicy(
                maximumSize: Self.boringSSLEarlyData, replayGuard: replayGuard)
            configuration.earlyData?.ageTolerance = Self.boringSSLAgeTolerance
        }
        if requiresClientCertificate { configuration.clientAuthentication = .required(.asksForVerdict) }
        if verifiesPeer { configuration.clientAuthentication = .optional(.asksForVerdict) }
        configuration.clientAuthentication.keepsOnlyFingerprint = keepsOnlyFingerprint
        configuration.resumesAcrossNames = resumesAcrossNames
        // As BoringSSL always does.
        configuration.sendsGREASE = true
        configuration.clientAuthentication.signatureSchemes = try acceptedSchemes()
        configuration.clientAuthentication.acceptedCertificateTypes = peerCertificateTypes
        if let authorities {
            configuration.clientAuthentication.certificateAuthorities = try distinguishedNames(authorities)
        }
        try validated { () throws(ConfigurationError) in try configuration.validate() }
        return configuration
    }

    /// How much early data BoringSSL takes, in bytes, and how far a ticket's age may be off, in seconds.
    private static let boringSSLEarlyData: UInt32 = 14336
    static let boringSSLAgeTolerance = 60

    private func roleConfiguration() throws(ShimError) -> ServerConfiguration {
        let (credentials, keys) = (try credentials(), try preSharedKeys())
        if !keys.isEmpty, credentials.isEmpty { return .requiringPreSharedKey(keys) }
        var configuration = ServerConfiguration.askingForCredential()
        configuration.preSharedKeys = keys
        if !answersLater {
            configuration.credentials = credentials.map(\.credential)
            configuration.asksForCredential = false
        }
        return configuration
    }

    /// Whether the decision about the credential is a pause: to check what the client says, or to try that way too.
    private var answersLater: Bool {
        isAsynchronous || choosesCredentialLater || failsCredentialChoice || installsHelloFilter || failsHelloFilter
            || refusesHello || expectedAdvertisedProtocols != nil || !expectedPeerPreferences.isEmpty
            || expectedCredential != nil || looksAtStaple || plainCredential.certificateFile == nil
    }

    private func checkVersions() throws(ShimError) {
        let version13 = Int(ProtocolVersion.tls13.rawValue)
        guard !isVersion13Off, maximumVersion ?? version13 >= version13, expectedVersion ?? version13 == version13
        else { throw .notImplemented("versions before TLS 1.3") }
    }

    /// The first of ours that the server is said to know, else those that the flags name.
    private func shareGroups() throws(ShimError) -> [NamedGroup]? {
        if let hinted = try namedGroups().first(where: named(hintedGroups).contains) { return [hinted] }
        if offersNoKeyShares { return [] }
        return keyShareGroups.isEmpty ? nil : try supported(named(keyShareGroups))
    }

    /// BoringSSL's groups unless told otherwise: the runner's tests expect them.
    private func namedGroups() throws(ShimError) -> [NamedGroup] {
        if let expectedGroup { _ = try supported(named([expectedGroup])) }
        if let policy { return try supported(policy.groups) }
        guard !groups.isEmpty else {
            return [.x25519MLKEM768, .x25519, .secp256r1, .secp384r1].filter(\.isSupported)
        }
        return try supported(named(groups))
    }

    private func named(_ groups: [Int]) -> [NamedGroup] {
        groups.map { NamedGroup(rawValue: UInt16(truncatingIfNeeded: $0)) }
    }

    private func supported(_ groups: [NamedGroup]) throws(ShimError) -> [NamedGroup] {
        for group in groups where !group.isSupported { throw .notImplemented("the group \(group)") }
        return groups
    }

    private func acceptedSchemes() throws(ShimError) -> [SignatureScheme] {
        if let policy { return policy.signatureSchemes }
        return verificationSchemes.isEmpty ? boringSSLSchemes : try schemes(verificationSchemes)
    }

    private var peerCertificateTypes: [CertificateType] {
        acceptedCertificateTypes.isEmpty ? [.x509] : certificateTypes(acceptedCertificateTypes)
    }

    /// Unless told otherwise, the types of the credentials.
    private func ownCertificateTypes() throws(ShimError) -> [CertificateType]? {
        guard offeredCertificateTypes.isEmpty else { return certificateTypes(offeredCertificateTypes) }
        var types: [CertificateType] = []
        for credential in try credentials() where !types.contains(credential.credential.certificateType) {
            types.append(credential.credential.certificateType)
        }
        return types.isEmpty ? nil : types
    }

    private func certificateTypes(_ numbers: [Int]) -> [CertificateType] {
        numbers.map { CertificateType(rawValue: UInt8(truncatingIfNeeded: $0)) }
    }

    private func validated(_ body: () throws(ConfigurationError) -> Void) throws(ShimError) {
        do throws(ConfigurationError) {
            try body()
        } catch {
            throw .unexpected("\(error)")
        }
    }
}

/// What BoringSSL accepts unless told otherwise: the runner's tests expect it.
private let boringSSLSchemes: [SignatureScheme] = [
    .ecdsaSecp256r1SHA256, .rsaPSSRSAESHA256, .ecdsaSecp384r1SHA384, .rsaPSSRSAESHA384, .rsaPSSRSAESHA512,
]

/// What only certificates are signed with, with SHA-1 and SHA-2. Tests see to it that handshakes are not.
private let certificateSchemes: [SignatureScheme] =
    [.rsaPKCS1SHA256, .rsaPKCS1SHA384, .rsaPKCS1SHA512] + [0x0201, 0x0203].map(SignatureScheme.init)

/// BoringSSL's own number for what versions before TLS 1.2 sign with. It has none on the wire: whoever lists it lists
/// nothing.
private let namelessScheme = 0xFF01

/// The schemes, for preferences that are numbers on the command line.
func schemes(_ numbers: [Int]) throws(ShimError) -> [SignatureScheme] {
    let schemes = numbers.filter { $0 != namelessScheme }
        .map { SignatureScheme(rawValue: UInt16(truncatingIfNeeded: $0)) }
    let known =
        SignatureScheme.supportedInHandshake + SignatureScheme.supportedFromClientsWhenListed + certificateSchemes
    for scheme in schemes where !known.contains(scheme) {
        throw .notImplemented("the signature scheme \(scheme)")
    }
    return schemes
}

/// Names as the flags give them: hexadecimal, with commas between.
func distinguishedNames(_ text: String) throws(ShimError) -> [[UInt8]] {
    guard text != "<EMPTY>", text != "<NULL>" else { return [] }
    var names: [[UInt8]] = []
    for part in text.split(separator: ",") {
        guard let name = bytes(hexadecimal: part) else { throw .notImplemented("\(part) as a name") }
        names.append(name)
    }
    return names
}
