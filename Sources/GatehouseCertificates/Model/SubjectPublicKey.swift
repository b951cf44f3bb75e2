import GatehouseCrypto

/// What a SubjectPublicKeyInfo says (RFC 5280 §4.1.2.7), with its key still where it lies in the encoding.
enum SubjectPublicKey: Sendable, Hashable {
    /// Big-endian numbers without leading zeros.
    case rsa(modulus: Range<Int>, exponent: Range<Int>, bits: Int, scheme: RSAScheme)
    /// An uncompressed point.
    case ellipticCurve(KeyAlgorithm, point: Range<Int>)
    /// A string of bytes, of the right length: EdDSA (RFC 8410) and ML-DSA (RFC 9881).
    case bytes(KeyAlgorithm, key: Range<Int>)
    /// A key that no signature is ever checked with, and why.
    case unsupported(Unsupported)

    /// What an RSA key is bound to (RFC 4055 §1.2).
    enum RSAScheme: Sendable, Hashable {
        /// rsaEncryption: nothing.
        case any
        /// id-RSASSA-PSS, perhaps with a hash function and the shortest salt in bytes.
        case pss(hash: HashAlgorithm?, shortestSalt: Int)
    }

    enum Unsupported: Sendable, Hashable {
        case algorithm(ObjectIdentifier)
        case curve(ObjectIdentifier)
        case explicitCurve
        case malformed
    }

