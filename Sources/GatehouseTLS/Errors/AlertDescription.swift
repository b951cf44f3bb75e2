/// What an alert says (RFC 9846 §6, "AlertDescription").
///
/// The registry is open: a value that has no name here is kept as it came.
public struct AlertDescription: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS Alerts" registry.
    public let rawValue: UInt8

    /// Makes the description with this number, known or not.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The sender will send no more (§6.1).
    public static let closeNotify = AlertDescription(rawValue: 0)
    /// A message or record that does not belong here.
    public static let unexpectedMessage = AlertDescription(rawValue: 10)
    /// A record could not be opened.
    public static let badRecordMAC = AlertDescription(rawValue: 20)
    /// A record is longer than allowed.
    public static let recordOverflow = AlertDescription(rawValue: 22)
    /// No acceptable set of parameters could be found.
    public static let handshakeFailure = AlertDescription(rawValue: 40)
    /// A certificate was corrupt or its signature did not verify.
    public static let badCertificate = AlertDescription(rawValue: 42)
    /// A certificate of a kind that is not supported.
    public static let unsupportedCertificate = AlertDescription(rawValue: 43)
    /// A certificate was revoked by its signer.
    public static let certificateRevoked = AlertDescription(rawValue: 44)
    /// A certificate has expired or is not yet valid.
    public static let certificateExpired = AlertDescription(rawValue: 45)
    /// Something else makes a certificate unacceptable.
    public static let certificateUnknown = AlertDescription(rawValue: 46)
    /// A field is out of range or inconsistent with others.
    public static let illegalParameter = AlertDescription(rawValue: 47)
    /// The chain leads to no known anchor.
    public static let unknownCA = AlertDescription(rawValue: 48)
    /// A valid certificate or PSK, but access is denied.
    public static let accessDenied = AlertDescription(rawValue: 49)
    /// A message could not be decoded.
    public static let decodeError = AlertDescription(rawValue: 50)
    /// A cryptographic check of the handshake failed.
    public static let decryptError = AlertDescription(rawValue: 51)
    /// The peer speaks no version that we speak.
    public static let protocolVersion = AlertDescription(rawValue: 70)
    /// The server requires parameters more secure than the client's.
    public static let insufficientSecurity = AlertDescription(rawValue: 71)
    /// An error that has nothing to do with the peer.
    public static let internalError = AlertDescription(rawValue: 80)
    /// A fallback that should not have happened (RFC 7507).
    public static let inappropriateFallback = AlertDescription(rawValue: 86)
    /// The handshake is canceled for a reason outside the protocol.
    public static let userCanceled = AlertDescription(rawValue: 90)
    /// A mandatory extension is missing.
    public static let missingExtension = AlertDescription(rawValue: 109)
    /// An extension that was not offered.
    public static let unsupportedExtension = AlertDescription(rawValue: 110)
    /// No server of that name.
    public static let unrecognizedName = AlertDescription(rawValue: 112)
    /// An invalid or unacceptable OCSP response.
    public static let badCertificateStatusResponse = AlertDescription(rawValue: 113)
    /// No acceptable PSK identity.
    public static let unknownPSKIdentity = AlertDescription(rawValue: 115)
    /// A client certificate is required and none was given.
    public static let certificateRequired = AlertDescription(rawValue: 116)
    /// No application protocol in common (RFC 7301).
    public static let noApplicationProtocol = AlertDescription(rawValue: 120)
}

extension AlertDescription {
    /// Whether it is one of the closure alerts (RFC 9846 §6.1); all others are error alerts.
    var isClosure: Bool { self == .closeNotify || self == .userCanceled }
}

extension AlertDescription: CustomStringConvertible {
    /// The name in IANA's registry, such as `close_notify`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .closeNotify: "close_notify"
        case .unexpectedMessage: "unexpected_message"
        case .badRecordMAC: "bad_record_mac"
        case .recordOverflow: "record_overflow"
        case .handshakeFailure: "handshake_failure"
        case .badCertificate: "bad_certificate"
        case .unsupportedCertificate: "unsupported_certificate"
        case .certificateRevoked: "certificate_revoked"
        case .certificateExpired: "certificate_expired"
        case .certificateUnknown: "certificate_unknown"
        case .illegalParameter: "illegal_parameter"
        case .unknownCA: "unknown_ca"
        case .accessDenied: "access_denied"
        case .decodeError: "decode_error"
        case .decryptError: "decrypt_error"
        case .protocolVersion: "protocol_version"
        case .insufficientSecurity: "insufficient_security"
        case .internalError: "internal_error"
        case .inappropriateFallback: "inappropriate_fallback"
        case .userCanceled: "user_canceled"
        case .missingExtension: "missing_extension"
        case .unsupportedExtension: "unsupported_extension"
        case .unrecognizedName: "unrecognized_name"
        case .badCertificateStatusResponse: "bad_certificate_status_response"
        case .unknownPSKIdentity: "unknown_psk_identity"
        case .certificateRequired: "certificate_required"
        case .noApplicationProtocol: "no_application_protocol"
        default: "alert(\(rawValue))"
        }
    }
}

/// An alert as it stands on the wire (RFC 9846 §6, "Alert").
public struct Alert: Sendable, Hashable {
    /// The level. TLS 1.3 gives it no meaning of its own: all but the closure alerts are fatal.
    public enum Level: UInt8, Sendable {
        /// A closure alert.
        case warning = 1
        /// An error alert.
        case fatal = 2
    }

    /// The level as sent or received; an unknown level on receipt counts as fatal.
    public let level: Level
    /// What it says.
    public let description: AlertDescription

    /// An alert with the level that RFC 9846 §6 gives its description: warning for `close_notify` and
    /// `user_canceled`, fatal for every other.
    public init(_ description: AlertDescription) {
        level = description.isClosure ? .warning : .fatal
        self.description = description
    }

    /// An alert as received.
    init(level: Level, _ description: AlertDescription) {
        self.level = level
        self.description = description
    }
}
