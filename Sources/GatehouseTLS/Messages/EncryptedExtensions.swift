import GatehouseCrypto

/// EncryptedExtensions (RFC 9846 §4.4.1).
struct EncryptedExtensions: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.encryptedExtensions

    var extensions = ExtensionBlock()
    var supportedGroups: [NamedGroup]?
    var applicationProtocols: [[UInt8]]?
    var clientCertificateType: CertificateType?
    var serverCertificateType: CertificateType?
    var recordSizeLimit: UInt16?
    var expectedTicketCount: UInt8?

    init() {}

    init(reading body: inout ByteReader) throws(TLSError) {
        extensions = try body.readExtensions(in: .encryptedExtensions) { (type, body) throws(TLSError) in
            switch type {
            case .supportedGroups: self.supportedGroups = try body.readList(.namedGroups, of: NamedGroup.self)
            case .applicationLayerProtocolNegotiation:
                self.applicationProtocols = try body.readOpaqueList(.protocolNameList, of: .protocolName)
            case .clientCertificateType: self.clientCertificateType = try body.readCertificateType()
            case .serverCertificateType: self.serverCertificateType = try body.readCertificateType()
            case .recordSizeLimit: self.recordSizeLimit = try body.readUInt16()
            case .ticketRequest: self.expectedTicketCount = try body.readUInt8()
            default: break  // the others have an empty body
            }
        }
    }

    func write(to body: inout ByteWriter) {
        body.writeExtensions(extensions) { (type, body) in
            switch type {
            case .supportedGroups: body.writeList(.namedGroups, supportedGroups ?? [])
            case .applicationLayerProtocolNegotiation:
                body.writeOpaqueList(.protocolNameList, of: .protocolName, applicationProtocols ?? [])
            case .clientCertificateType: body.write(clientCertificateType ?? .x509)
            case .serverCertificateType: body.write(serverCertificateType ?? .x509)
            case .recordSizeLimit: body.write(recordSizeLimit ?? 0)
            case .ticketRequest: body.write(expectedTicketCount ?? 0)
            default: break  // the others have an empty body
            }
        }
    }
}
