internal import CLibcrypto

/// What a cryptographic operation can fail with.
public enum CryptoError: Error, Sendable, Hashable {
    /// The ciphertext, its tag, the nonce or the additional data is not what was sealed with this key.
    case authenticationFailed
    /// The peer's key share has the wrong length or form, is not on the curve, or yields an all-zero secret.
    case invalidKeyShare
    /// This group is not known here, or libcrypto does not have it.
    case unsupportedGroup
    /// libcrypto does not have the algorithm, or it does not fit the key.
    case unsupportedAlgorithm
    /// The bytes of a key have the wrong length or are out of range.
    case invalidKey
    /// libcrypto failed where no input explains it, with the code of its first error.
    case libraryFailure(code: UInt)

    /// The oldest error in libcrypto's queue for this thread, which is emptied.
    static func library() -> CryptoError {
        let code = ERR_peek_error()
        ERR_clear_error()
        return .libraryFailure(code: UInt(code))
    }

    /// Returns this error; libcrypto's queue for this thread is emptied, so that a later caller does not find the
    /// failure of this one in it.
    func clearingQueue() -> CryptoError {
        ERR_clear_error()
        return self
    }
}

extension CryptoError: CustomStringConvertible {
    /// One sentence.
    public var description: String {
        switch self {
        case .authenticationFailed: "the ciphertext is not authentic"
        case .invalidKeyShare: "the key share is not valid"
        case .unsupportedGroup: "the group is not supported"
        case .unsupportedAlgorithm: "the algorithm is not supported or does not fit the key"
        case .invalidKey: "the key is not valid"
        case .libraryFailure(let code): "libcrypto failed with error \(String(code, radix: 16))"
        }
    }
}
