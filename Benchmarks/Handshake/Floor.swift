import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// A call, or a few that belong together, that handshakes make of libcrypto.
struct LibcryptoCall {
    /// What is called, and with what.
    let name: String
    /// How often each side makes it in one handshake.
    let server: Int
    let client: Int
    /// Whether it belongs to the floor, or is only listed beside it.
    var isInFloor = true
    /// Makes the call so many times; returns the processor time that they took.
    let time: (_ count: Int) throws -> Duration

    func count(_ side: Side) -> Int {
        side == .server ? server : client
    }
}

/// The calls of a full handshake: key agreement and signatures, with the import of the peer's keys. Hashing, HKDF and
/// everything else is the engine's own work. The AEAD, which keys four contexts whatever else happens, is listed
/// beside the floor.
enum Floor {
    /// Why a call did not do its work.
    enum Failure: Error {
        case signatureInvalid
        case unsupportedKey(KeyAlgorithm)
    }

    static func calls(
        _ parameters: CipherSuiteParameters, _ group: NamedGroup, _ identity: Identity
    ) throws -> [LibcryptoCall] {
        guard let key = identity.credential.key else { throw Failure.unsupportedKey(.p256) }
        let certificate = identity.credential.chain[0]
        let rootKey = identity.rootKey
        // 64 spaces, the context, a zero byte and a hash (RFC 9846 §4.5.2).
        let content = [UInt8](repeating: 0x20, count: 64 + 33 + 1 + 32)
        let (scheme, rootScheme) = (key.signatureSchemes[0], rootKey.signatureSchemes[0])
        let signature = try key.sign(content.span, scheme: scheme)
        // The chain's one signature is over about as many bytes as the certificate has.
        let certificateSignature = try rootKey.sign(certificate.der.span, scheme: rootScheme)
        let importKey = try importing(certificate, key.algorithm)
        return [
            LibcryptoCall(name: "\(group.commonName): make a key pair", server: 1, client: 1) { count in
                try repeated(count) { _ = try EphemeralKey.generate(group) }
            },
            LibcryptoCall(name: "\(group.commonName): import the peer's share, derive", server: 1, client: 1) { count in
                try timeDerivations(count, group)
            },
            LibcryptoCall(name: "\(identity.name): sign, \(scheme)", server: 1, client: 0) { count in
                try repeated(count) { _ = try key.sign(content.span, scheme: scheme) }
            },
            LibcryptoCall(name: "\(identity.name): import the certificate's key", server: 0, client: 1) { count in
                try repeated(count) { _ = try importKey() }
            },
            LibcryptoCall(
                name: "\(identity.name): verify with a key just imported, \(scheme)", server: 0, client: 1
            ) { count in
                var keys = try (0..<count).map { _ in try importKey() }[...]
                return try repeated(count) { try verify(signature, content, keys.popFirst(), scheme) }
            },
            LibcryptoCall(
                name: "\(identity.name): verify with the root's key, \(rootScheme)", server: 0, client: 1
            ) { count in
                try repeated(count) {
                    try verify(certificateSignature, certificate.der, rootKey.publicKey, rootScheme)
                }
            },
            protecting(parameters.aead),
        ]
    }

    private static func repeated(_ count: Int, _ body: () throws -> Void) rethrows -> Duration {
        let start = SystemClock.threadProcessorTime
        for _ in 0..<count { try body() }
        return SystemClock.threadProcessorTime - start
    }

    /// The key pairs, which a derivation uses up, are made before the clock starts.
    private static func timeDerivations(_ count: Int, _ group: NamedGroup) throws -> Duration {
        let peerShare = try EphemeralKey.generate(group).publicKey
        let keys = try (0..<count).map { _ in KeyBox(try EphemeralKey.generate(group)) }
        let start = SystemClock.threadProcessorTime
        for box in keys { try box.derive(peerShare) }
        return SystemClock.threadProcessorTime - start
    }

    private static func verify(
        _ signature: [UInt8], _ message: [UInt8], _ key: PublicKey?, _ scheme: SignatureScheme
    ) throws {
        guard key?.isValidSignature(signature.span, over: message.span, scheme: scheme) == true else {
            throw Failure.signatureInvalid
        }
    }

    /// What imports the key of `certificate`.
    private static func importing(
        _ certificate: Certificate, _ algorithm: KeyAlgorithm
    ) throws -> () throws -> PublicKey {
        // The end of a SubjectPublicKeyInfo is the key: a point, a string, or modulus and exponent.
        let encoded = certificate.publicKeyInfo
        switch algorithm {
        case .p256:
            let point = Array(encoded.suffix(65))
            return { try PublicKey(p256: point.span) }
        case .ed25519:
            let bytes = Array(encoded.suffix(32))
            return { try PublicKey(ed25519: bytes.span) }
        case .rsa(let bits):
            let exponent = Array(encoded.suffix(3))
            let modulus = Array(encoded.dropLast(3 + 2).suffix(bits / 8))
            return { try PublicKey(rsaModulus: modulus.span, exponent: exponent.span, isPSS: false) }
        default: throw Failure.unsupportedKey(algorithm)
        }
    }

    /// What a side has to do with records: keys for two epochs of two directions, a flight of 1 KiB and a Finished.
    private static func protecting(_ aead: AEADAlgorithm) -> LibcryptoCall {
        LibcryptoCall(
            name: "\(aead): key four contexts, seal a flight, open a Finished", server: 1, client: 1, isInFloor: false
        ) { count in
            let key = Secret(zeros: aead.keyLength)
            let iv = Secret(zeros: AEADAlgorithm.nonceLength)
            let flight = [UInt8](repeating: 0, count: 1_024)
            let finished = try sealed([UInt8](repeating: 0, count: 36), aead, key, iv)
            return try repeated(count) {
                _ = try sealed(flight, aead, key, iv)
                var opener = try RecordOpener(aead, key: key, iv: iv.copy())
                var record = finished
                var span = record.mutableSpan
                _ = try opener.open(sequence: 0, additionalData: Span(), &span, in: 0..<span.count)
                _ = try RecordSealer(aead, key: key, iv: iv.copy())
                _ = try RecordOpener(aead, key: key, iv: iv.copy())
            }
        }
    }

    private static func sealed(
        _ plaintext: [UInt8], _ aead: AEADAlgorithm, _ key: borrowing Secret, _ iv: borrowing Secret
    ) throws -> [UInt8] {
        var sealer = try RecordSealer(aead, key: key, iv: iv.copy())
        var output: [UInt8] = []
        try sealer.seal(
            sequence: 0, additionalData: Span(), plaintext: plaintext.span, suffix: Span(), into: &output)
        return output
    }
}

/// A key pair that can stand in an array.
private final class KeyBox {
    private var key: EphemeralKey?

    init(_ key: consuming EphemeralKey) {
        self.key = consume key
    }

    func derive(_ peerShare: [UInt8]) throws {
        _ = try key.take()?.sharedSecret(with: peerShare.span)
    }
}
