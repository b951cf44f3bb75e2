internal import CLibcrypto

/// A key in libcrypto with the contexts that sign and check signatures with it.
final class SignatureKey: Sendable {
    let handle: KeyHandle
    let algorithm: KeyAlgorithm
    private let contexts = Pool<SignatureContext>()

    init(_ handle: KeyHandle, _ algorithm: KeyAlgorithm) {
        self.handle = handle
        self.algorithm = algorithm
    }

    /// - Throws: `unsupportedAlgorithm` when the key cannot make such signatures.
    func sign(_ message: Span<UInt8>, _ algorithm: SignatureAlgorithm) throws(CryptoError) -> [UInt8] {
        guard algorithm.suits(self.algorithm) else { throw .unsupportedAlgorithm }
        return try with(.sign, algorithm) { context throws(CryptoError) in try context.sign(message) }
    }

    /// False also when the key cannot make such signatures.
    func isValid(_ signature: Span<UInt8>, of message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> Bool {
        guard algorithm.suits(self.algorithm) else { return false }
        let isValid = try? with(.verify, algorithm) { context throws(CryptoError) in
            context.isValid(signature, of: message)
        }
        return isValid ?? false
    }

    /// Whether the key can make such signatures; an RSASSA-PSS key may be restricted to others.
    func allows(_ algorithm: SignatureAlgorithm) -> Bool {
        guard algorithm.suits(self.algorithm) else { return false }
        let context = try? with(.sign, algorithm) { (_) throws(CryptoError) in true }
        return context ?? false
    }

    private func with<R>(
        _ operation: SignatureContext.Operation, _ algorithm: SignatureAlgorithm,
        _ body: (SignatureContext) throws(CryptoError) -> R
    ) throws(CryptoError) -> R {
        try contexts.with(
            where: { $0.operation == operation && $0.algorithm == algorithm },
            make: { () throws(CryptoError) in try SignatureContext(operation, algorithm, handle) },
            body)
    }
}
