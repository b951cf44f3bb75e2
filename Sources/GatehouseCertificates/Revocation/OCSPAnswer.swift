/// What an OCSP response says about one certificate (RFC 6960 §4.2.1), for people: whether to believe it is the
/// verifier's business.
public struct OCSPAnswer: Sendable, Hashable {
    /// What the responder knows of the certificate.
    @nonexhaustive
    public enum Status: Sendable, Hashable {
        /// It is not revoked.
        case good
        /// It was revoked, in seconds since 1970.
        case revoked(at: UnixTime)
        /// The responder does not know it.
        case unknown
    }

    /// The serial number of the certificate: big-endian, two's complement.
    public let serialNumber: [UInt8]
    /// What the responder knows of it.
    public let status: Status
    /// The time of which the status is.
    public let thisUpdate: UnixTime
    /// When there will be newer information; `nil`: at any time.
    public let nextUpdate: UnixTime?

    /// All answers of a response in DER; none if the responder gives an error instead.
    ///
    /// - Throws: `CertificateError` if it is no OCSP response.
    public static func answers(in der: [UInt8]) throws(CertificateError) -> [OCSPAnswer] {
        var answers: [OCSPAnswer] = []
        for answer in try OCSPResponse(der: der).basic?.answers ?? [] {
            let status: Status =
                switch answer.status {
                case .good: .good
                case .revoked(let time): .revoked(at: time)
                case .unknown: .unknown
                }
            answers.append(
                OCSPAnswer(
                    serialNumber: Array(der[answer.serialNumber]), status: status, thisUpdate: answer.thisUpdate,
                    nextUpdate: answer.nextUpdate))
        }
        return answers
    }
}
