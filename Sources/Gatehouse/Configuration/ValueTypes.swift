public import GatehouseCertificates
public import GatehouseCrypto
public import GatehouseTLS

/// A certificate (RFC 5280).
public typealias SSLCertificate = Certificate
/// A private key. Its kind is found out when it is loaded.
public typealias SSLKey = PrivateKey
/// A cipher suite.
public typealias SSLCipher = CipherSuite

extension SSLCertificate {
    /// The hash of the whole certificate: what people compare as its fingerprint.
    public func digest(_ algorithm: HashAlgorithm = .sha256) -> [UInt8] {
        GatehouseCrypto.Hasher.hash(algorithm, der.span)
    }
}

extension SSLKey {
    /// The size of the key in bits: of its modulus, of its curve, or of an ML-DSA public key.
    public var length: Int {
        switch algorithm {
        case .rsa(let bits), .rsaPSS(let bits): bits
        case .p256, .ed25519: 256
        case .p384: 384
        case .p521: 521
        case .ed448: 456
        case .mlDSA(let parameters): 8 * parameters.publicKeyLength
        }
    }
}

extension SSLCipher {
    /// The suite with this name in IANA's registry, such as `TLS_AES_128_GCM_SHA256`; `nil` if it is not spoken here.
    public init?(name: String) {
        guard let suite = SSLCipher.supported.first(where: { $0.name == name }) else { return nil }
        self = suite
    }

    /// The name in IANA's registry.
    public var name: String { description }

    /// The length of its key in bits; 0 for a suite that is not spoken here.
    public var usedBits: Int { (CipherSuiteParameters(self)?.aead.keyLength ?? 0) * 8 }

    /// How records are protected, such as `AESGCM(128)`; empty for a suite that is not spoken here.
    public var encryptionMethod: String {
        switch CipherSuiteParameters(self)?.aead {
        case .aes128GCM, .aes256GCM: "AESGCM(\(usedBits))"
        case .chacha20Poly1305: "CHACHA20/POLY1305(\(usedBits))"
        case nil: ""
        }
    }
}
