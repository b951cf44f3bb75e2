import GatehouseCrypto

/// What is kept of a first ClientHello, to check the second by: little, whatever the client sent.
struct FirstClientHello: Sendable, Equatable {
    /// The hash of all that must be the same again.
    let digest: [UInt8]
    /// The extensions that must be there again, to name one that is lost; the first `Limits.listEntries` of them.
    let extensions: [ExtensionType]
    /// The hashes of the identities that are looked at, in their order.
    let identities: [[UInt8]]
    /// How many identities there were.
    let identityCount: Int

    init(_ hello: ClientHello) {
        digest = HelloRetryRules.digest(hello)
        extensions = HelloRetryRules.unchangeableExtensions(hello).prefix(Limits.listEntries).map { $0 }
        identities = HelloRetryRules.identities(hello)
        identityCount = hello.preSharedKeys?.identityCount ?? 0
    }

    init(digest: [UInt8], extensions: [ExtensionType], identities: [[UInt8]], identityCount: Int) {
        self.digest = digest
        self.extensions = extensions
        self.identities = identities
        self.identityCount = identityCount
    }
}
