public import GatehouseCertificates
import GatehouseTLS

// MARK: - Who the peer is

extension SSLSocket {
    /// What the connection goes by.
    public var sslConfiguration: SSLConfiguration { configuration.settings }

    /// The peer's own certificate; `nil` when it was not asked or has sent none. It says who the peer claims to be:
    /// ``isPeerVerified`` tells whether to believe it. It stays readable after the end.
    public var peerCertificate: SSLCertificate? { peerCertificateChain.first }

    /// The peer's certificates as it sent them, its own first. They stay readable after the end.
    public var peerCertificateChain: [SSLCertificate] { session?.peerCertificates ?? [] }

    /// The SHA-256 of the peer's own certificate, 32 bytes; `nil` when it has shown none. It is there also where the
    /// certificate is not: ``SSLConfiguration/keepsOnlyFingerprint``. It stays readable after the end.
    public var peerCertificateFingerprint: [UInt8]? {
        session?.peerCertificateFingerprint ?? peerCertificate?.digest()
    }

    /// Whether the peer has shown a certificate that is good in every way, in this handshake or in the one that is
    /// resumed. It is `false` when problems were ignored.
    public var isPeerVerified: Bool { session?.isPeerVerified ?? false }

    /// The key that the peer has shown instead of a certificate (RFC 7250).
    public var peerRawPublicKey: RawPublicKey? { session?.peerRawPublicKey }

    /// The application protocol that was negotiated (RFC 7301).
    public var nextNegotiatedProtocol: String? { session?.applicationProtocol }

    /// What the OCSP response says that a server has stapled to its certificate; empty when none came, or one that is
    /// none. It was checked with the certificate, if ``isPeerVerified``. Its bytes are in ``session``.
    public var ocspResponses: [OCSPAnswer] {
        guard let response = session?.peerOCSPResponse else { return [] }
        return (try? OCSPAnswer.answers(in: response)) ?? []
    }
}