    /// Reads a SubjectPublicKeyInfo. A key of an unknown kind is no error: it must not be used, that is all.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        let algorithm = try fields.next(.sequence, bytes)
        let key = try fields.next(.bitString, bytes).wholeBytes(bytes)
        try fields.finish()
        var algorithmFields = try DERCursor(inside: algorithm)
        let identifier = try algorithmFields.next(.objectIdentifier, bytes).objectIdentifier(bytes)
        let parameters = algorithmFields.isAtEnd ? nil : try algorithmFields.next(bytes)
        try algorithmFields.finish()
        switch identifier {
        case .rsaEncryption:
            // RFC 3279 §2.3.1: "The parameters field MUST have ASN.1 type NULL for this algorithm identifier."
            guard let parameters, parameters.tag == .null, parameters.content.isEmpty else {
                self = .unsupported(.malformed)
                return
            }
            self = Self.rsa(key, bytes, .any)
        case .rsassaPSS:
            // RFC 4055 §3.1: parameters of a key bind the signatures made with it; without them, nothing does.
            switch try parameters.map({ element throws(CertificateError) in
                try SignatureAlgorithmIdentifier.pss(element, bytes)
            }) {
            case nil: self = Self.rsa(key, bytes, .pss(hash: nil, shortestSalt: 0))
            case .supported(.rsaPSS(let hash, let salt)):
                self = Self.rsa(key, bytes, .pss(hash: hash, shortestSalt: salt))
            default: self = .unsupported(.algorithm(identifier))
            }
        case .ecPublicKey:
            self = try Self.ellipticCurve(parameters, key, bytes)
        case .ed25519, .ed448:
            let isEd25519 = identifier == .ed25519
            // RFC 8410 §3: "For all of the OIDs, the parameters MUST be absent."
            let isWellFormed = parameters == nil && key.count == (isEd25519 ? 32 : 57)
            self = isWellFormed ? .bytes(isEd25519 ? .ed25519 : .ed448, key: key) : .unsupported(.malformed)
        default:
            guard let mlDSA = MLDSAParameterSet(identifier), mlDSA.isSupported else {
                self = .unsupported(.algorithm(identifier))
                return
            }
            // RFC 9881 §2: "The contents of the parameters component for each algorithm MUST be absent."
            let isWellFormed = parameters == nil && key.count == mlDSA.publicKeyLength
            self = isWellFormed ? .bytes(.mlDSA(mlDSA), key: key) : .unsupported(.malformed)
        }
    }

    /// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 §A.1.1).
    private static func rsa(_ key: Range<Int>, _ bytes: Span<UInt8>, _ scheme: RSAScheme) -> SubjectPublicKey {
        do throws(CertificateError) {
            var cursor = DERCursor(over: key)
            var numbers = try cursor.enter(.sequence, bytes)
            try cursor.finish()
            let modulus = try numbers.next(.integer, bytes).magnitude(bytes)
            let exponent = try numbers.next(.integer, bytes).magnitude(bytes)
            try numbers.finish()
            // A check costs in proportion to the exponent: one beyond 64 bits is there to cost time.
            guard exponent.count <= 8 else { return .unsupported(.malformed) }
            let bits = modulus.count * 8 - bytes[modulus.lowerBound].leadingZeroBitCount
            return .rsa(modulus: modulus, exponent: exponent, bits: bits, scheme: scheme)
        } catch {
            return .unsupported(.malformed)
        }
    }

    private static func ellipticCurve(
        _ parameters: DERElement?, _ key: Range<Int>, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> SubjectPublicKey {
        guard let parameters else { return .unsupported(.malformed) }
        // RFC 5480 §2.1.1: "specifiedCurve … MUST NOT be used in PKIX."
        guard parameters.tag == .objectIdentifier else { return .unsupported(.explicitCurve) }
        let curve: KeyAlgorithm
        let coordinateLength: Int
        switch try parameters.objectIdentifier(bytes) {
        case .secp256r1: (curve, coordinateLength) = (.p256, 32)
        case .secp384r1: (curve, coordinateLength) = (.p384, 48)
        case .secp521r1: (curve, coordinateLength) = (.p521, 66)
        case let other: return .unsupported(.curve(other))
        }
        guard key.count == 1 + 2 * coordinateLength, bytes[key.lowerBound] == 0x04 else {
            return .unsupported(.malformed)
        }
        return .ellipticCurve(curve, point: key)
    }

    /// The kind of key; nil for one that is not supported.
    var algorithm: KeyAlgorithm? {
        switch self {
        case .rsa(_, _, let bits, let scheme): scheme == .any ? .rsa(bits: bits) : .rsaPSS(bits: bits)
        case .ellipticCurve(let curve, _): curve
        case .bytes(let algorithm, _): algorithm
        case .unsupported: nil
        }
    }

    /// Hands the key to the crypto library.
    func load(_ bytes: Span<UInt8>) throws(CryptoError) -> PublicKey {
        switch self {
        case .rsa(let modulus, let exponent, _, let scheme):
            try PublicKey(
                rsaModulus: bytes.extracting(modulus), exponent: bytes.extracting(exponent), isPSS: scheme != .any)
        case .ellipticCurve(.p256, let point): try PublicKey(p256: bytes.extracting(point))
        case .ellipticCurve(.p384, let point): try PublicKey(p384: bytes.extracting(point))
        case .ellipticCurve(_, let point): try PublicKey(p521: bytes.extracting(point))
        case .bytes(.mlDSA(let parameters), let key): try PublicKey(mlDSA: bytes.extracting(key), parameters)
        case .bytes(.ed25519, let key): try PublicKey(ed25519: bytes.extracting(key))
        case .bytes(_, let key): try PublicKey(ed448: bytes.extracting(key))
        case .unsupported: throw .unsupportedAlgorithm
        }
    }
}

extension MLDSAParameterSet {
    /// The parameter set of the identifier of a key or a signature, which are the same (RFC 9881 §2).
    init?(_ identifier: ObjectIdentifier) {
        guard let known = Self.allCases.first(where: { $0.identifier == identifier }) else { return nil }
        self = known
    }

    var identifier: ObjectIdentifier {
        switch self {
        case .mlDSA44: .mlDSA44
        case .mlDSA65: .mlDSA65
        case .mlDSA87: .mlDSA87
        }
    }
}
