import GatehouseCertificates
import GatehouseCrypto

/// Who signs.
enum Signer {
    case server
    case client

    /// What stands before the transcript's hash: 64 spaces, the context, and a zero byte.
    fileprivate var prefix: [UInt8] {
        switch self {
        case .server: Self.serverPrefix
        case .client: Self.clientPrefix
        }
    }

    private static let serverPrefix = prefix("TLS 1.3, server CertificateVerify")
    private static let clientPrefix = prefix("TLS 1.3, client CertificateVerify")

    private static func prefix(_ context: String) -> [UInt8] {
        [UInt8](repeating: 0x20, count: 64) + Array(context.utf8) + [0]
    }
}

extension SignatureScheme {
    /// Whether a CertificateVerify of this side can carry it.
    ///
    /// RFC 9963 §3: a server may accept the legacy schemes "in the client CertificateVerify message"; clients "MUST NOT
    /// accept these values in the server CertificateVerify message."
    func isAllowed(by signer: Signer) -> Bool {
        Self.supportedInHandshake.contains(self)
            || signer == .client && Self.supportedFromClientsWhenListed.contains(self)
    }
}

/// Says that the peer holds the private key of its certificate; only `HandshakeSignature.verify` makes one.
struct HandshakeSignatureVerified: ~Copyable, Sendable {
    fileprivate init() {}
}

/// What CertificateVerify signs (RFC 9846 §4.5.2).
enum HandshakeSignature {
    static func content(_ signer: Signer, _ transcriptHash: [UInt8]) -> [UInt8] {
        signer.prefix + transcriptHash
    }

    static func sign(
        _ content: [UInt8], with key: PrivateKey, _ scheme: SignatureScheme
    ) throws(TLSError) -> [UInt8] {
        do throws(CryptoError) {
            return try key.sign(content.span, scheme: scheme)
        } catch {
            throw .crypto(error)
        }
    }

    static func verify(
        _ message: CertificateVerify, _ signer: Signer, _ transcriptHash: [UInt8], by peer: ShownCredential,
        offered: [SignatureScheme]
    ) throws(TLSError) -> HandshakeSignatureVerified {
        // RFC 9846 §4.5.2: "If the CertificateVerify message is sent by a server, the signature algorithm MUST be one
        // offered in the client's "signature_algorithms" extension".
        // §4.3.3: the RSASSA-PKCS1-v1_5 values "refer solely to signatures which appear in certificates".
        guard offered.contains(message.algorithm), message.algorithm.isAllowed(by: signer) else {
            throw .peerMisbehaved(.signatureSchemeNotOffered)
        }
        // §4.5.1.2: "the digitalSignature bit MUST be set if the Key Usage extension is present".
        guard peer.certificates.first?.keyUsage?.contains(.digitalSignature) ?? true else {
            throw .peerMisbehaved(.keyNotForSigning)
        }
        let key = try publicKey(of: peer)
        // §4.5.2: "the signature algorithm MUST be compatible with the key in the sender's end-entity certificate".
        guard message.algorithm.fits(key.algorithm), let algorithm = message.algorithm.algorithm else {
            throw .peerMisbehaved(.signatureSchemeUnfitForKey)
        }
        // §4.5.2: "If the verification fails, the receiver MUST terminate the handshake with a "decrypt_error" alert."
        guard
            key.isValidSignature(
                message.signature.span, over: content(signer, transcriptHash).span, algorithm: algorithm)
        else { throw .peerMisbehaved(.invalidSignature) }
        return HandshakeSignatureVerified()
    }

    private static func publicKey(of peer: ShownCredential) throws(TLSError) -> PublicKey {
        do throws(CryptoError) {
            return try peer.publicKey()
        } catch {
            throw .invalidMessage(.unusableCertificateKey)
        }
    }
}
