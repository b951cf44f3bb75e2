import Glibc

/// Names to addresses, by the system's resolver.
package enum NameResolution {
    /// A name without an address, with the resolver's reason.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let host: String
        package let reason: String

        package var description: String { "cannot find \(host): \(reason)" }
    }

    /// Looks a name up, or reads a textual address. It waits for the resolver: never call it on a loop's thread.
    package static func addresses(of host: String) throws(Failure) -> [HostAddress] {
        if let address = HostAddress(host) { return [address] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, nil, &hints, &list)
        guard result == 0 else { throw Failure(host: host, reason: String(cString: gai_strerror(result))) }
        // The list is the resolver's until it is freed, and ends with a null pointer.
        defer { freeaddrinfo(list) }
        var addresses: [HostAddress] = []
        var next = list
        while let entry = next {
            if let pointer = entry.pointee.ai_addr {
                let length = Int(entry.pointee.ai_addrlen)
                let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
                if let endpoint = SocketAddressStorage(copying: bytes).endpoint { addresses.append(endpoint.address) }
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
