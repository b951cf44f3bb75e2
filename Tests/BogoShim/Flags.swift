import GatehouseCertificates

/// An option that a flag sets.
typealias Setting<Value> = any WritableKeyPath<Options, Value> & Sendable

/// What a flag of the runner's does to the options.
enum Flag {
    case enable(Setting<Bool>)
    case number(Setting<Int>)
    case optionalNumber(Setting<Int?>)
    case numbers(Setting<[Int]>)
    case text(Setting<String>)
    case optionalText(Setting<String?>)
    /// Base64.
    case bytes(Setting<[UInt8]>)
    case newCredential(CredentialOptions.Kind)
    case policy(CompliancePolicy)
    /// It asks for what is always so here, or for a call that this API does not have.
    case alwaysSo

    var takesValue: Bool {
        switch self {
        case .number, .optionalNumber, .numbers, .text, .optionalText, .bytes: true
        case .enable, .newCredential, .policy, .alwaysSo: false
        }
    }

    /// - Throws: `ShimError.notImplemented` for a number that is none.
    func apply(_ value: String, to options: inout Options) throws(ShimError) {
        switch self {
        case .enable(let path): options[keyPath: path] = true
        case .number(let path): options[keyPath: path] = try Self.number(value)
        case .optionalNumber(let path): options[keyPath: path] = try Self.number(value)
        case .numbers(let path): options[keyPath: path].append(try Self.number(value))
        case .text(let path): options[keyPath: path] = value
        case .optionalText(let path): options[keyPath: path] = value
        case .bytes(let path): options[keyPath: path] = try Self.bytes(value)
        case .newCredential(let kind): options.furtherCredentials.append(CredentialOptions(kind: kind))
        case .policy(let policy): options.policy = policy
        case .alwaysSo: break
        }
    }

    private static func number(_ value: String) throws(ShimError) -> Int {
        guard let number = Int(value) else { throw .notImplemented("\(value) as a number") }
        return number
    }

    private static func bytes(_ value: String) throws(ShimError) -> [UInt8] {
        let text = "-----BEGIN FLAG-----\n\(value)\n-----END FLAG-----\n"
        guard let block = try? PEM.decode(Array(text.utf8)).first else {
            throw .notImplemented("\(value) as base64")
        }
        return block.der
    }

