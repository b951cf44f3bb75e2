import Gatehouse
import GatehouseSystem
import GatehouseTLS

/// Sessions that outlive the program, as files that are their owner's alone: who has one can pose as the client.
enum SessionFile {
    static func read(_ path: String) throws(UsageError) -> SSLSession {
        let contents = try Settings.contents(of: path)
        do {
            return try SSLSession(importing: contents)
        } catch {
            throw UsageError("\(path): this is no session")
        }
    }

    /// Keeps the last of the tickets that the server gives.
    static func keep(_ socket: SSLSocket, in path: String) {
        socket.newSessionTicketReceived.connect { _, session in
            do {
                try FileSystem.replace(path, with: session.exported())
            } catch {
                Console.complain("gatehouse connect: \(error)\n")
            }
        }
    }
}
