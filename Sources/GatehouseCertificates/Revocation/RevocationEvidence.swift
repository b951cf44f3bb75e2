/// What is known about the revocation of a chain's certificates. All of it is checked before it is believed.
public struct RevocationEvidence: Sendable, Hashable {
    /// Revocation lists, of any issuers; those that are about other certificates do no harm.
    public var revocationLists: [CertificateRevocationList] = []
    /// The OCSP response that the peer sent along with its certificate, in DER; it must be about the leaf.
    public var stapledResponse: [UInt8]?
    /// Other OCSP responses in DER, about any of the certificates.
    public var ocspResponses: [[UInt8]] = []
    /// The nonce that was sent to the responder (RFC 9654); a response without it is then not believed.
    public var nonce: [UInt8]?

    /// Nothing is known.
    public init() {}

    /// Nothing is known.
    public static let none = RevocationEvidence()
}
