import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

extension Peers {
    /// The records of hellos: plain, with a pre-shared key, and with a ticket and early data.
    fileprivate static func clientHellos() -> [[UInt8]] {
        var hellos: [[UInt8]] = []
        var configuration = clientConfiguration()
        for keys in [[], [preSharedKey]] {
            configuration.preSharedKeys = keys
            var output: [UInt8] = []
            _ = client(configuration, output: &output)
            hellos.append(output)
        }
        return hellos
    }

    /// The plaintext records of servers: a ServerHello and a HelloRetryRequest.
    fileprivate static func serverHellos() -> [[UInt8]] {
        [NamedGroup.x25519, .secp384r1].map { group in
            var hello: [UInt8] = []
            _ = client(plainClientConfiguration(), output: &hello)
            var configuration = serverConfiguration()
            configuration.groups = [group]
            return Script.split(answer(to: hello, configuration)).plaintext
        }
    }

    fileprivate static func exportedSessions() -> [[UInt8]] {
        session().map { [$0.exported()] } ?? []
    }
}

extension FuzzTarget {
    /// Inputs that get far, to begin with.
    var seeds: [[UInt8]] {
        switch self {
        case .server: Peers.clientHellos()
        case .client: Peers.serverHellos()
        case .sessions: Peers.exportedSessions()
        case .serverFlight:
            [
                Self.piece(22, [8, 0, 0, 2, 0, 0])
                    + Self.piece(22, Self.message(13, [0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3]))
                    + Self.piece(22, Self.message(11, Self.certificateBody))
                    + Self.piece(22, Self.message(15, [4, 3, 0, 2, 1, 1]))
                    + Self.piece(22, Self.message(20, [UInt8](repeating: 1, count: 32)))
            ]
        case .clientFlight:
            [
                Self.piece(22, Self.message(11, Self.certificateBody))
                    + Self.piece(22, Self.message(15, [4, 3, 0, 2, 1, 1]))
                    + Self.piece(22, Self.message(20, [UInt8](repeating: 1, count: 32)))
            ]
        case .connected:
            [
                Self.piece(23, [1, 2, 3]) + Self.piece(22, [24, 0, 0, 1, 0]),
                Self.piece(
                    22,
                    Self.message(4, [0, 0, 0, 9, 1, 2, 3, 4, 1, 7, 0, 2, 5, 5, 0, 8, 0, 42, 0, 4, 0, 0, 0, 0]))
                    + Self.piece(21, [1, 0]),
            ]
        default: []
        }
    }

    /// The body of a Certificate message with the good chain.
    private static var certificateBody: [UInt8] {
        let der = Peers.credential.chain[0].der
        let entry = length(der.count) + der + [0, 0]
        return [0] + length(entry.count) + entry
    }

    private static func length(_ count: Int) -> [UInt8] {
        [UInt8(count >> 16), UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
    }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + length(body.count) + body
    }

    private static func piece(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        [type] + length(content.count).dropFirst() + content
    }
}
