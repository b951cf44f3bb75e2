/// The kind of what stands in a Certificate message (RFC 7250 §3, "CertificateType").
///
/// The registry is open: a value that has no name here is kept as it came.
public struct CertificateType: RawRepresentable, Sendable, Hashable {
    /// The number in IANA's "TLS Certificate Types" registry.
    public let rawValue: UInt8

    /// Makes the type with this number, known or not.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A chain of X.509 certificates: what is sent when nothing else was negotiated.
    public static let x509 = CertificateType(rawValue: 0)
    /// A public key without a certificate.
    public static let rawPublicKey = CertificateType(rawValue: 2)

    /// Those that are spoken here.
    static let supported: [CertificateType] = [.x509, .rawPublicKey]
}

extension CertificateType: CustomStringConvertible {
    /// The name in IANA's registry, such as `RawPublicKey`, or the number for one without a name here.
    public var description: String {
        switch self {
        case .x509: "X509"
        case .rawPublicKey: "RawPublicKey"
        default: "CertificateType(\(rawValue))"
        }
    }
}

/// What the two sides agreed to show: the types of their Certificate messages (RFC 7250 §4.2).
struct CertificateTypes: Sendable, Equatable {
    var server = CertificateType.x509
    /// `nil`: the client is not asked for anything.
    var client: CertificateType? = .x509
}

extension ByteReader {
    /// The types of a client_certificate_type or server_certificate_type in a ClientHello (RFC 7250 §3).
    mutating func readCertificateTypes() throws(TLSError) -> [CertificateType] {
        let types = try readOpaque(.certificateTypes).map(CertificateType.init)
        // RFC 7250 §4.1: a client that has no types "other than the default X.509 type" "MUST omit" the extension.
        guard types != [.x509] else { throw .invalidMessage(.illegalValue) }
        return types
    }

    /// The one type that a server has chosen.
    mutating func readCertificateType() throws(TLSError) -> CertificateType {
        CertificateType(rawValue: try readUInt8())
    }
}

extension ByteWriter {
    mutating func write(_ types: [CertificateType]) {
        writeOpaque(.certificateTypes, types.map(\.rawValue))
    }
}
