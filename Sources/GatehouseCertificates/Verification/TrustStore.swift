import GatehouseCrypto
import Synchronization

/// Whom chains may end at. Parsed once, shared by reference, immutable.
public struct TrustStore: Sendable {
    private let contents: Contents

    private final class Contents: Sendable {
        let anchors: [TrustAnchor]
        /// Positions in `anchors` by subject.
        let bySubject: [DistinguishedName: [Int]]
        let generation: UInt64
        let fingerprint: [UInt8]

        init(_ anchors: [TrustAnchor]) {
            self.anchors = anchors
            fingerprint = anchors.fingerprint
            var bySubject: [DistinguishedName: [Int]] = [:]
            for (index, anchor) in anchors.enumerated() {
                bySubject[anchor.subject, default: []].append(index)
            }
            self.bySubject = bySubject
            generation = nextGeneration.add(1, ordering: .relaxed).newValue
        }
    }

    /// A store of these certificates.
    public init(anchors: [Certificate]) {
        self.init(anchors.map { TrustAnchor($0) })
    }

    /// A store of these anchors.
    public init(_ anchors: [TrustAnchor]) {
        contents = Contents(anchors)
    }

    /// A store that trusts nobody.
    public static let empty = TrustStore(anchors: [])

    /// How many anchors there are.
    public var count: Int { contents.anchors.count }
    /// The anchors that are certificates.
    public var certificates: [Certificate] { contents.anchors.compactMap(\.certificate) }
    /// Differs between any two stores that were made separately: what was decided with one is void with the other.
    package var generation: UInt64 { contents.generation }
    /// The same for the same anchors in any order, in any process; 32 bytes.
    package var fingerprint: [UInt8] { contents.fingerprint }

    /// Whether this very certificate is an anchor.
    func contains(_ certificate: Certificate) -> Bool {
        anchorIndices(named: certificate.subject).contains { contents.anchors[$0].certificate == certificate }
    }

    /// The positions of the anchors with this subject.
    func anchorIndices(named subject: DistinguishedName) -> [Int] {
        contents.bySubject[subject] ?? []
    }

    func anchor(at index: Int) -> TrustAnchor {
        contents.anchors[index]
    }
}

private let nextGeneration = Atomic<UInt64>(0)

extension [TrustAnchor] {
    fileprivate var fingerprint: [UInt8] {
        let digests = map { anchor in
            let bytes = anchor.certificate?.der ?? anchor.subject.der + anchor.publicKeyBits
            return GatehouseCrypto.Hasher.hash(.sha256, bytes.span)
        }
        let joined = digests.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
        return GatehouseCrypto.Hasher.hash(.sha256, joined.span)
    }
}

/// A key that is trusted to sign certificates (RFC 5280 §6.1.1 (d)).
///
/// As a certificate, its own limits (validity, path length, name constraints, key usage) bind what is below it, as
/// RFC 5937 describes. As a bare key, it has none.
public struct TrustAnchor: Sendable {
    /// The name that certificates give as their issuer.
    public let subject: DistinguishedName
    /// The certificate, if it is one.
    public let certificate: Certificate?
    private let key: PublicKey?
    /// The content of the subjectPublicKey BIT STRING of a bare key.
    let publicKeyBits: [UInt8]

    /// An anchor that is a certificate.
    public init(_ certificate: Certificate) {
        subject = certificate.subject
        self.certificate = certificate
        key = nil
        publicKeyBits = []
    }

    /// An anchor that is a name and a key (a SubjectPublicKeyInfo in DER).
    ///
    /// - Throws: `CertificateError` if the key is malformed, of an unsupported kind or no valid key.
    public init(subject: DistinguishedName, publicKeyInfo: [UInt8]) throws(CertificateError) {
        let bytes = publicKeyInfo.span
        let publicKey = try SubjectPublicKey(onlyElement(.sequence, bytes), bytes)
        do {
            key = try publicKey.load(bytes)
        } catch {
            throw CertificateError(.unsupportedKey, at: 0)
        }
        self.subject = subject
        certificate = nil
        publicKeyBits = SubjectPublicKey.bits(of: publicKeyInfo)
    }

    func publicKey() throws(CryptoError) -> PublicKey {
        if let key { return key }
        guard let certificate else { throw .invalidKey }
        return try certificate.publicKey()
    }
}
