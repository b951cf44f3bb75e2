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
