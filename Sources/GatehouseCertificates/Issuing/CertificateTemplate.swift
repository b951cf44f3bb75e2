public import GatehouseCrypto

/// What a certificate that is about to be made will say. For development, tests and small private CAs.
///
/// A self-signed certificate for this machine, valid for a day:
///
///     var template = CertificateTemplate(commonName: "localhost", notBefore: now, notAfter: now + 86_400)
///     template.dnsNames = ["localhost"]
///     template.ipAddresses = [[127, 0, 0, 1]]
///     let key = try PrivateKey.generate(.p256)
///     let certificate = try template.selfSigned(with: key, serialNumber: random)
public struct CertificateTemplate: Sendable, Hashable {
    /// What a certificate is for.
    public enum Role: Sendable, Hashable {
        /// A server or a client of TLS.
        case endEntity
        /// A CA; with how many intermediates below itself at most, if there is a limit.
        case authority(pathLength: Int?)
    }

    /// The common name of the subject.
    public var commonName: String
    /// The DNS names that it is issued for, as A-labels.
    public var dnsNames: [String] = []
    /// The addresses that it is issued for, 4 or 16 bytes each.
    public var ipAddresses: [[UInt8]] = []
    /// The first second at which it is valid.
    public var notBefore: UnixTime
    /// The last second at which it is valid.
    public var notAfter: UnixTime
    /// Whether it is a CA's.
    public var role = Role.endEntity
    /// The purposes of an end entity's certificate (none: not restricted).
    public var purposes: [Purpose] = [.serverAuthentication, .clientAuthentication]

    /// A template for an end entity without names.
    public init(commonName: String, notBefore: UnixTime, notAfter: UnixTime) {
        self.commonName = commonName
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Why a certificate could not be made.
    public enum Failure: Error, Sendable, Hashable {
        /// The serial number is not 1 to 20 bytes of a positive number.
        case invalidSerialNumber
        /// The issuing key has no algorithm that certificates can be signed with.
        case unsupportedKey
        /// Signing failed.
        case signing(CryptoError)
        /// What the template says is no valid certificate, such as a DNS name that is not ASCII.
        case invalidContents(CertificateError)
    }

    /// The certificate, signed with its own key.
    ///
    /// - Parameters:
    ///   - key: the key that it is about.
    ///   - serialNumber: up to 20 bytes, which should be random; the first one is made positive.
    public func selfSigned(with key: PrivateKey, serialNumber: [UInt8]) throws(Failure) -> Certificate {
        try make(
            publicKeyInfo: key.subjectPublicKeyInfo, issuer: encodedSubject, authorityKeyIdentifier: nil, key: key,
            serialNumber: serialNumber)
    }

    /// The certificate for the key in `publicKeyInfo` (DER), signed by a CA.
    ///
    /// - Parameters:
    ///   - issuer: the CA's certificate; its subject and key identifier become the issuer here.
    ///   - issuerKey: the CA's key.
    ///   - serialNumber: up to 20 bytes, which should be random; the first one is made positive.
    public func issued(
        for publicKeyInfo: [UInt8], by issuer: Certificate, issuerKey: PrivateKey, serialNumber: [UInt8]
    ) throws(Failure) -> Certificate {
        let identifier = issuer.fields.extensions.subjectKeyIdentifier.map { issuer.copy($0) }
        return try make(
            publicKeyInfo: publicKeyInfo, issuer: issuer.subject.der, authorityKeyIdentifier: identifier,
            key: issuerKey, serialNumber: serialNumber)
    }
}

extension CertificateTemplate {
    private func make(
        publicKeyInfo: [UInt8], issuer: [UInt8], authorityKeyIdentifier: [UInt8]?, key: PrivateKey,
        serialNumber: [UInt8]
    ) throws(Failure) -> Certificate {
        guard 1...20 ~= serialNumber.count else { throw .invalidSerialNumber }
        guard let signer = CertificateSigner(key.algorithm) else { throw .unsupportedKey }
        var serial = serialNumber
        serial[0] = serial[0] & 0x3F | 0x40

        var toBeSigned = DERWriter()
        toBeSigned.write(.sequence) { tbs in
            tbs.write(.constructed(0)) { $0.write(2) }
            tbs.write(magnitude: serial)
            tbs.write(encoded: signer.algorithmIdentifier)
            tbs.write(encoded: issuer)
            tbs.write(.sequence) {
                $0.write(notBefore)
                $0.write(notAfter)
            }
            tbs.write(encoded: encodedSubject)
            tbs.write(encoded: publicKeyInfo)
            tbs.write(.constructed(3)) { wrapper in
                wrapper.write(.sequence) { writeExtensions(&$0, publicKeyInfo, authorityKeyIdentifier) }
            }
        }
        let signature: [UInt8]
        do {
            signature = try key.sign(toBeSigned.bytes.span, scheme: signer.scheme)
        } catch {
            throw .signing(error)
        }
        var writer = DERWriter()
        writer.write(.sequence) { certificate in
            certificate.write(encoded: toBeSigned.bytes)
            certificate.write(encoded: signer.algorithmIdentifier)
            certificate.write(bitString: signature)
        }
        do {
            return try Certificate(der: writer.bytes)
        } catch {
            throw .invalidContents(error)
        }
    }

