/// The type of a handshake message (RFC 9846 §4, "HandshakeType").
public struct HandshakeType: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS HandshakeType" registry.
    public let rawValue: UInt8

    /// Makes the type with this number, known or not.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// ClientHello.
    public static let clientHello = HandshakeType(rawValue: 1)
    /// ServerHello, and HelloRetryRequest with it.
    public static let serverHello = HandshakeType(rawValue: 2)
    /// NewSessionTicket.
    public static let newSessionTicket = HandshakeType(rawValue: 4)
    /// EndOfEarlyData.
    public static let endOfEarlyData = HandshakeType(rawValue: 5)
    /// EncryptedExtensions.
    public static let encryptedExtensions = HandshakeType(rawValue: 8)
    /// Certificate.
    public static let certificate = HandshakeType(rawValue: 11)
    /// CertificateRequest.
    public static let certificateRequest = HandshakeType(rawValue: 13)
    /// CertificateVerify.
    public static let certificateVerify = HandshakeType(rawValue: 15)
    /// Finished.
    public static let finished = HandshakeType(rawValue: 20)
    /// KeyUpdate.
    public static let keyUpdate = HandshakeType(rawValue: 24)
    /// The synthetic message that stands for the first ClientHello after a HelloRetryRequest (§4.1).
    static let messageHash = HandshakeType(rawValue: 254)
}

extension HandshakeType: CustomStringConvertible {
    /// The name in IANA's registry, such as `client_hello`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .clientHello: "client_hello"
        case .serverHello: "server_hello"
        case .newSessionTicket: "new_session_ticket"
        case .endOfEarlyData: "end_of_early_data"
        case .encryptedExtensions: "encrypted_extensions"
        case .certificate: "certificate"
        case .certificateRequest: "certificate_request"
        case .certificateVerify: "certificate_verify"
        case .finished: "finished"
        case .keyUpdate: "key_update"
        case .messageHash: "message_hash"
        default: "HandshakeType(\(rawValue))"
        }
    }
}
