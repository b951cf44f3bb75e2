import GatehouseCrypto

/// How a key agreement could go on.
enum KeyShareChoice: Sendable {
    /// With this share of the client's.
    case share(KeyShareEntry)
    /// With a HelloRetryRequest for this group: the client knows it and sent no share.
    case retry(NamedGroup)
    /// Not at all, for this reason.
    case impossible(TLSError)
}

/// What a server makes of a ClientHello before it knows who is to authenticate: the choices that do not depend on it.
struct ServerNegotiation: Sendable {
    /// The suites that both sides know, the best first; never empty.
    let cipherSuites: [CipherSuiteParameters]
    let keyShare: KeyShareChoice
    let signatureSchemes: [SignatureScheme]
    let serverName: String?
    let applicationProtocol: String?

    /// - Parameter fixed: the suite that a HelloRetryRequest has chosen.
    init(
        _ hello: ClientHello, _ configuration: ServerConfiguration, fixed: CipherSuiteParameters?
    ) throws(TLSError) {
        try Self.checkVersion(hello)
        if let fixed {
            cipherSuites = [fixed]
        } else {
            cipherSuites = try Self.cipherSuites(hello, configuration)
        }
        signatureSchemes = hello.signatureAlgorithms ?? []
        keyShare = try Self.keyShare(hello, configuration)
        if let name = hello.serverName {
            serverName = try HostName.parse(name)
        } else {
            serverName = nil
        }
        applicationProtocol = try Self.applicationProtocol(hello, configuration)
    }

    private static func checkVersion(_ hello: ClientHello) throws(TLSError) {
        // RFC 9846 §E.5: "Any endpoint receiving a Hello message with ClientHello.legacy_version or
        // ServerHello.legacy_version set to 0x0300 MUST abort the handshake with a "protocol_version" alert."
        let ssl3: UInt16 = 0x0300
        guard hello.legacyVersion.rawValue > ssl3, let versions = hello.supportedVersions, versions.contains(.tls13)
        else { throw .peerIncompatible(.noCommonVersion) }
        // §4.2.2: "For every TLS 1.3 ClientHello, this vector MUST contain exactly one byte, set to zero". "If a
        // TLS 1.3 ClientHello is received with any other value in this field, the server MUST abort the handshake
        // with an "illegal_parameter" alert."
        guard hello.legacyCompressionMethods == ClientHello.nullCompression else {
            throw .peerMisbehaved(.compressionOffered)
        }
    }

    /// Our order decides, but a client that puts ChaCha20 first says that it has no hardware for AES.
    private static func cipherSuites(
        _ hello: ClientHello, _ configuration: ServerConfiguration
    ) throws(TLSError) -> [CipherSuiteParameters] {
        var common = configuration.cipherSuites.filter(hello.cipherSuites.contains)
        let clientsFirst = hello.cipherSuites.first { CipherSuiteParameters($0) != nil }
        if clientsFirst == .chacha20Poly1305SHA256, let index = common.firstIndex(of: .chacha20Poly1305SHA256) {
            common.insert(common.remove(at: index), at: 0)
        }
        let suites = common.compactMap(CipherSuiteParameters.init)
        guard !suites.isEmpty else { throw .peerIncompatible(.noCommonCipherSuite) }
        return suites
    }

    private static func keyShare(
        _ hello: ClientHello, _ configuration: ServerConfiguration
    ) throws(TLSError) -> KeyShareChoice {
        // RFC 9846 §9.2: "If containing a "supported_groups" extension, it MUST also contain a "key_share" extension,
        // and vice versa." "Servers receiving a ClientHello which does not conform to these requirements MUST abort
        // the handshake with a "missing_extension" alert."
        guard let groups = hello.supportedGroups else {
            let missing = TLSError.peerMisbehaved(.missingExtension(.supportedGroups))
            guard hello.keyShares == nil else { throw missing }
            return .impossible(missing)
        }
        guard let shares = hello.keyShares else { throw .peerMisbehaved(.missingExtension(.keyShare)) }
        // §4.3.8: "Clients MUST NOT offer any KeyShareEntry values for groups not listed in the client's
        // "supported_groups" extension." A list that was cut short says nothing about the groups behind the cut.
        guard groups.count >= Limits.listEntries || shares.allSatisfy({ groups.contains($0.group) }) else {
            throw .peerMisbehaved(.keyShareForUnlistedGroup)
        }
        let common = configuration.groups.filter(groups.contains)
        // Groups stand in two tiers: what is agreed with a post-quantum one cannot be recorded now and read later, so that
        // it is worth a round trip more. Within a tier a share that is there saves one.
        let postQuantum = common.filter(\.isPostQuantum)
        let best = postQuantum.isEmpty ? common : postQuantum
        for group in best {
            if let share = shares.first(where: { $0.group == group }) { return .share(share) }
        }
        return best.first.map { .retry($0) } ?? .impossible(.peerIncompatible(.noCommonGroup))
    }

    /// The first of ours that the client offers. RFC 7301 §3.2: "In the event that the server supports no protocols
    /// that the client advertises, then the server SHALL respond with a fatal "no_application_protocol" alert."
    private static func applicationProtocol(
        _ hello: ClientHello, _ configuration: ServerConfiguration
    ) throws(TLSError) -> String? {
        guard let offered = hello.applicationProtocols, !configuration.applicationProtocols.isEmpty else { return nil }
        if let chosen = configuration.applicationProtocols.first(where: { offered.contains(Array($0.utf8)) }) {
            return chosen
        }
        guard configuration.continuesWithoutApplicationProtocol else {
            throw .peerIncompatible(.noCommonApplicationProtocol)
        }
        return nil
    }
}
