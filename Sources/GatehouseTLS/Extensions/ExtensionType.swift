/// The type of an extension (RFC 9846 §4.3, "ExtensionType").
///
/// The registry is open: a value that has no name here is kept as it came.
public struct ExtensionType: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS ExtensionType Values" registry.
    public let rawValue: UInt16

    /// Makes the type with this number, known or not.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// RFC 6066 §3.
    public static let serverName = ExtensionType(rawValue: 0)
    /// RFC 6066 §8.
    public static let statusRequest = ExtensionType(rawValue: 5)
    /// RFC 9846 §4.3.7.
    public static let supportedGroups = ExtensionType(rawValue: 10)
    /// RFC 9846 §4.3.3.
    public static let signatureAlgorithms = ExtensionType(rawValue: 13)
    /// RFC 7301.
    public static let applicationLayerProtocolNegotiation = ExtensionType(rawValue: 16)
    /// RFC 6962 §3.3.
    public static let signedCertificateTimestamp = ExtensionType(rawValue: 18)
    /// RFC 7250 §3.
    public static let clientCertificateType = ExtensionType(rawValue: 19)
    /// RFC 7250 §3.
    public static let serverCertificateType = ExtensionType(rawValue: 20)
    /// RFC 8449.
    public static let recordSizeLimit = ExtensionType(rawValue: 28)
    /// RFC 9846 §4.3.11.
    public static let preSharedKey = ExtensionType(rawValue: 41)
    /// RFC 9846 §4.3.10.
    public static let earlyData = ExtensionType(rawValue: 42)
    /// RFC 9846 §4.3.1.
    public static let supportedVersions = ExtensionType(rawValue: 43)
    /// RFC 9846 §4.3.2.
    public static let cookie = ExtensionType(rawValue: 44)
    /// RFC 9846 §4.3.9.
    public static let pskKeyExchangeModes = ExtensionType(rawValue: 45)
    /// RFC 9846 §4.3.4.
    public static let certificateAuthorities = ExtensionType(rawValue: 47)
    /// RFC 9846 §4.3.5.
    public static let oidFilters = ExtensionType(rawValue: 48)
    /// RFC 9846 §4.3.6.
    public static let postHandshakeAuth = ExtensionType(rawValue: 49)
    /// RFC 9846 §4.3.3.
    public static let signatureAlgorithmsCert = ExtensionType(rawValue: 50)
    /// RFC 9149.
    public static let ticketRequest = ExtensionType(rawValue: 58)
    /// RFC 9846 §4.3.8.
    public static let keyShare = ExtensionType(rawValue: 51)
    /// draft-ietf-tls-tlsflags.
    public static let tlsFlags = ExtensionType(rawValue: 62)
}

extension ExtensionType: CustomStringConvertible {
    /// The name in IANA's registry, such as `key_share`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .serverName: "server_name"
        case .statusRequest: "status_request"
        case .supportedGroups: "supported_groups"
        case .signatureAlgorithms: "signature_algorithms"
        case .applicationLayerProtocolNegotiation: "application_layer_protocol_negotiation"
        case .signedCertificateTimestamp: "signed_certificate_timestamp"
        case .clientCertificateType: "client_certificate_type"
        case .serverCertificateType: "server_certificate_type"
        case .recordSizeLimit: "record_size_limit"
        case .preSharedKey: "pre_shared_key"
        case .earlyData: "early_data"
        case .supportedVersions: "supported_versions"
        case .cookie: "cookie"
        case .pskKeyExchangeModes: "psk_key_exchange_modes"
        case .certificateAuthorities: "certificate_authorities"
        case .oidFilters: "oid_filters"
        case .postHandshakeAuth: "post_handshake_auth"
        case .signatureAlgorithmsCert: "signature_algorithms_cert"
        case .keyShare: "key_share"
        case .ticketRequest: "ticket_request"
        case .tlsFlags: "tls_flags"
        default: "ExtensionType(\(rawValue))"
        }
    }
}