    /// Every flag that is understood. A flag that is not listed here ends the shim with "not implemented".
    static let known: [String: Flag] = [
        "-port": .number(\.port),
        "-shim-id": .number(\.shimID),
        "-ipv6": .enable(\.usesIPv6),
        "-server": .enable(\.isServer),
        "-resume-count": .number(\.resumeCount),
        "-is-handshaker-supported": .enable(\.asksForHandshaker),
        "-async": .enable(\.isAsynchronous),

        "-no-tls13": .enable(\.isVersion13Off),
        "-max-version": .optionalNumber(\.maximumVersion),
        "-min-version": .optionalNumber(\.minimumVersion),
        "-expect-version": .optionalNumber(\.expectedVersion),

        "-curves": .numbers(\.groups),
        "-key-shares": .numbers(\.keyShareGroups),
        "-no-key-shares": .enable(\.offersNoKeyShares),
        "-server-supported-groups-hint": .numbers(\.hintedGroups),
        "-fips-202205": .policy(.fips202205),
        "-wpa-202304": .policy(.wpa202304),
        "-cnsa1-202603": .policy(.cnsa1),
        "-cnsa2-202603": .policy(.cnsa2),
        "-verify-prefs": .numbers(\.verificationSchemes),
        "-host-name": .optionalText(\.hostName),
        "-advertise-alpn": .optionalText(\.advertisedProtocols),
        "-enable-early-data": .enable(\.offersEarlyData),
        "-enable-grease": .enable(\.sendsGREASE),
        "-permute-extensions": .enable(\.shufflesExtensions),
        "-enable-ocsp-stapling": .enable(\.asksForStaple),
        "-enable-signed-cert-timestamps": .enable(\.asksForTimestamps),
        "-available-client-cert-types": .numbers(\.offeredCertificateTypes),
        "-accepted-peer-cert-types": .numbers(\.acceptedCertificateTypes),

        "-select-alpn": .optionalText(\.selectedProtocol),
        "-decline-alpn": .enable(\.declinesProtocols),
        "-reject-alpn": .enable(\.rejectsProtocols),
        "-fail-cert-callback": .enable(\.failsCredentialChoice),
        "-use-early-callback": .enable(\.choosesCredentialLater),
        "-install-ddos-callback": .enable(\.installsHelloFilter),
        "-fail-ddos-callback": .enable(\.failsHelloFilter),
        "-fail-early-callback": .enable(\.refusesHello),

        "-use-client-ca-list": .optionalText(\.authorities),
        "-retain-only-sha256-client-cert": .enable(\.keepsOnlyFingerprint),
        "-resumption-across-names-enabled": .enable(\.resumesAcrossNames),
        "-no-ticket": .enable(\.givesNoTickets),
        "-use-ticket-callback": .enable(\.opensTickets),
        "-use-ticket-aead-callback": .enable(\.opensTickets),
        "-skip-ticket": .enable(\.skipsTickets),
        // Every resumed connection gets new tickets.
        "-renew-ticket": .alwaysSo,
        "-resumption-delay": .number(\.resumptionDelay),

        "-new-x509-credential": .newCredential(.x509),
        "-new-rpk-credential": .newCredential(.rawPublicKey),
        "-cert-file": .optionalText(\.currentCredential.certificateFile),
        "-key-file": .optionalText(\.currentCredential.keyFile),
        "-signing-prefs": .numbers(\.currentCredential.signingSchemes),
        "-ocsp-response": .bytes(\.currentCredential.staple),
        "-signed-cert-timestamps": .bytes(\.currentCredential.timestamps),
        "-must-match-issuer": .enable(\.currentCredential.mustMatchIssuer),
        "-new-psk-credential": .newCredential(.preSharedKey),
        "-psk-importer-key": .bytes(\.currentCredential.key),
        "-psk-importer-identity": .bytes(\.currentCredential.identity),
        "-psk-importer-context": .bytes(\.currentCredential.context),
        "-psk-importer-sha256": .enable(\.currentCredential.usesSHA256),
        "-psk-importer-sha384": .enable(\.currentCredential.usesSHA384),

        "-trust-cert": .optionalText(\.trustFile),
        "-verify-peer": .enable(\.verifiesPeer),
        "-verify-fail": .enable(\.failsVerification),
        "-use-custom-verify-callback": .enable(\.usesCustomVerification),
        "-use-ocsp-callback": .enable(\.looksAtStaple),
        "-fail-ocsp-callback": .enable(\.failsStaple),
        "-decline-ocsp-callback": .enable(\.declinesStaple),
        "-reverify-on-resume": .enable(\.verifiesOnResumption),
        "-require-any-client-certificate": .enable(\.requiresClientCertificate),

        "-shim-writes-first": .enable(\.writesFirst),
        "-shim-initial-write": .text(\.initialWrite),
        "-repeat-shim-initial-write": .number(\.initialWriteCount),
        "-shim-shuts-down": .enable(\.shutsDown),
        "-check-close-notify": .enable(\.checksCloseNotify),
        "-key-update": .enable(\.updatesKeys),
        "-key-update-before-read": .enable(\.updatesKeysBeforeReading),
        "-send-alert": .enable(\.sendsAlert),
        "-export-traffic-secrets": .enable(\.exportsTrafficSecrets),
        "-read-size": .optionalNumber(\.readSize),
        "-peek-then-read": .enable(\.looksBeforeReading),
        "-read-with-unfinished-write": .enable(\.leavesWriteUnfinished),
        "-early-write-after-message": .optionalNumber(\.earlyWriteMessage),
        "-max-send-fragment": .optionalNumber(\.maximumFragment),
        "-max-cert-list": .optionalNumber(\.peerCertificateLimit),
        "-export-keying-material": .optionalNumber(\.exportedCount),
        "-export-label": .text(\.exportLabel),
        "-export-context": .text(\.exportContext),
        "-use-export-context": .enable(\.usesExportContext),

        "-expect-advertised-alpn": .optionalText(\.expectedAdvertisedProtocols),
        "-expect-alpn": .optionalText(\.expectedProtocol),
        "-expect-server-name": .optionalText(\.expectedServerName),
        "-expect-curve-id": .optionalNumber(\.expectedGroup),
        "-expect-peer-signature-algorithm": .optionalNumber(\.expectedPeerScheme),
        "-expect-cipher": .optionalNumber(\.expectedCipherSuite),
        "-expect-cipher-aes": .optionalNumber(\.expectedCipherSuiteWithAES),
        // For machines without instructions for AES, of which the engine knows nothing.
        "-expect-cipher-no-aes": .optionalNumber(\.expectedCipherSuiteWithoutAES),
        "-expect-hrr": .enable(\.expectsRetry),
        "-expect-no-hrr": .enable(\.expectsNoRetry),
        "-expect-peer-cert-file": .optionalText(\.expectedPeerCertificateFile),
        "-expect-peer-certificate-type": .optionalNumber(\.expectedPeerCertificateType),
        "-expect-peer-rpk-sha256": .bytes(\.expectedPeerKeyHash),
        "-expect-no-peer-cert": .enable(\.expectsNoPeerCertificate),
        "-expect-verify-result": .enable(\.expectsVerificationResult),
        "-expect-ocsp-response": .bytes(\.expectedStaple),
        "-expect-signed-cert-timestamps": .bytes(\.expectedTimestamps),
        "-expect-client-ca-list": .optionalText(\.expectedAuthorities),
        "-expect-peer-verify-pref": .numbers(\.expectedPeerPreferences),
        "-expect-selected-credential": .optionalNumber(\.expectedCredential),
        "-expect-sha256-client-cert": .enable(\.expectsFingerprint),
        "-expect-resumable-across-names": .enable(\.expectsAcrossNames),
        "-expect-not-resumable-across-names": .enable(\.expectsNotAcrossNames),
        "-expect-session-miss": .enable(\.expectsSessionMiss),
        "-expect-no-session": .enable(\.expectsNoSession),
        "-expect-ticket-supports-early-data": .enable(\.expectsTicketForEarlyData),
        "-expect-accept-early-data": .enable(\.expectsAcceptedEarlyData),
        "-expect-reject-early-data": .enable(\.expectsRejectedEarlyData),
        "-expect-no-offer-early-data": .enable(\.expectsNoOfferedEarlyData),
        "-expect-ticket-age-skew": .optionalNumber(\.expectedTicketAgeSkew),
        "-expect-early-data-reason": .optionalText(\.expectedEarlyDataReason),

        // Older versions are never spoken.
        "-no-tls1": .alwaysSo,
        "-no-tls11": .alwaysSo,
        "-no-tls12": .alwaysSo,
        "-no-legacy-server-connect": .alwaysSo,
        // RFC 9846 §D: TLS 1.3 has what the extended master secret brought to older versions.
        "-expect-extended-master-secret": .alwaysSo,
        // There is no call that makes the handshake: reading and writing drive it.
        "-implicit-handshake": .alwaysSo,
        "-no-op-extra-handshake": .alwaysSo,
        // Nothing is renegotiated, so nothing of it is insecure.
        "-expect-secure-renegotiation": .alwaysSo,
        // No server keeps a session under an identifier that a client could name.
        "-expect-no-session-id": .alwaysSo,
        // Our order of cipher suites decides in any case.
        "-server-preference": .alwaysSo,
        // The staple goes with the credential that is chosen, when it is chosen.
        "-set-ocsp-in-callback": .alwaysSo,
        // There are no hints that could mismatch.
        "-allow-hint-mismatch": .alwaysSo,
        // One way to set a credential is all there is.
        "-use-old-client-cert-callback": .alwaysSo,
    ]
}
