import GatehouseCertificates
import GatehouseCrypto

/// Checks that both roles' configurations share.
enum SharedSettings {
    static func check(cipherSuites: [CipherSuite]) throws(ConfigurationError) {
        guard !cipherSuites.isEmpty else { throw .unsupportedCipherSuite(nil) }
        for suite in cipherSuites where CipherSuiteParameters(suite) == nil {
            throw .unsupportedCipherSuite(suite)
        }
    }

    static func check(groups: [NamedGroup]) throws(ConfigurationError) {
        guard !groups.isEmpty else { throw .unsupportedGroup("") }
        for group in groups where !group.isSupported { throw .unsupportedGroup(group.description) }
    }

    static func check(
        keyShareGroups: [NamedGroup], among groups: [NamedGroup]
    ) throws(ConfigurationError) {
        for group in keyShareGroups where !groups.contains(group) { throw .keyShareOfUnlistedGroup(group.description) }
    }

    static func check(oidFilters: [OIDFilter]) throws(ConfigurationError) {
        // RFC 9846 §4.3.5: "Any given OID MUST NOT appear more than once in the filters list."
        guard Set(oidFilters.map(\.oid)).count == oidFilters.count else {
            throw .unusableSetting("an object identifier stands twice in oidFilters")
        }
        // "OIDFilter filters<0..2^16-1>", each with "opaque certificate_extension_oid<1..2^8-1>".
        guard oidFilters.allSatisfy({ $0.oid.count <= VectorBounds.certificateExtensionOID.ceiling }),
            oidFilters.reduce(0, { $0 + $1.oid.count + $1.values.count + 3 }) <= VectorBounds.oidFilters.ceiling
        else { throw .unusableSetting("the oidFilters do not fit into a message") }
    }

    static func check(applicationProtocols: [String]) throws(ConfigurationError) {
        for name in applicationProtocols where name.isEmpty || name.utf8.count > 255 {
            throw .invalidApplicationProtocol(name)
        }
        // RFC 7301 §3.1: "ProtocolName protocol_name_list<2..2^16-1>", each name behind a length of one byte.
        let listLength = applicationProtocols.reduce(0) { $0 + 1 + $1.utf8.count }
        guard listLength <= VectorBounds.protocolNameList.ceiling else {
            throw .tooManyApplicationProtocols(bytes: listLength)
        }
    }

    static func check(credentials: [Credential]) throws(ConfigurationError) {
        for timestamps in credentials.compactMap(\.signedCertificateTimestamps) {
            var reader = ByteReader(timestamps.span)
            guard (try? reader.readTimestamps()) != nil else {
                throw .unusableSetting("the signed certificate timestamps of a credential are no list")
            }
        }
    }

    static func check(recordSizeLimit: Int?) throws(ConfigurationError) {
        guard let recordSizeLimit else { return }
        // RFC 8449 §4: "Endpoints MUST NOT send a "record_size_limit" extension with a value smaller than 64", and the
        // largest is that of a full TLSInnerPlaintext.
        guard (Limits.smallestRecordSizeLimit...Limits.innerPlaintext).contains(recordSizeLimit) else {
            throw .invalidRecordSizeLimit(recordSizeLimit)
        }
    }

    static func check(peerCertificateLimit: Int) throws(ConfigurationError) {
        // RFC 9846 §4: the length of a handshake message is an uint24.
        let longest = ReceivedMessage.headerLength + 0xFFFFFF
        guard (ReceivedMessage.headerLength...longest).contains(peerCertificateLimit) else {
            throw .unusableSetting("the peerCertificateLimit is not from \(ReceivedMessage.headerLength) to \(longest)")
        }
    }

    static func check(
        _ accepted: [CertificateType], _ verification: PeerVerification
    ) throws(ConfigurationError) {
        if case .trustedRawPublicKeys(let keys) = verification, keys.isEmpty { throw .noTrustedPublicKeys }
        try check(certificateTypes: verification.certificateTypes(accepted))
    }

    static func check(certificateTypes: [CertificateType]) throws(ConfigurationError) {
        guard !certificateTypes.isEmpty, Set(certificateTypes).count == certificateTypes.count,
            certificateTypes.allSatisfy(CertificateType.supported.contains)
        else { throw .invalidCertificateTypes }
    }
}
