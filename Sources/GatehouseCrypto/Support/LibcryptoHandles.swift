internal import CLibcrypto
internal import Synchronization

/// The library context that every call names which takes one: libcrypto's default.
///
/// Whatever comes first sets libcrypto up, without what it would else do at `exit`: free what other threads still use.
/// A process that has used libcrypto before, by itself or through another library, has made that choice already.
enum LibraryContext {
    nonisolated(unsafe) static let shared: OpaquePointer? = {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        return nil
    }()
}

/// Owns an `EVP_PKEY`. libcrypto overwrites private keys when they are freed.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }
}

/// Owns an `EVP_PKEY_CTX`: an operation on keys, set up to be used again and again, but by one thread at a time.
final class KeyContext: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_CTX_free(pointer)
    }
}

/// Objects that are costly to set up and that one thread at a time can use. There come to be as many as were ever in
/// use at the same time.
final class Pool<Element: Sendable>: Sendable {
    private let idle = Mutex<[Element]>([])

    /// Lends an idle element that `isWanted` agrees to, or a new one that `make` makes, to `body`.
    func with<R: ~Copyable>(
        where isWanted: (Element) -> Bool = { _ in true }, make: () throws(CryptoError) -> Element,
        _ body: (Element) throws(CryptoError) -> R
    ) throws(CryptoError) -> R {
        let element = if let element = take(where: isWanted) { element } else { try make() }
        defer { idle.withLock { $0.append(element) } }
        return try body(element)
    }

    private func take(where isWanted: (Element) -> Bool) -> Element? {
        idle.withLock { idle in
            idle.lastIndex(where: isWanted).map { idle.remove(at: $0) }
        }
    }
}
