import GatehouseCertificates
import GatehouseCrypto

/// What stands in a Certificate message, certificates or a key alone, or what is kept of it.
enum ShownCredential: Sendable, Equatable {
    /// Its own certificate first; empty when it shows none.
    case certificates([Certificate])
    case rawPublicKey(RawPublicKey)
    /// The SHA-256 of its own certificate: what is kept where no more is wanted.
    case fingerprint([UInt8])

    static let none = ShownCredential.certificates([])

    /// What the entries of a Certificate message hold, by the type that was negotiated.
    ///
    /// RFC 9846 §4.5.1: "If the corresponding certificate type extension ("server_certificate_type" or
    /// "client_certificate_type") was not negotiated in EncryptedExtensions, or the X.509 certificate type was
    /// negotiated, then each CertificateEntry contains a DER-encoded X.509 certificate."
    init(_ entries: [CertificateMessage.Entry], as type: CertificateType) throws(TLSError) {
        guard type == .rawPublicKey, let first = entries.first else {
            var chain: [Certificate] = []
            for entry in entries { chain.append(try .parse(entry.data)) }
            self = .certificates(chain)
            return
        }
        // "If the RawPublicKey certificate type was negotiated, then the certificate_list MUST contain no more than one
        // CertificateEntry, which contains an ASN1_subjectPublicKeyInfo value as defined in RFC 7250, Section 3."
        guard entries.count == 1 else { throw .peerMisbehaved(.severalRawPublicKeys) }
        self = .rawPublicKey(try .parse(first.data))
    }

    var isEmpty: Bool { self == .none }

    var type: CertificateType {
        switch self {
        case .certificates, .fingerprint: .x509
        case .rawPublicKey: .rawPublicKey
        }
    }

    var certificates: [Certificate] {
        switch self {
        case .certificates(let chain): chain
        case .rawPublicKey, .fingerprint: []
        }
    }

    var rawPublicKey: RawPublicKey? {
        switch self {
        case .certificates, .fingerprint: nil
        case .rawPublicKey(let key): key
        }
    }

    /// The SHA-256 of its own certificate, when no more than that was kept.
    var fingerprint: [UInt8]? {
        if case .fingerprint(let hash) = self { hash } else { nil }
    }

    /// The fingerprint in place of certificates.
    var reducedToFingerprint: ShownCredential {
        guard let leaf = certificates.first else { return self }
        return .fingerprint(Hasher.hash(.sha256, leaf.der.span))
    }

    /// When the first of the certificates ends, in seconds since 1970. A key alone has no end.
    var validUntil: Int64 {
        certificates.map(\.notAfter).min() ?? .max
    }

    /// The entries of the Certificate message.
    var entries: [CertificateMessage.Entry] {
        switch self {
        case .certificates(let chain): chain.map { CertificateMessage.Entry(data: $0.der) }
        case .rawPublicKey(let key): [CertificateMessage.Entry(data: key.der)]
        case .fingerprint: []
        }
    }

    /// The key that signs the handshake.
    func publicKey() throws(CryptoError) -> PublicKey {
        switch self {
        case .certificates(let chain):
            guard let leaf = chain.first else { throw .invalidKey }
            return try leaf.publicKey()
        case .rawPublicKey(let key): return try key.publicKey()
        case .fingerprint: throw .invalidKey
        }
    }
}

extension RawPublicKey {
    static func parse(_ der: [UInt8]) throws(TLSError) -> RawPublicKey {
        do throws(CertificateError) {
            return try RawPublicKey(der: der)
        } catch {
            throw .invalidMessage(.malformedRawPublicKey(error))
        }
    }
}
