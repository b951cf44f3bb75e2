import GatehouseCrypto

/// CertificateRequest (RFC 9846 §4.4.2).
struct CertificateRequest: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.certificateRequest

    var context: [UInt8]
    var extensions = ExtensionBlock()
    var signatureAlgorithms: [SignatureScheme]?
    var signatureAlgorithmsCert: [SignatureScheme]?
    var certificateAuthorities: [[UInt8]]?
    var oidFilters: [OIDFilter]?
    /// The name that the certificate is asked for (RFC 9261 §4). It stands in requests for exported authenticators; in a
    /// handshake it has nothing to choose.
    var serverName: [UInt8]?

    init(context: [UInt8]) {
        self.context = context
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        context = try body.readOpaque(.certificateRequestContext)
        extensions = try body.readExtensions(in: .certificateRequest) { (type, body) throws(TLSError) in
            switch type {
            case .signatureAlgorithms:
                self.signatureAlgorithms = try body.readList(.signatureSchemes, of: SignatureScheme.self)
            case .signatureAlgorithmsCert:
                self.signatureAlgorithmsCert = try body.readList(.signatureSchemes, of: SignatureScheme.self)
            case .certificateAuthorities:
                self.certificateAuthorities = try body.readOpaqueList(.certificateAuthorities, of: .distinguishedName)
            case .oidFilters: self.oidFilters = try body.readOIDFilters()
            case .serverName: self.serverName = try body.readServerNameList()
            // RFC 9846 §4.5.1.1: "A server MAY request that a client present an OCSP response with its certificate by
            // sending an empty "status_request" extension in its CertificateRequest message."
            default: break  // the others have an empty body
            }
        }
    }

    func write(to body: inout ByteWriter) {
        body.writeOpaque(.certificateRequestContext, context)
        body.writeExtensions(extensions) { (type, body) in
            switch type {
            case .signatureAlgorithms: body.writeList(.signatureSchemes, signatureAlgorithms ?? [])
            case .signatureAlgorithmsCert: body.writeList(.signatureSchemes, signatureAlgorithmsCert ?? [])
            case .certificateAuthorities:
                body.writeOpaqueList(.certificateAuthorities, of: .distinguishedName, certificateAuthorities ?? [])
            case .oidFilters: body.write(oidFilters ?? [])
            case .serverName: body.writeServerNameList(serverName ?? [])
            default: break  // the others have an empty body
            }
        }
    }
}

/// Certificate (RFC 9846 §4.5.1).
struct CertificateMessage: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.certificate

    struct Entry: Sendable, Equatable {
        /// The DER of a certificate (cert_data) or of a raw public key (ASN1_subjectPublicKeyInfo).
        var data: [UInt8]
        var extensions = ExtensionBlock()
        /// The DER of a stapled OCSP response.
        var ocspResponse: [UInt8]?
        /// The serialized list of signed certificate timestamps (RFC 6962 §3.3).
        var signedCertificateTimestamps: [UInt8]?

        init(data: [UInt8]) {
            self.data = data
        }
    }

    var context: [UInt8]
    var entries: [Entry]

    init(context: [UInt8], entries: [Entry]) {
        self.context = context
        self.entries = entries
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        context = try body.readOpaque(.certificateRequestContext)
        entries = []
        var list = try body.readVector(.certificateList)
        while !list.isAtEnd {
            var entry = Entry(data: try list.readOpaque(.certificateData))
            entry.extensions = try list.readExtensions(in: .certificate) { (type, body) throws(TLSError) in
                switch type {
                case .statusRequest: entry.ocspResponse = try body.readCertificateStatus()
                case .signedCertificateTimestamp: entry.signedCertificateTimestamps = try body.readTimestamps()
                default: break
                }
            }
            entries.append(entry)
        }
    }

    func write(to body: inout ByteWriter) {
        body.writeOpaque(.certificateRequestContext, context)
        body.writeVector(.certificateList) { list in
            for entry in entries {
                list.writeOpaque(.certificateData, entry.data)
                list.writeExtensions(entry.extensions) { (type, body) in
                    switch type {
                    case .statusRequest: body.writeCertificateStatus(entry.ocspResponse ?? [])
                    case .signedCertificateTimestamp: body.write(entry.signedCertificateTimestamps ?? [])
                    default: break
                    }
                }
            }
        }
    }
}

/// CertificateVerify (RFC 9846 §4.5.2).
struct CertificateVerify: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.certificateVerify

    var algorithm: SignatureScheme
    var signature: [UInt8]

    init(algorithm: SignatureScheme, signature: [UInt8]) {
        self.algorithm = algorithm
        self.signature = signature
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        algorithm = SignatureScheme(rawValue: try body.readUInt16())
        signature = try body.readOpaque(.signature)
    }

    func write(to body: inout ByteWriter) {
        body.write(algorithm)
        body.writeOpaque(.signature, signature)
    }
}
