public import GatehouseCertificates
public import GatehouseCrypto
public import GatehouseTLS

/// A certificate (RFC 5280).
public typealias SSLCertificate = Certificate
/// A private key.
public typealias SSLKey = PrivateKey
/// A cipher suite.
public typealias SSLCipher = CipherSuite
