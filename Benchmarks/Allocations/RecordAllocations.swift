import GatehouseCrypto
import GatehouseTLS

/// What one end allocates for the records of an established connection.
struct RecordAllocations {
    let suite: CipherSuite
    let padding: String
    let sender: Role
    /// The plaintext of one call of `send`, in bytes; more than 16384 make several records.
    let size: Int
    let sending: Int
    let receiving: Int

    /// The plaintexts that are sent, in bytes.
    static let sizes = [1, 100, 1400, 16_384, 50_000]
    static let paddings: [(name: String, padding: RecordPadding)] = [
        ("none", .none), ("256", .toMultiple(of: 256)), ("full", .full),
    ]
    private static let rounds = 50

    /// Every suite, padding, direction and size, each many times on a connection that has been used before.
    static func measure() throws -> [RecordAllocations] {
        var results: [RecordAllocations] = []
        for suite in CipherSuite.supported {
            for (name, padding) in paddings {
                let pair = try Pair(suite, padding)
                for (role, size) in Role.allCases.flatMap({ role in sizes.map { (role, $0) } }) {
                    let plaintext = [UInt8](repeating: 7, count: size)
                    // The first use makes room in the arrays.
                    _ = try pair.allocations(sending: plaintext, from: role)
                    var (sending, receiving) = (0, 0)
                    for _ in 0..<rounds {
                        let counts = try pair.allocations(sending: plaintext, from: role)
                        sending += counts.sending
                        receiving += counts.receiving
                    }
                    results.append(
                        RecordAllocations(
                            suite: suite, padding: name, sender: role, size: size, sending: sending,
                            receiving: receiving))
                }
            }
        }
        return results
    }
}

extension Pair {
    /// Two ends that know a key, which is all that records need.
    fileprivate convenience init(_ suite: CipherSuite, _ padding: RecordPadding) throws {
        let hash: HashAlgorithm = suite == .aes256GCMSHA384 ? .sha384 : .sha256
        let key = try PreSharedKey(
            identity: Array("allocations".utf8), key: [UInt8](repeating: 9, count: 32), hash: hash)
        var client = ClientConfiguration(verification: .asksForVerdict)
        client.preSharedKeys = [key]
        client.recordPadding = padding
        var server = ServerConfiguration.requiringPreSharedKey([key])
        server.cipherSuites = [suite]
        server.recordPadding = padding
        try self.init(client, server, serverName: nil, now: 0)
    }
}
