import Foundation
import GatehouseSystem

/// How many descriptors this machine's processes hold of connections whose local port this is: those of a server, in a
/// test that runs beside others. A connection that only the kernel still knows has no descriptor.
func openSockets(ofPort port: UInt16) throws -> Int {
    let hexadecimal = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
    var count = 0
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            // Local address and port, remote ones, state, queues, timer, retransmissions, user, timeout, inode.
            guard fields.count > 9, fields[1].hasSuffix(suffix), fields[9] != "0" else { continue }
            // A listening socket, and connections that wait in its queue, are none of it.
            if fields[3] != "0A" { count += 1 }
        }
    }
    return count
}