    private var encodedSubject: [UInt8] {
        var writer = DERWriter()
        writer.write(.sequence) { name in
            name.write(.set) { set in
                set.write(.sequence) { attribute in
                    attribute.write(.commonName)
                    attribute.write(.utf8String, commonName.utf8)
                }
            }
        }
        return writer.bytes
    }

    private func writeExtensions(_ writer: inout DERWriter, _ publicKeyInfo: [UInt8], _ authority: [UInt8]?) {
        func write(_ identifier: ObjectIdentifier, critical: Bool, _ value: (inout DERWriter) -> Void) {
            writer.write(.sequence) { item in
                item.write(identifier)
                if critical { item.write(true) }
                item.write(.octetString, value)
            }
        }
        switch role {
        case .endEntity:
            write(.keyUsage, critical: true) { $0.write(namedBits: KeyUsage.digitalSignature.rawValue) }
            if !purposes.isEmpty {
                write(.extendedKeyUsage, critical: false) { value in
                    value.write(.sequence) { list in
                        for purpose in purposes {
                            list.write(purpose == .serverAuthentication ? .serverAuthentication : .clientAuthentication)
                        }
                    }
                }
            }
        case .authority(let pathLength):
            write(.basicConstraints, critical: true) { value in
                value.write(.sequence) { constraints in
                    constraints.write(true)
                    if let pathLength { constraints.write(max(0, pathLength)) }
                }
            }
            let usage: KeyUsage = [.keyCertSign, .cRLSign]
            write(.keyUsage, critical: true) { $0.write(namedBits: usage.rawValue) }
        }
        let identifier = Self.keyIdentifier(publicKeyInfo)
        write(.subjectKeyIdentifier, critical: false) { $0.write(.octetString, identifier) }
        if let authority {
            write(.authorityKeyIdentifier, critical: false) { value in
                value.write(.sequence) { $0.write(.primitive(0), authority) }
            }
        }
        if !dnsNames.isEmpty || !ipAddresses.isEmpty {
            write(.subjectAltName, critical: false) { value in
                value.write(.sequence) { names in
                    for name in dnsNames { names.write(.primitive(2), name.utf8) }
                    for address in ipAddresses { names.write(.primitive(7), address) }
                }
            }
        }
    }

    /// RFC 7093 §2 method 4: a digest of the SubjectPublicKeyInfo, cut to 160 bits.
    private static func keyIdentifier(_ publicKeyInfo: [UInt8]) -> [UInt8] {
        Array(GatehouseCrypto.Hasher.hash(.sha256, publicKeyInfo.span).prefix(20))
    }
}

/// How a key signs certificates.
struct CertificateSigner {
    let scheme: SignatureScheme
    /// The AlgorithmIdentifier in DER.
    let algorithmIdentifier: [UInt8]

    init?(_ algorithm: KeyAlgorithm) {
        var writer = DERWriter()
        let identifier: ObjectIdentifier
        switch algorithm {
        case .p256: (scheme, identifier) = (.ecdsaSecp256r1SHA256, .ecdsaWithSHA256)
        case .p384: (scheme, identifier) = (.ecdsaSecp384r1SHA384, .ecdsaWithSHA384)
        case .p521: (scheme, identifier) = (.ecdsaSecp521r1SHA512, .ecdsaWithSHA512)
        case .ed25519: (scheme, identifier) = (.ed25519, .ed25519)
        case .ed448: (scheme, identifier) = (.ed448, .ed448)
        case .mlDSA(.mlDSA44): (scheme, identifier) = (.mlDSA44, .mlDSA44)
        case .mlDSA(.mlDSA65): (scheme, identifier) = (.mlDSA65, .mlDSA65)
        case .mlDSA(.mlDSA87): (scheme, identifier) = (.mlDSA87, .mlDSA87)
        case .rsa: (scheme, identifier) = (.rsaPSSRSAESHA256, .rsassaPSS)
        case .rsaPSS: (scheme, identifier) = (.rsaPSSPSSSHA256, .rsassaPSS)
        }
        writer.write(.sequence) { sequence in
            sequence.write(identifier)
            guard identifier == .rsassaPSS else { return }
            // RSASSA-PSS-params (RFC 4055 §3.1) for SHA-256 and a salt of 32 bytes.
            sequence.write(.sequence) { parameters in
                parameters.write(.constructed(0)) { hash in
                    hash.write(.sequence) { $0.write(.sha256) }
                }
                parameters.write(.constructed(1)) { maskGeneration in
                    maskGeneration.write(.sequence) { mask in
                        mask.write(.mgf1)
                        mask.write(.sequence) { $0.write(.sha256) }
                    }
                }
                parameters.write(.constructed(2)) { $0.write(32) }
            }
        }
        algorithmIdentifier = writer.bytes
    }
}
