import Glibc

/// The C form of an endpoint.
struct SocketAddressStorage {
    private(set) var storage = sockaddr_storage()
    private(set) var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// Room for the system to write an address into.
    init() {}

    /// A copy of an address of the system's; what is longer than every known family is cut.
    init(copying bytes: UnsafeRawBufferPointer) {
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes.prefix($0.count)) }
    }

    /// The endpoint for `bind` or `connect`. A wildcard becomes the IPv6 wildcard.
    init(_ endpoint: Endpoint) {
        let port = endpoint.port.bigEndian
        switch endpoint.address.storage {
        case .ipv4(let address):
            var four = sockaddr_in()
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port
            four.sin_addr.s_addr = address.bigEndian
            store(four)
        case .any, .ipv6:
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port
            // Both are 16 plain bytes.
            withUnsafeMutableBytes(of: &six.sin6_addr) { $0.copyBytes(from: endpoint.address.bytes) }
            if case .ipv6(_, _, let scope) = endpoint.address.storage { six.sin6_scope_id = scope }
            store(six)
        }
    }

    /// `sockaddr_storage` is at least as large and as aligned as every address family's structure.
    mutating func store<Address>(_ address: Address) {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        length = socklen_t(MemoryLayout<Address>.size)
    }

    /// The endpoint that the system wrote; `nil` for a family other than IPv4 and IPv6.
    var endpoint: Endpoint? {
        withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let four = bytes.load(as: sockaddr_in.self)
                let address = HostAddress(storage: .ipv4(UInt32(bigEndian: four.sin_addr.s_addr)))
                return Endpoint(address: address, port: UInt16(bigEndian: four.sin_port))
            case AF_INET6:
                let six = bytes.load(as: sockaddr_in6.self)
                let address = HostAddress(six.sin6_addr, scope: six.sin6_scope_id)
                return Endpoint(address: address, port: UInt16(bigEndian: six.sin6_port))
            default:
                return nil
            }
        }
    }

    /// Lends the address to a call that reads it.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            // Every address structure starts with the fields of sockaddr.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Lends the storage to a call that fills it.
    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }
}
