/// Where a server's configuration comes from, and comes from again when it changes: files (``ConfigurationFiles``), or
/// any store of certificates and ticket keys.
///
/// Both members are called on a thread of their own, one call at a time: they may wait.
public protocol ConfigurationSource: Sendable {
    /// What changes whenever the configuration may have changed. It is asked for again and again, so it should be
    /// cheap: times of change, a version number, a hash.
    var version: String { get }

    /// Makes the configuration. Throwing leaves the server with the one that it has.
    func configuration() throws -> SSLConfiguration
}
