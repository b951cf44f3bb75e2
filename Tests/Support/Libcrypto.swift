import Glibc

/// The libcrypto that this process runs with. Its functions are looked up in the process, so that tests need no header
/// of it.
public enum Libcrypto {
    /// Since version 3.5 there are ML-KEM and ML-DSA.
    public static let hasPostQuantum = version >= 0x3050_0000

    /// Says why a test does not run.
    public static let tooOld = "libcrypto is older than 3.5: it has neither ML-KEM nor ML-DSA"

    /// The version as `OPENSSL_VERSION_NUMBER` writes it: 0xMNN00PP0.
    private static let version: UInt = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "OpenSSL_version_num") else { return 0 }
        return unsafeBitCast(symbol, to: (@convention(c) () -> UInt).self)()
    }()
}
