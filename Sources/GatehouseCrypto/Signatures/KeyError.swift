/// Why a private key could not be loaded or made.
public enum KeyError: Error, Sendable, Hashable {
    /// The bytes are not a private key in a form that is known here, or only a part of one.
    case notAKey
    /// The bytes are a certificate.
    case certificate
    /// The bytes are a public key.
    case publicKey
    /// The key is encrypted, and no passphrase was given.
    case passphraseRequired
    /// The key is encrypted, and does not decrypt with the passphrase.
    case wrongPassphrase
    /// It is a key, but no kind that can sign in TLS 1.3; with the name that libcrypto has for it.
    case unsupportedAlgorithm(String)
    /// The key's numbers do not belong together: what it signs does not verify.
    case inconsistent
}

extension KeyError: CustomStringConvertible {
    /// One sentence for the person who gave the key.
    public var description: String {
        switch self {
        case .notAKey: "this is not a private key in PKCS#8, PKCS#1 or SEC1 form, or it is damaged"
        case .certificate: "this is a certificate, not a private key"
        case .publicKey: "this is a public key, not a private key"
        case .passphraseRequired: "the private key is encrypted: a passphrase is needed"
        case .wrongPassphrase: "the passphrase for the private key is wrong, or the key is damaged"
        case .unsupportedAlgorithm(let name): "a private key of the kind \(name) cannot sign in TLS 1.3"
        case .inconsistent: "the private key is damaged: its parts do not belong together"
        }
    }
}
