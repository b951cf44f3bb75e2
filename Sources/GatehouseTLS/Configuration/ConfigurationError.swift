/// Why a configuration cannot work: found when it is made, never per connection.
public enum ConfigurationError: Error, Sendable, Equatable {
    /// A credential without a certificate.
    case emptyCertificateChain
    /// The private key is not the key of the first certificate.
    case keyDoesNotMatchCertificate
    /// The first certificate's key cannot be used.
    case unusableCertificateKey(String)
    /// An RSA key below the smallest size, in bits.
    case keyTooSmall(bits: Int, minimum: Int)
    /// No cipher suite, or one that is not supported.
    case unsupportedCipherSuite(CipherSuite?)
    /// No group, or one that is not supported.
    case unsupportedGroup(String)
    /// A key share of a group that is not among the groups.
    case keyShareOfUnlistedGroup(String)
    /// An application protocol's name that is empty or longer than 255 bytes.
    case invalidApplicationProtocol(String)
    /// Application protocols whose names together take more than 65535 bytes.
    case tooManyApplicationProtocols(bytes: Int)
    /// record_size_limit outside 64 to 16385.
    case invalidRecordSizeLimit(Int)
    /// Types of certificates that are none, stand twice, or are not supported.
    case invalidCertificateTypes
    /// Only trusted keys are accepted, and there are none.
    case noTrustedPublicKeys
    /// A server without credentials that does not ask for them per connection either.
    case noCredentials
    /// A pre-shared key's identity is empty or too long.
    case invalidPreSharedKeyIdentity
    /// A pre-shared key shorter than it may be, in bytes.
    case preSharedKeyTooShort(bytes: Int, minimum: Int)
    /// A ticket key of the wrong length, or all zero.
    case invalidTicketKey
    /// More than 32 tickets, or a lifetime over 7 days.
    case invalidTicketSettings
    /// A client that would check the server's name has no name to check against.
    case noServerName
    /// A server name that is neither a host name nor an IP address.
    case invalidServerName(String)
    /// A setting out of its bounds, or one that does not go together with another: what to change.
    case unusableSetting(String)
}

extension ConfigurationError: CustomStringConvertible {
    /// One line that says what to change.
    public var description: String {
        switch self {
        case .emptyCertificateChain: "the certificate chain is empty"
        case .keyDoesNotMatchCertificate: "the private key does not belong to the first certificate of the chain"
        case .unusableCertificateKey(let reason): "the key of the first certificate cannot be used: \(reason)"
        case .keyTooSmall(let bits, let minimum): "the RSA key has \(bits) bits, fewer than \(minimum)"
        case .unsupportedCipherSuite(nil): "no cipher suite is configured"
        case .unsupportedCipherSuite(let suite?): "the cipher suite \(suite) is not supported"
        case .unsupportedGroup(""): "no group for key agreement is configured"
        case .unsupportedGroup(let group): "the group \(group) is not supported"
        case .keyShareOfUnlistedGroup(let group):
            "there is a key share of the group \(group), which is not among the groups"
        case .invalidApplicationProtocol(let name):
            "the application protocol \"\(name)\" is empty or longer than 255 bytes"
        case .tooManyApplicationProtocols(let bytes):
            "the names of the application protocols take \(bytes) bytes, more than 65535"
        case .invalidRecordSizeLimit(let limit): "the record size limit \(limit) is not between 64 and 16385"
        case .invalidCertificateTypes: "the types of certificates are empty, stand twice or are not supported"
        case .noTrustedPublicKeys: "there is no trusted public key, so nobody could be trusted"
        case .noCredentials: "a server needs a certificate and its private key"
        case .invalidPreSharedKeyIdentity: "the identity of a pre-shared key is empty or too long"
        case .preSharedKeyTooShort(let bytes, let minimum):
            "the pre-shared key has \(bytes) bytes, fewer than \(minimum)"
        case .invalidTicketKey: "a ticket key is not a name of 16 bytes and at least 32 bytes that are not all zero"
        case .invalidTicketSettings: "there are more than \(Limits.tickets) tickets, or their lifetime is over 7 days"
        case .noServerName: "a client that verifies certificates needs the name of the server"
        case .invalidServerName(let name): "\"\(name)\" is neither a host name nor an IP address"
        case .unusableSetting(let reason): reason
        }
    }
}
