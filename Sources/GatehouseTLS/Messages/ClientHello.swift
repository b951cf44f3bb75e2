import GatehouseCrypto

/// ClientHello (RFC 9846 §4.2.2).
struct ClientHello: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.clientHello
    static let randomLength = 32
    static let nullCompression: [UInt8] = [0]

    var legacyVersion = ProtocolVersion.tls12
    var random: [UInt8]
    var legacySessionID: [UInt8]
    var cipherSuites: [CipherSuite]
    var legacyCompressionMethods = ClientHello.nullCompression

    var extensions = ExtensionBlock()
    var serverName: [UInt8]?
    var statusRequest: CertificateStatusRequest?
    var supportedGroups: [NamedGroup]?
    var signatureAlgorithms: [SignatureScheme]?
    var signatureAlgorithmsCert: [SignatureScheme]?
    var applicationProtocols: [[UInt8]]?
    var clientCertificateTypes: [CertificateType]?
    var serverCertificateTypes: [CertificateType]?
    var recordSizeLimit: UInt16?
    var supportedVersions: [ProtocolVersion]?
    var cookie: [UInt8]?
    var keyShares: [KeyShareEntry]?
    var pskKeyExchangeModes: [PSKKeyExchangeMode]?
    var certificateAuthorities: [[UInt8]]?
    var ticketRequest: TicketRequest?
    var preSharedKeys: OfferedPSKs?

    init(random: [UInt8], legacySessionID: [UInt8], cipherSuites: [CipherSuite]) {
        self.random = random
        self.legacySessionID = legacySessionID
        self.cipherSuites = cipherSuites
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        legacyVersion = ProtocolVersion(rawValue: try body.readUInt16())
        random = try body.readBytes(Self.randomLength)
        legacySessionID = try body.readOpaque(.legacySessionID)
        cipherSuites = try body.readList(.cipherSuites, of: CipherSuite.self)
        legacyCompressionMethods = try body.readOpaque(.compressionMethods)
        // Older versions may leave the extensions out altogether; what follows then finds no supported_versions.
        guard !body.isAtEnd else { return }
        extensions = try body.readExtensions(in: .clientHello) { (type, body) throws(TLSError) in
            try self.readExtension(type, &body)
        }
        // RFC 9846 §4.3.11: "The "pre_shared_key" extension MUST be the last extension in the ClientHello (this
        // facilitates implementation as described below). Servers MUST check that it is the last extension and
        // otherwise fail the handshake with an "illegal_parameter" alert."
        guard preSharedKeys == nil || extensions.order.last == .preSharedKey else {
            throw .peerMisbehaved(.preSharedKeyNotLast)
        }
    }

    private mutating func readExtension(_ type: ExtensionType, _ body: inout ByteReader) throws(TLSError) {
        switch type {
        case .serverName: serverName = try body.readServerNameList()
        case .statusRequest: statusRequest = try body.readCertificateStatusRequest()
        case .supportedGroups: supportedGroups = try body.readList(.namedGroups, of: NamedGroup.self)
        case .signatureAlgorithms:
            signatureAlgorithms = try body.readList(.signatureSchemes, of: SignatureScheme.self)
        case .signatureAlgorithmsCert:
            signatureAlgorithmsCert = try body.readList(.signatureSchemes, of: SignatureScheme.self)
        case .applicationLayerProtocolNegotiation:
            applicationProtocols = try body.readOpaqueList(.protocolNameList, of: .protocolName)
        case .clientCertificateType: clientCertificateTypes = try body.readCertificateTypes()
        case .serverCertificateType: serverCertificateTypes = try body.readCertificateTypes()
        case .recordSizeLimit: recordSizeLimit = try body.readUInt16()
        case .supportedVersions:
            supportedVersions = try body.readList(.supportedVersions, of: ProtocolVersion.self)
        case .cookie: cookie = try body.readOpaque(.cookie)
        case .keyShare: keyShares = try body.readClientShares()
        case .pskKeyExchangeModes: pskKeyExchangeModes = try body.readPSKKeyExchangeModes()
        case .certificateAuthorities:
            certificateAuthorities = try body.readOpaqueList(.certificateAuthorities, of: .distinguishedName)
        case .ticketRequest: ticketRequest = try body.readTicketRequest()
        case .preSharedKey: preSharedKeys = try body.readOfferedPSKs()
        default: break  // the others have an empty body
        }
    }

    func write(to body: inout ByteWriter) {
        body.write(legacyVersion)
        body.write(random)
        body.writeOpaque(.legacySessionID, legacySessionID)
        body.writeList(.cipherSuites, cipherSuites)
        body.writeOpaque(.compressionMethods, legacyCompressionMethods)
        body.writeExtensions(extensions) { writeExtension($0, to: &$1) }
    }

    private func writeExtension(_ type: ExtensionType, to body: inout ByteWriter) {
        switch type {
        case .serverName: body.writeServerNameList(serverName ?? [])
        case .statusRequest: body.write(statusRequest ?? CertificateStatusRequest())
        case .supportedGroups: body.writeList(.namedGroups, supportedGroups ?? [])
        case .signatureAlgorithms: body.writeList(.signatureSchemes, signatureAlgorithms ?? [])
        case .signatureAlgorithmsCert: body.writeList(.signatureSchemes, signatureAlgorithmsCert ?? [])
        case .applicationLayerProtocolNegotiation:
            body.writeOpaqueList(.protocolNameList, of: .protocolName, applicationProtocols ?? [])
        case .clientCertificateType: body.write(clientCertificateTypes ?? [])
        case .serverCertificateType: body.write(serverCertificateTypes ?? [])
        case .recordSizeLimit: body.write(recordSizeLimit ?? 0)
        case .supportedVersions: body.writeList(.supportedVersions, supportedVersions ?? [])
        case .cookie: body.writeOpaque(.cookie, cookie ?? [])
        case .keyShare:
            body.writeVector(.clientShares) { writer in
                for share in keyShares ?? [] { writer.write(share) }
            }
        case .pskKeyExchangeModes: body.write(pskKeyExchangeModes ?? [])
        case .certificateAuthorities:
            body.writeOpaqueList(.certificateAuthorities, of: .distinguishedName, certificateAuthorities ?? [])
        case .ticketRequest: body.write(ticketRequest ?? TicketRequest())
        case .preSharedKey: body.write(preSharedKeys ?? OfferedPSKs(identities: [], binders: []))
        default: break  // the others have an empty body
        }
    }
}
