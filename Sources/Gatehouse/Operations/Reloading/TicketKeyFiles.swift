import GatehouseSystem
import GatehouseTLS

/// Ticket keys as nginx keeps them (`ssl_session_ticket_key`): a file of random bytes, a name of 16 followed by two
/// keys of 16 bytes (48 in all) or of 32 (80 in all).
///
/// The name stands in every ticket. What follows is one secret to us, from which a key is derived for each ticket; so
/// the files can be shared between servers of this kind, and tickets of other software are not understood.
enum TicketKeyFiles {
    static let lengths: Set<Int> = [48, 80]

    /// The keys of these files: the first seals, all open.
    static func keys(_ files: [(path: String, contents: [UInt8])]) throws -> TicketKeys {
        var keys: [(name: [UInt8], key: [UInt8])] = []
        defer { for index in keys.indices { wipe(&keys[index].key) } }
        for (path, contents) in files {
            guard lengths.contains(contents.count) else {
                throw SocketFailure(
                    .sslInvalidUserData, "\(path): a ticket key has 48 or 80 bytes, this file \(contents.count)")
            }
            let name = Array(contents.prefix(TicketKeys.nameLength))
            // Two keys with one name: the second would never be found.
            guard !keys.contains(where: { $0.name == name }) else {
                throw SocketFailure(.sslInvalidUserData, "\(path): another ticket key has the same name")
            }
            keys.append((name, Array(contents.dropFirst(TicketKeys.nameLength))))
        }
        do throws(ConfigurationError) {
            return try TicketKeys(sharing: keys)
        } catch {
            throw SocketFailure(error)
        }
    }
}
